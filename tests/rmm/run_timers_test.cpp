// SPDX-License-Identifier: GPL-2.0-or-later
// The realm's timers as the host learns of them (A6.2, D9).
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

constexpr std::uint64_t kIdle = abi::kTimerEnable;
constexpr std::uint64_t kFired = abi::kTimerEnable | abi::kTimerIstatus;

// What the realm does: sets CNTV_CTL to `ctl`, then asks for the PSCI version.
Cpu::Act write_and_call(std::uint64_t ctl) {
  return [ctl](Cpu& c) {
    c.set_sysreg(SysReg::kCntvCtlEl0, ctl);
    c.set_x(0, v1_0::kPsciVersion);
    return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
  };
}

}  // namespace

TEST_CASE("A6.2 exit values: an exit shows both timers", "[easily-skipped]") {
  Bench b;
  b.cpu().set_sysreg(SysReg::kCntvCtlEl0, kFired);
  b.cpu().set_sysreg(SysReg::kCntvCvalEl0, 11);
  b.cpu().set_sysreg(SysReg::kCntpCtlEl0, kIdle);
  b.cpu().set_sysreg(SysReg::kCntpCvalEl0, 22);
  b.enter();
  CHECK(b.exit.cntv_ctl == kFired);
  CHECK(b.exit.cntv_cval == 11);
  CHECK(b.exit.cntp_ctl == kIdle);
  CHECK(b.exit.cntp_cval == 22);
}

TEST_CASE("a timer that has fired since the last exit exits before the realm runs, once") {
  for (const SysReg ctl : {SysReg::kCntvCtlEl0, SysReg::kCntpCtlEl0}) {
    Bench b;
    b.cpu().set_sysreg(ctl, kFired);
    CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
    CHECK(b.cpu().runs == 0);
    b.enter();
    CHECK(b.cpu().runs == 1);
  }
}

TEST_CASE("A6.2 masking per timer: one whose output the host has seen is masked while the realm runs, the other is not",
          "[easily-skipped]") {
  for (const bool virtual_timer : {true, false}) {
    Bench b;
    b.cpu().set_sysreg(virtual_timer ? SysReg::kCntvCtlEl0 : SysReg::kCntpCtlEl0, kFired);
    b.enter();
    b.enter();
    CHECK(b.cpu().controls.vtimer_irq == !virtual_timer);
    CHECK(b.cpu().controls.ptimer_irq == virtual_timer);
  }
}

TEST_CASE("a masked or disabled timer has no output") {
  for (const std::uint64_t ctl :
       {std::uint64_t{abi::kTimerIstatus}, kFired | abi::kTimerImask, std::uint64_t{abi::kTimerEnable}}) {
    Bench b;
    b.cpu().set_sysreg(SysReg::kCntvCtlEl0, ctl);
    b.enter();
    CHECK(b.cpu().runs == 1);
    CHECK_FALSE(b.rec().vtimer_shown);
  }
}

TEST_CASE("A6.2 change of the output: noticed at the next exception that the monitor handles", "[easily-skipped][D9]") {
  Bench b;
  b.cpu().set_sysreg(SysReg::kCntvCtlEl0, kFired);
  b.enter();
  b.then(write_and_call(kFired)).then(write_and_call(kIdle)).then(write_and_call(kIdle));
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.cpu().runs == 2);
  CHECK(b.exit.cntv_ctl == kIdle);
  CHECK_FALSE(b.rec().vtimer_shown);
}
