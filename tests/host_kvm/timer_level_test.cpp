// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/arch_timer.h"
#include "tests/host_kvm/vgic_bench.h"

using namespace host::kvm;
using vgic_bench::Bench;

namespace {

constexpr std::uint64_t kOn = abi::kTimerEnable, kMasked = abi::kTimerEnable | abi::kTimerImask;
constexpr std::uint64_t kMet = abi::kTimerIstatus;

struct TimerBench : Bench {
  TimerBench() : Bench(2) {
    enable(kVtimerIntid, 0xa0, 1);
    enable(kPtimerIntid, 0xa0, 1);
  }
  bool line(std::uint32_t intid) { return state.cpus[1].private_irqs[intid].line_level; }
  void exit_with(const TimerRegisters& registers) { kvm_timer_update_from_exit(timers, vgic, 1, registers); }
  VcpuTimers timers;
};

}  // namespace

TEST_CASE("timer: the level is status, enabled and not masked, for each timer by itself") {
  TimerBench b;
  for (std::uint64_t ctl = 0; ctl < 8; ++ctl) {
    b.exit_with({.cntv_ctl = ctl, .cntv_cval = 5, .cntp_ctl = 0, .cntp_cval = 0});
    CHECK(b.line(kVtimerIntid) == (ctl == (kOn | kMet)));
    CHECK_FALSE(b.line(kPtimerIntid));
    b.exit_with({.cntv_ctl = 0, .cntv_cval = 0, .cntp_ctl = ctl, .cntp_cval = 5});
    CHECK(b.line(kPtimerIntid) == (ctl == (kOn | kMet)));
    CHECK_FALSE(b.line(kVtimerIntid));
    CHECK_FALSE(b.state.cpus[0].private_irqs[kVtimerIntid].line_level);
  }
}

TEST_CASE("timer: only a change is injected") {
  TimerBench b;
  b.exit_with({.cntv_ctl = kOn | kMet});
  const unsigned acquired = b.sync.acquired;
  b.exit_with({.cntv_ctl = kOn | kMet});
  CHECK(b.sync.acquired == acquired);
  b.exit_with({.cntv_ctl = kOn});
  CHECK(b.sync.acquired == acquired + 1);
}

TEST_CASE("timer: a handler that moves the compare value is not called again; one that does not is") {
  TimerBench b;
  b.exit_with({.cntv_ctl = kOn | kMet});
  CHECK_FALSE(kvm_timer_irq_unmasked(b.timers.virt));
  CHECK(kvm_timer_irq_unmasked(b.timers.phys));
  CHECK(b.take(1) == kVtimerIntid);
  b.end(kVtimerIntid, 1);
  REQUIRE(b.take(1) == kVtimerIntid);
  b.exit_with({.cntv_ctl = kOn, .cntv_cval = 1000});
  b.end(kVtimerIntid, 1);
  CHECK(b.take(1) == abi::gic::kSpurious);
  CHECK(kvm_timer_irq_unmasked(b.timers.virt));
}

TEST_CASE("timer: the deadline is the first count at which an enabled, unmasked, unasserted timer is met") {
  TimerBench b;
  CHECK_FALSE(kvm_timer_earliest(b.timers));
  b.exit_with({.cntv_ctl = kOn, .cntv_cval = 100, .cntp_ctl = kMasked, .cntp_cval = 50});
  CHECK(kvm_timer_earliest(b.timers) == 1600);
  b.exit_with({.cntv_ctl = kOn, .cntv_cval = 100, .cntp_ctl = kOn, .cntp_cval = 50});
  CHECK(kvm_timer_earliest(b.timers) == 800);
  b.exit_with({.cntv_ctl = 0, .cntv_cval = 100, .cntp_ctl = kOn, .cntp_cval = 50});
  CHECK(kvm_timer_earliest(b.timers) == 800);
  b.exit_with({.cntv_ctl = kOn, .cntv_cval = ~0ULL, .cntp_ctl = 0, .cntp_cval = 0});
  CHECK_FALSE(kvm_timer_earliest(b.timers));  // beyond the end of time
  b.exit_with({.cntv_ctl = kOn | kMet, .cntv_cval = 1, .cntp_ctl = kOn, .cntp_cval = 9});
  CHECK(kvm_timer_earliest(b.timers) == 144);  // the asserted one has woken already
}

TEST_CASE("timer: a blocked vCPU's timer fires at its deadline and not a nanosecond before") {
  TimerBench b;
  b.enter(1);
  b.leave(1);
  b.exit_with({.cntv_ctl = kOn, .cntv_cval = 100, .cntp_ctl = kOn, .cntp_cval = 200});
  kvm_timer_update_blocked(b.timers, b.vgic, 1, 1599);
  CHECK_FALSE(b.vgic.kvm_vgic_vcpu_pending_irq(1));
  kvm_timer_update_blocked(b.timers, b.vgic, 1, 1600);
  CHECK(b.vgic.kvm_vgic_vcpu_pending_irq(1));
  CHECK(b.kicked.contains(1));
  CHECK(b.timers.virt.ctl == (kOn | kMet));
  CHECK(kvm_timer_earliest(b.timers) == 3200);
  CHECK(b.take(1) == kVtimerIntid);
}

TEST_CASE("timer: reset turns both off and lowers their lines") {
  TimerBench b;
  b.exit_with({.cntv_ctl = kOn | kMet, .cntv_cval = 0, .cntp_ctl = kOn | kMet, .cntp_cval = 0});
  kvm_timer_vcpu_reset(b.timers, b.vgic, 1);
  CHECK_FALSE(b.line(kVtimerIntid));
  CHECK_FALSE(b.line(kPtimerIntid));
  CHECK_FALSE(kvm_timer_earliest(b.timers));
  CHECK(b.take(1) == abi::gic::kSpurious);
}
