// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/wfx.h"

#include "rmm/abi/arch/esr.h"
#include "rmm/run/exit.h"

namespace rmm::run {

Next trapped_wfx(Context& c, const abi::Exception& e) {
  // The realm goes on behind the instruction: the host decides how long it waits before the next entry.
  advance_pc(c.cpu);
  const auto kind = static_cast<abi::esr::Wfx>(e.esr & 3);
  const bool for_event = kind == abi::esr::Wfx::kWfe || kind == abi::esr::Wfx::kWfet;
  const bool wanted = for_event ? c.controls.trap_wfe : c.controls.trap_wfi;
  // A wait may end at any time, so an unwanted trap is a wait that ended at once.
  return wanted ? exit_wfx(c, e) : Next::kResume;
}

}  // namespace rmm::run
