// SPDX-License-Identifier: GPL-2.0-or-later
// I13 and I17 under --check: what the monitor changed, and what TLBs that forget only by its invalidations still hold
// (sim/mmu/shadow_tlb.h).
#pragma once

#include <cstdint>
#include <map>

#include "rmm/check/findings.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/observer.h"
#include "sim/mmu/shadow_tlb.h"

namespace sim::app {

class TranslationChecks : public rmm::port::Observer {
 public:
  TranslationChecks(const ShadowTlb& tlb, const rmm::core::MonitorState& state, rmm::check::Findings& findings)
      : tlb_(tlb), state_(state), findings_(findings) {}

  // A walk found something else than what is held.
  void walked(const StaleTranslation& stale);
  void rtt_write(const rmm::port::RttWrite& event) override;
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override;

 private:
  const rmm::core::Realm* find(abi::Pa rd) const;

  const ShadowTlb& tlb_;
  const rmm::core::MonitorState& state_;
  rmm::check::Findings& findings_;
  std::map<std::uint64_t, abi::Vmid> vmids_;  // by RD: a realm that is gone has none any more
};

}  // namespace sim::app
