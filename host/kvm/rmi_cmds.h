// SPDX-License-Identifier: GPL-2.0-or-later
// The SMC gate: one wrapper per RMI command. Results are RmiReturn, a type that converts to no errno (R20); outputs are
// initialised so that a failed call never leaves an undefined address.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "host/port/smc.h"
#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/types.h"

namespace host::kvm {

using abi::v1_0::RmiReturn;
using abi::v1_0::RmiStatus;

constexpr bool ok(RmiReturn r) { return r.status == RmiStatus::kSuccess; }
constexpr bool is_rtt_error(RmiReturn r) { return r.status == RmiStatus::kErrorRtt; }

// Asked before each call; a value is returned instead of making the call.
using SmcFailure = std::function<std::optional<abi::SmcRegs>(const abi::SmcRegs& in)>;

class RmiCmds {
 public:
  // Both references must outlive the object; `failure` may be empty.
  RmiCmds(port::SmcConduit& smc, const SmcFailure& failure) : smc_(smc), failure_(failure) {}

  struct Version {
    RmiReturn result;
    std::uint64_t lower = 0, higher = 0;
  };
  Version rmi_version(std::uint64_t requested);
  struct Value {
    RmiReturn result;
    std::uint64_t value = 0;
  };
  Value rmi_features(std::uint64_t index);
  RmiReturn rmi_granule_delegate(abi::GranulePa granule);
  RmiReturn rmi_granule_undelegate(abi::GranulePa granule);
  RmiReturn rmi_data_create(abi::GranulePa rd, abi::GranulePa data, abi::Ipa ipa, abi::GranulePa src,
                            std::uint64_t flags);
  RmiReturn rmi_data_create_unknown(abi::GranulePa rd, abi::GranulePa data, abi::Ipa ipa);
  struct Destroyed {
    RmiReturn result;
    abi::GranulePa granule;  // valid on success
    abi::Ipa top;            // where the next live entry may be; the given IPA when the call says nothing
  };
  Destroyed rmi_data_destroy(abi::GranulePa rd, abi::Ipa ipa);
  RmiReturn rmi_realm_activate(abi::GranulePa rd);
  RmiReturn rmi_realm_create(abi::GranulePa rd, abi::GranulePa params);
  RmiReturn rmi_realm_destroy(abi::GranulePa rd);
  Value rmi_rec_aux_count(abi::GranulePa rd);
  RmiReturn rmi_rec_create(abi::GranulePa rd, abi::GranulePa rec, abi::GranulePa params);
  RmiReturn rmi_rec_destroy(abi::GranulePa rec);
  RmiReturn rmi_rec_enter(abi::GranulePa rec, abi::GranulePa run);
  RmiReturn rmi_rtt_create(abi::GranulePa rd, abi::GranulePa rtt, abi::Ipa ipa, int level);
  Destroyed rmi_rtt_destroy(abi::GranulePa rd, abi::Ipa ipa, int level);
  Destroyed rmi_rtt_fold(abi::GranulePa rd, abi::Ipa ipa, int level);
  RmiReturn rmi_rtt_map_unprotected(abi::GranulePa rd, abi::Ipa ipa, int level, std::uint64_t desc);
  struct Progress {
    RmiReturn result;
    abi::Ipa top;  // the given base when the call says nothing
  };
  Progress rmi_rtt_unmap_unprotected(abi::GranulePa rd, abi::Ipa ipa, int level);
  Progress rmi_rtt_init_ripas(abi::GranulePa rd, abi::Ipa base, abi::Ipa top);
  Progress rmi_rtt_set_ripas(abi::GranulePa rd, abi::GranulePa rec, abi::Ipa base, abi::Ipa top);
  struct Entry {
    RmiReturn result;
    std::uint64_t walk_level = 0, state = 0, desc = 0, ripas = 0;
  };
  Entry rmi_rtt_read_entry(abi::GranulePa rd, abi::Ipa ipa, int level);
  RmiReturn rmi_psci_complete(abi::GranulePa calling_rec, abi::GranulePa target_rec, abi::v1_0::PsciStatus status);

 private:
  abi::SmcRegs invoke(std::uint32_t fid, std::uint64_t a1 = 0, std::uint64_t a2 = 0, std::uint64_t a3 = 0,
                      std::uint64_t a4 = 0, std::uint64_t a5 = 0);
  port::SmcConduit& smc_;
  const SmcFailure& failure_;
};

}  // namespace host::kvm
