// SPDX-License-Identifier: GPL-2.0-or-later
// The Realm Management Monitor as firmware sees it: SMC registers in, SMC registers out.
#pragma once

#include "rmm/abi/smc.h"
#include "rmm/call/call.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/pe.h"
#include "rmm/port/platform.h"

namespace rmm {

// Holds no state of its own: everything the monitor remembers is in `state`, which may be copied and restored between
// commands.
class Monitor {
 public:
  // `state.granules` must cover the platform's banks; everything else starts empty (see boot_state).
  Monitor(const port::Platform& platform, const core::Limits& limits, core::MonitorState& state);

  // The state of a monitor that has just booted: all granules UNDELEGATED.
  static core::MonitorState boot_state(port::Gpt& gpt);

  // Executes one RMI command that arrived on `pe`. Blocks as long as the command takes; RMI_REC_ENTER returns at the
  // REC exit. Unknown function ids answer NOT_SUPPORTED.
  abi::SmcRegs rmi(port::Pe& pe, const abi::SmcRegs& regs);

  const core::Limits& limits() const { return limits_; }
  void set_observer(port::Observer* observer) { platform_.observer = observer; }
  call::Switches& switches() { return switches_; }

 private:
  port::Platform platform_;
  core::Limits limits_;
  core::MonitorState& state_;
  call::Switches switches_;
};

}  // namespace rmm
