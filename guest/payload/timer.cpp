// SPDX-License-Identifier: GPL-2.0-or-later
// The timers of a PE through the physical GIC: at EL2, masked, as the end of WFI, and out of EL1.

#include "guest/runtime/timer.h"
#include "guest/payload/runtime/interrupts.h"
#include "guest/payload/runtime/lower.h"
#include "guest/payload/runtime/registers.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/program.h"

asm(R"(
    .pushsection .text
    .global lower_spin
lower_spin:
    add     x1, x1, #1
    b       lower_spin
    .popsection
)");
extern "C" const char lower_spin[];

namespace {

namespace gic = guest::gic;
constinit guest::Claims claims("timer");

constexpr std::uint64_t kDelay = 10'000;

struct HypervisorTimer {
  static void set_compare(std::uint64_t count) {
    asm volatile("msr cnthp_cval_el2, %0\nisb" : : "r"(count) : "memory");
  }
  static void set_control(std::uint64_t value) { asm volatile("msr cnthp_ctl_el2, %0\nisb" : : "r"(value) : "memory"); }
  static std::uint64_t control() {
    std::uint64_t value = 0;
    asm volatile("mrs %0, cnthp_ctl_el2" : "=r"(value) : : "memory");
    return value;
  }
};

unsigned taken = 0, last = 0;
std::uint64_t status_when_taken = 0;

template <class Timer>
void on_timer() {
  last = gic::acknowledge();
  ++taken;
  status_when_taken = Timer::control();
  Timer::set_control(0);
  if (last != gic::kSpurious) gic::end(last);
}

// One timer with its PPI. `now` is the counter that it compares with.
template <class Timer>
void fires(unsigned intid, std::uint64_t (*now)()) {
  taken = 0;
  gic::enable(intid, 0x80);
  guest::on_irq(on_timer<Timer>);

  const std::uint64_t at = now() + kDelay;
  Timer::set_compare(at);
  Timer::set_control(guest::kTimerEnable);
  claims.check((Timer::control() & guest::kTimerFired) == 0, "a timer that is set has not fired yet");
  while (now() < at) continue;
  claims.check((Timer::control() & guest::kTimerFired) != 0 && gic::is_pending(intid) && taken == 0,
               "at its time it is pending, and not taken while masked");
  guest::unmask_irqs();
  guest::mask_irqs();
  claims.check(taken == 1 && last == intid && (status_when_taken & guest::kTimerFired) != 0, "unmasked it is taken");
  claims.check(!gic::is_pending(intid), "its level falls when the timer stops");

  const std::uint64_t wake = now() + 100 * kDelay;
  Timer::set_compare(wake);
  Timer::set_control(guest::kTimerEnable);
  while (taken == 1) {
    asm volatile("wfi");
    guest::unmask_irqs();
    guest::mask_irqs();
  }
  claims.check(taken == 2 && now() >= wake && now() < wake + 100 * kDelay, "it ends WFI, in time");

  Timer::set_compare(now());
  Timer::set_control(guest::kTimerEnable | guest::kTimerMask);
  while ((Timer::control() & guest::kTimerFired) == 0) continue;
  guest::unmask_irqs();
  guest::mask_irqs();
  claims.check(taken == 2 && !gic::is_pending(intid), "masked in its control register it interrupts nobody");
  Timer::set_control(0);
  gic::disable(intid);
}

// An IRQ that no bit of HCR_EL2 routes to EL2 is for EL1: pending, the end of WFI, never taken at EL2.
void routed() {
  guest::write_hcr(guest::kHcrRw);
  taken = 0;
  gic::enable(gic::kHypervisorTimer, 0x80);
  guest::on_irq(on_timer<HypervisorTimer>);
  HypervisorTimer::set_compare(guest::physical_counter() + kDelay);
  HypervisorTimer::set_control(guest::kTimerEnable);
  asm volatile("wfi");
  guest::unmask_irqs();
  asm volatile("isb");
  guest::mask_irqs();
  claims.check(taken == 0, "without HCR_EL2.IMO an IRQ is not taken at EL2");
  guest::write_hcr(guest::kHcrRw | guest::kHcrTge);
  while (taken == 0) {
    asm volatile("wfi");
    guest::unmask_irqs();
    guest::mask_irqs();
  }
  claims.check(taken == 1, "with TGE it is");
}

void out_of_el1() {
  guest::write_hcr(guest::kHcrRw | guest::kHcrImo);
  taken = 0;
  HypervisorTimer::set_compare(guest::physical_counter() + kDelay);
  HypervisorTimer::set_control(guest::kTimerEnable);
  guest::Lower lower;
  lower.pc = reinterpret_cast<std::uintptr_t>(lower_spin);
  lower.pstate = guest::kAtEl1;  // its mask is not for what EL2 takes
  const std::uint64_t vector = guest::run_lower(&lower);
  claims.check(vector == guest::kLowerIrq && lower.x[1] > 0, "an IRQ out of EL1 takes the vector of a lower level");
  on_timer<HypervisorTimer>();
  claims.check(last == gic::kHypervisorTimer, "and is acknowledged at EL2");
}

void offset() {
  asm volatile("msr cntvoff_el2, %0\nisb" : : "r"(1'000'000ULL));
  const std::uint64_t low = guest::physical_counter(), virtual_count = guest::counter(),
                      high = guest::physical_counter();
  claims.check(low - 1'000'000 <= virtual_count && virtual_count <= high - 1'000'000,
               "CNTVOFF_EL2 lies between the physical and the virtual counter");
  fires<guest::VirtualTimer>(gic::kVirtualTimer, guest::counter);
  asm volatile("msr cntvoff_el2, xzr\nisb");
}

}  // namespace

void first_cpu() {
  guest::use_stage1();
  guest::start_interrupts();
  guest::write_hcr(guest::kHcrRw | guest::kHcrImo);
  fires<HypervisorTimer>(gic::kHypervisorTimer, guest::physical_counter);
  fires<guest::PhysicalTimer>(gic::kPhysicalTimer, guest::physical_counter);
  fires<guest::VirtualTimer>(gic::kVirtualTimer, guest::counter);
  offset();
  routed();
  out_of_el1();
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
