// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/timers.h"

#include "rmm/abi/arch/sysreg.h"

namespace rmm::run {
namespace {

// The timer's output signal: enabled, not masked, condition met.
constexpr bool output(std::uint64_t ctl) {
  return (ctl & (abi::kTimerEnable | abi::kTimerImask | abi::kTimerIstatus)) ==
         (abi::kTimerEnable | abi::kTimerIstatus);
}

}  // namespace

void mask_shown_timers(Context& c) {
  c.controls.vtimer_irq = !c.rec.vtimer_shown;
  c.controls.ptimer_irq = !c.rec.ptimer_shown;
}

bool timer_changed(const Context& c) {
  return output(c.cpu.sysreg(abi::SysReg::kCntvCtlEl0)) != c.rec.vtimer_shown ||
         output(c.cpu.sysreg(abi::SysReg::kCntpCtlEl0)) != c.rec.ptimer_shown;
}

void show_timers(Context& c) {
  c.exit.cntp_ctl = c.cpu.sysreg(abi::SysReg::kCntpCtlEl0);
  c.exit.cntp_cval = c.cpu.sysreg(abi::SysReg::kCntpCvalEl0);
  c.exit.cntv_ctl = c.cpu.sysreg(abi::SysReg::kCntvCtlEl0);
  c.exit.cntv_cval = c.cpu.sysreg(abi::SysReg::kCntvCvalEl0);
  c.rec.ptimer_shown = output(c.exit.cntp_ctl);
  c.rec.vtimer_shown = output(c.exit.cntv_ctl);
}

}  // namespace rmm::run
