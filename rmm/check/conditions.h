// SPDX-License-Identifier: GPL-2.0-or-later
// I23, the second half: a failing RMI command reports a condition that is true and that no other true one precedes; a
// succeeding one has none. Judged from outside for conditions that arguments and locked granules decide: alignment,
// existence, granule state, realm state.
#pragma once

#include <optional>
#include <string_view>

#include "rmm/call/command.h"
#include "rmm/check/findings.h"
#include "rmm/check/progress.h"
#include "rmm/core/monitor_state.h"

namespace rmm::check {

class Conditions {
 public:
  explicit Conditions(const core::MonitorState& state) : state_(state) {}

  // `reported`: the condition's id; empty on success.
  void judge(Findings& findings, const RmiProgress& command, std::string_view reported) const;

 private:
  std::optional<bool> holds(const call::Command& row, const RmiProgress& command, std::string_view id) const;

  const core::MonitorState& state_;
};

}  // namespace rmm::check
