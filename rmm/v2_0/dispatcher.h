// SPDX-License-Identifier: GPL-2.0-or-later
// The table of 2.0-bet1 and what dispatches by it. No machine has one: tests do.
#pragma once

#include <span>

#include "rmm/v2_0/commands.h"

namespace rmm::v2_0 {

// A monitor that speaks 2.0-bet1, over the same state, limits and platform as one of 1.0. Where both act on one state,
// which a real monitor never does, 2.0's commands see what 1.0's made.
class Dispatcher {
 public:
  Dispatcher(const port::Platform& platform, const core::Limits& limits, core::MonitorState& state)
      : platform_(platform), limits_(limits), state_(state) {}

  // Every command, in ascending order of function id.
  static std::span<const Row* const> rows();

  // Executes one RMI command that arrived on `pe`. An id outside the table answers NOT_SUPPORTED (-1), condition
  // _unknown_fid.
  abi::SmcRegs rmi(port::Pe& pe, const abi::SmcRegs& regs);

 private:
  port::Platform platform_;
  core::Limits limits_;
  core::MonitorState& state_;
  call::Switches switches_;
};

}  // namespace rmm::v2_0
