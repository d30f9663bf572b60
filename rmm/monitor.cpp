// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/monitor.h"

#include "rmm/v1_0/table.h"

namespace rmm {

Monitor::Monitor(const port::Platform& platform, const core::Limits& limits, core::MonitorState& state)
    : platform_(platform), limits_(limits), state_(state) {}

core::MonitorState Monitor::boot_state(port::Gpt& gpt) {
  core::MonitorState state;
  state.granules = core::GranuleTable(gpt.banks());
  return state;
}

abi::SmcRegs Monitor::rmi(port::Pe& pe, const abi::SmcRegs& regs) {
  return v1_0::dispatch_rmi({platform_, state_, limits_, switches_}, pe, regs);
}

}  // namespace rmm
