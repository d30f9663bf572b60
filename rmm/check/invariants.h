// SPDX-License-Identifier: GPL-2.0-or-later
// The observer behind --check. Ids: docs/invariants.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rmm/check/findings.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/observer.h"
#include "rmm/port/platform.h"

namespace rmm::check {

class Invariants : public port::Observer {
 public:
  // Observes the monitor that acts on `state` behind `platform`; writes to `findings`.
  Invariants(port::Platform& platform, core::MonitorState& state, Findings& findings)
      : platform_(platform), state_(state), findings_(findings) {}

  void command_begin(const port::CommandBegin& event) override;
  void command_end(const port::CommandEnd& event) override;
  void granule_transition(const port::GranuleTransition& event) override;
  void rtt_write(const port::RttWrite& event) override;
  void ripas_change(const port::RipasChange& event) override;
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override;
  void rec_exit(const port::RecExitEvent& event) override;
  void ns_read(abi::Pa pa, std::uint64_t size) override;
  // Everything at once; at the end of a run. Precondition: no command is in progress.
  void sweep();

 private:
  struct CommandInProgress {
    std::string_view name;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ns_reads;  // base, size
  };
  const core::Realm* realm_of(abi::Pa rd) const;
  const CommandInProgress* command_of_self() const;

  port::Platform& platform_;
  core::MonitorState& state_;
  Findings& findings_;
  std::map<std::uint16_t, CommandInProgress> commands_;     // by actor
  std::map<std::uint64_t, core::Measurement> frozen_rims_;  // by RD, once active
  bool sweep_due_ = false;
};

}  // namespace rmm::check
