// SPDX-License-Identifier: GPL-2.0-or-later
// I25: locks are taken in an order that excludes deadlock, none is held when a command returns or while a realm runs,
// and a command's work is bounded.
//
// The order (rmm/core/granule.h): the granules that a command names in ascending PA; below an RD or REC the granules
// that it owns (RTT, DATA, REC_AUX), one at a time; below those, and below the lock of the VMIDs, nothing.
#pragma once

#include <string_view>

#include "rmm/check/findings.h"
#include "rmm/check/progress.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/sync.h"

namespace rmm::check {

class LockRules {
 public:
  LockRules(const core::MonitorState& state, Findings& findings) : state_(state), findings_(findings) {}

  void wanted(const ActorProgress& actor, const port::Lock& lock, const port::Step& step);
  void taken(ActorProgress& actor, const port::Lock& lock, const port::Step& step);
  void released(ActorProgress& actor, const port::Lock& lock);
  // `when`: "when RMI_RTT_CREATE returned"
  void expect_none(const ActorProgress& actor, std::string_view when, std::string_view command);
  void expect_bounded(std::uint64_t work, std::string_view command);

  // True for the lock of the granule that the step names.
  bool is_granule_lock(const port::Lock& lock, const port::Step& step) const;

 private:
  const core::MonitorState& state_;
  Findings& findings_;
};

}  // namespace rmm::check
