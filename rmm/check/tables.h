// SPDX-License-Identifier: GPL-2.0-or-later
// What RTT writes say about whole trees, entry by entry and so at each command (I2, I6, I8, I11); the sweep looks at
// the trees themselves.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "rmm/check/findings.h"
#include "rmm/core/monitor_state.h"
#include "rmm/core/rtt_entry.h"
#include "rmm/port/observer.h"
#include "rmm/port/platform.h"

namespace rmm::check {

class Tables {
 public:
  Tables(port::Platform& platform, const core::MonitorState& state, Findings& findings)
      : platform_(platform), state_(state), findings_(findings) {}

  void transition(const port::GranuleTransition& event);
  // An entry was written; `before` and `after` are decoded from the event.
  void entry_written(const port::RttWrite& event, const core::RttEntry& before, const core::RttEntry& after);
  // I6, once the command has let go of the RD.
  void expect_references(abi::GranulePa table);
  void forget();

 private:
  std::uint16_t count(abi::GranulePa table, int level) const;
  void linked(const port::RttWrite& event, abi::GranulePa child);
  void mapped(const port::RttWrite& event, abi::Pa address);

  port::Platform& platform_;
  const core::MonitorState& state_;
  Findings& findings_;
  std::unordered_map<std::uint64_t, std::uint16_t> references_;  // by frame of an RTT
  std::unordered_map<std::uint64_t, std::uint64_t> parents_;     // frame of an RTT: PA of its TABLE entry
  std::unordered_map<std::uint64_t, std::uint64_t> mappings_;    // frame of a DATA granule: IPA
};

}  // namespace rmm::check
