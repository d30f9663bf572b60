// SPDX-License-Identifier: GPL-2.0-or-later
// Both timers of every CPU: polled, masked, as an interrupt that ends WFI, in the past; and WFIT where there is one.

#include <atomic>

#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/timer.h"

namespace {

namespace gic = guest::gic;

constinit guest::Claims claims("timer");

constexpr std::int32_t kShort = 2000;  // counts; a count is 16 ns
constexpr std::uint64_t kNever = ~0ULL >> 1;

// What the interrupt handler of each CPU saw last.
struct Seen {
  volatile unsigned virtual_timer, physical_timer;
  volatile std::uint64_t count;
};
Seen seen[guest::kMaxCpus];

void on_timer() {
  const unsigned intid = gic::acknowledge();
  Seen& own = seen[guest::this_cpu()];
  own.count = guest::counter();
  // The line stays high until the timer is off: first that, then the end of the interrupt.
  if (intid == gic::kVirtualTimer) {
    own.virtual_timer = own.virtual_timer + 1;
    guest::VirtualTimer::set_control(0);
  } else if (intid == gic::kPhysicalTimer) {
    own.physical_timer = own.physical_timer + 1;
    guest::PhysicalTimer::set_control(0);
  }
  if (intid != gic::kSpurious) gic::end(intid);
}

// Waits in WFI until `interrupts` has grown. Masked meanwhile, so that no interrupt is lost between test and WFI: one
// that is pending ends WFI all the same.
void wait_for(const volatile unsigned& interrupts, unsigned before) {
  while (interrupts == before) {
    asm volatile("wfi" ::: "memory");
    guest::unmask_irqs();
    guest::mask_irqs();
  }
}

template <class Timer>
void polled() {
  const std::uint64_t start = guest::counter();
  Timer::set_compare(start + kShort);
  Timer::set_control(guest::kTimerEnable | guest::kTimerMask);
  claims.check((Timer::control() & guest::kTimerFired) == 0, "a timer doesn't fire before its time");
  while ((Timer::control() & guest::kTimerFired) == 0) asm volatile("yield");
  claims.check(guest::counter() >= start + kShort, "it fires at its time, masked or not");
}

template <class Timer>
void interrupts(const volatile unsigned& count) {
  const unsigned before = count;
  guest::unmask_irqs();
  const std::uint64_t until = guest::counter() + kShort;
  while (guest::counter() < until) asm volatile("yield");
  claims.check(count == before, "a masked timer gives no interrupt");
  guest::mask_irqs();

  Timer::set_control(guest::kTimerEnable);
  wait_for(count, before);
  claims.check(count == before + 1, "unmasked it does");

  const std::uint64_t start = guest::counter();
  Timer::set_delay(kShort);
  Timer::set_control(guest::kTimerEnable);
  wait_for(count, before + 1);
  claims.check(seen[guest::this_cpu()].count >= start + kShort, "WFI ends with the interrupt, not before");

  Timer::set_delay(-1);
  Timer::set_control(guest::kTimerEnable);
  wait_for(count, before + 2);
  Timer::set_compare(kNever);
  Timer::set_control(guest::kTimerEnable);
  claims.check((Timer::control() & guest::kTimerFired) == 0,
               "a time in the past fires at once, the far future doesn't");
  Timer::set_control(0);
  guest::unmask_irqs();
  guest::mask_irqs();
  claims.check(count == before + 3, "one interrupt for each time");
}

// FEAT_WFxT: WFI with a time at which it ends (ID_AA64ISAR2_EL1.WFxT).
void wait_with_timeout() {
  std::uint64_t isar2 = 0;
  asm volatile("mrs %0, s3_0_c0_c6_2" : "=r"(isar2));
  if ((isar2 & 0xf) == 0) return;
  const std::uint64_t until = guest::counter() + kShort;
  asm volatile("mov x0, %0\n.inst 0xd5031020" : : "r"(until) : "x0", "memory");  // WFIT X0
  claims.check(guest::counter() >= until, "WFIT ends at its time");
}

void prove() {
  Seen& own = seen[guest::this_cpu()];
  gic::start();
  gic::enable(gic::kVirtualTimer, 0x80);
  gic::enable(gic::kPhysicalTimer, 0x80);
  polled<guest::VirtualTimer>();
  interrupts<guest::VirtualTimer>(own.virtual_timer);
  polled<guest::PhysicalTimer>();
  interrupts<guest::PhysicalTimer>(own.physical_timer);
  wait_with_timeout();
}

}  // namespace

extern "C" void first_cpu() {
  guest::on_irq(on_timer);
  const unsigned cpus = guest::start_others();
  prove();
  guest::wait_for_others(cpus);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t) {
  prove();
  guest::cpu_off();
}
