// SPDX-License-Identifier: GPL-2.0-or-later
// Creation and destruction of a REC (DEN0137 A2.3).
#pragma once

#include <array>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/core/granule_locks.h"
#include "rmm/core/realm_lifecycle.h"

namespace rmm::core {

// B3.38 RecIndex of a host-format MPIDR (aff0 3:0, aff1 15:8, aff2 23:16, aff3 31:24).
constexpr std::uint64_t rec_index(std::uint64_t rmi_mpidr) {
  return (rmi_mpidr & 0xf) | ((rmi_mpidr >> 8) & 0xff) << 4 | ((rmi_mpidr >> 16) & 0xff) << 12 |
         ((rmi_mpidr >> 24) & 0xff) << 20;
}
// The same affinity as MPIDR_EL1 shows it (Aff3 in 39:32).
constexpr abi::Mpidr mpidr_el1(std::uint64_t rmi_mpidr) {
  return {(rmi_mpidr & 0xf) | (rmi_mpidr & 0xffff00) | ((rmi_mpidr >> 24) & 0xff) << 32};
}

// B3.37 RecFromMpidr: the realm's REC with this MPIDR, or null.
Rec* rec_from_mpidr(MonitorState& state, const Realm& realm, abi::Mpidr mpidr);

// REC creation as a small machine that is fed with memory: construct when every condition holds, give() as many
// granules as needed() says, then commit(). RMM 1.0 feeds the auxiliary list at once; a donating host could feed it in
// pieces. Until commit() nothing has changed.
class RecCreation {
 public:
  RecCreation(const Context& context, const LockedRealm& realm, const LockedGranule<GranuleState::kDelegated>& rec,
              const abi::v1_0::RecParams& params, unsigned num_aux);
  // Auxiliary granules still missing.
  unsigned needed() const { return num_aux_ - given_; }
  void give(const LockedGranule<GranuleState::kDelegated>& aux);
  // The REC exists: granules change state, its CPU context has the parameters' registers, a runnable REC is measured
  // (D8). Precondition: needed() == 0.
  void commit();

 private:
  Context context_;
  LockedRealm realm_;
  abi::GranulePa rec_;
  const abi::v1_0::RecParams& params_;
  std::array<abi::GranulePa, 16> aux_{};
  unsigned num_aux_;
  unsigned given_ = 0;
};

// Destroys a REC that is not running. Its realm's RD need not be locked: the REC keeps it alive until the last step.
void destroy_rec(const Context& context, const LockedGranule<GranuleState::kRec>& rec);

// Marks a locked REC as running on the calling PE, or no longer (I6: its reference count follows).
void set_rec_state(const Context& context, const LockedGranule<GranuleState::kRec>& rec, RecState state);

}  // namespace rmm::core
