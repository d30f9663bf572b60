// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/loop.h"

#include "rmm/run/exit.h"
#include "rmm/run/pmu.h"
#include "rmm/run/timers.h"
#include "rmm/run/traps.h"
#include "rmm/run/vgic.h"

namespace rmm::run {

bool interrupt_pending(const Context& c) {
  return c.pe.fiq_pending() || c.pe.irq_pending() || maintenance_interrupt(c) || timer_changed(c);
}

namespace {

// Before every return to the realm: an interrupt that the host has to take goes first.
Next host_interrupt(Context& c) {
  if (c.pe.fiq_pending()) return exit_fiq(c);
  return interrupt_pending(c) ? exit_irq(c) : Next::kResume;
}

}  // namespace

void run_until_exit(Context& c) {
  mask_shown_timers(c);
  while (host_interrupt(c) == Next::kResume) {
    mask_shown_pmu(c);
    const abi::Exception e = c.cpu.run(c.pe, c.controls);
    if (handle_exception(c, e) == Next::kExit) return;
  }
}

}  // namespace rmm::run
