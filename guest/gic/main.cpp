// SPDX-License-Identifier: GPL-2.0-or-later
// The virtual GIC of each CPU (IHI 0069): order by priority, also of more interrupts than there are list registers; the
// priority mask; preemption; lines that stay high; both EOI modes; disabled interrupts and pending state by software.

#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/console.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/timer.h"

namespace {

namespace gic = guest::gic;

constinit guest::Claims claims("gic");

constexpr unsigned kSgis = 16, kSpis = 4, kMany = kSgis + kSpis, kIdle = 0xff;
constexpr unsigned kLow = 1, kHigh = 2, kLower = 3;
constexpr std::uint8_t kLowPriority = 0xa0, kHighPriority = 0x40, kLowerPriority = 0xc0;

// Shared interrupts without a device that belong to this CPU; the VMM has enough for eight CPUs.
unsigned first_spi(unsigned cpu) { return 64 + kSpis * (cpu % 8); }
unsigned one_of_many(unsigned cpu, unsigned i) { return i < kSgis ? i : first_spi(cpu) + i - kSgis; }

void send_to_self(unsigned sgi) { gic::send_sgi(guest::this_cpu(), sgi); }

// Acknowledges one interrupt, ends it, and says which it was.
unsigned take() {
  const unsigned intid = gic::acknowledge();
  if (intid != gic::kSpurious) gic::end(intid);
  return intid;
}

void order(unsigned cpu) {
  // Sent in one order, urgent in the other, and more than a PE has list registers.
  for (unsigned i = 0; i < kMany; ++i) gic::enable(one_of_many(cpu, i), static_cast<std::uint8_t>(0xf0 - 8 * i));
  for (unsigned sgi = 0; sgi < kSgis; ++sgi) send_to_self(sgi);
  for (unsigned i = kSgis; i < kMany; ++i) gic::set_pending(one_of_many(cpu, i));
  bool ordered = true;
  for (unsigned i = kMany; i-- > 0;) ordered &= take() == one_of_many(cpu, i);
  claims.check(ordered, "twenty interrupts arrive by priority");
  claims.check(take() == gic::kSpurious, "each once");
}

void mask() {
  gic::enable(kLow, kLowPriority);
  gic::set_priority_mask(0x80);
  send_to_self(kLow);
  claims.check(take() == gic::kSpurious && gic::is_pending(kLow), "a masked priority waits");
  gic::set_priority_mask(0xff);
  claims.check(take() == kLow, "until it is unmasked");
}

// What the handler of each CPU did, a decimal digit for each: INTID at the beginning, INTID + 4 at the end.
struct Story {
  volatile unsigned digits;
  volatile bool priorities_right;
};
Story stories[guest::kMaxCpus];

void tell(unsigned digit) {
  Story& own = stories[guest::this_cpu()];
  own.digits = own.digits * 10 + digit;
}

std::uint8_t priority_of(unsigned sgi) {
  return sgi == kLow ? kLowPriority : sgi == kHigh ? kHighPriority : kLowerPriority;
}

// The low one sends the others and lets itself be interrupted.
void on_sgi() {
  const unsigned intid = gic::acknowledge();
  if (intid == gic::kSpurious) return;
  tell(intid);
  if (gic::running_priority() != priority_of(intid)) stories[guest::this_cpu()].priorities_right = false;
  if (intid == kLow) {
    send_to_self(kLower);
    send_to_self(kHigh);
    guest::unmask_irqs();
    guest::mask_irqs();
  }
  tell(intid + 4);
  gic::end(intid);
}

void preemption() {
  for (const unsigned sgi : {kLow, kHigh, kLower}) gic::enable(sgi, priority_of(sgi));
  Story& own = stories[guest::this_cpu()];
  own.digits = 0;
  own.priorities_right = true;
  send_to_self(kLow);
  guest::unmask_irqs();
  guest::mask_irqs();
  claims.check(own.digits == 126'537, "the more urgent interrupts, the less urgent waits");
  claims.check(own.priorities_right && gic::running_priority() == kIdle, "the running priority says so");
}

void level() {
  gic::enable(gic::kVirtualTimer, 0x80);
  guest::VirtualTimer::set_delay(-1);
  guest::VirtualTimer::set_control(guest::kTimerEnable);
  while (!gic::is_pending(gic::kVirtualTimer)) asm volatile("yield");
  claims.check(take() == gic::kVirtualTimer, "a line that is high is an interrupt");
  claims.check(gic::is_pending(gic::kVirtualTimer) && take() == gic::kVirtualTimer, "again after its end");
  const unsigned intid = gic::acknowledge();
  guest::VirtualTimer::set_control(0);
  gic::end(intid);
  claims.check(intid == gic::kVirtualTimer && !gic::is_pending(gic::kVirtualTimer) && take() == gic::kSpurious,
               "not when it fell before the end");
}

void split_end() {
  gic::enable(kLow, kLowPriority);
  gic::split_end_and_deactivate(true);
  send_to_self(kLow);
  claims.check(gic::acknowledge() == kLow && gic::running_priority() == kLowPriority, "an interrupt is taken");
  claims.check(gic::is_active(kLow), "it is active");
  gic::end(kLow);
  claims.check(gic::running_priority() == kIdle && gic::is_active(kLow), "EOI drops its priority only");
  send_to_self(kLow);
  claims.check(gic::is_pending(kLow) && gic::acknowledge() == gic::kSpurious, "while active it isn't taken again");
  gic::deactivate(kLow);
  claims.check(!gic::is_active(kLow) && gic::acknowledge() == kLow, "after DIR it is");
  gic::end(kLow);
  gic::deactivate(kLow);
  claims.check(!gic::is_active(kLow), "and is over");
  gic::split_end_and_deactivate(false);
}

void by_software(unsigned cpu) {
  const unsigned spi = first_spi(cpu);
  gic::enable(spi, kLowPriority);
  gic::disable(spi);
  gic::set_pending(spi);
  claims.check(gic::is_pending(spi) && take() == gic::kSpurious, "a disabled interrupt waits");
  gic::enable(spi, kLowPriority);
  claims.check(take() == spi && !gic::is_pending(spi), "enabled it arrives once");
  gic::set_pending(spi);
  gic::clear_pending(spi);
  claims.check(take() == gic::kSpurious, "pending state can be taken back");
}

// The PL011's transmit interrupt is a line from a device of the VMM.
void device_line() {
  constexpr std::uint64_t kMask = guest::kConsole.value + 0x38, kTransmit = 1U << 5;
  gic::enable(gic::kUart, kHighPriority);
  guest::write32(kMask, kTransmit);
  claims.check(take() == gic::kUart, "a device's line arrives");
  claims.check(take() == gic::kUart, "as long as it is high");
  guest::write32(kMask, 0);
  claims.check(take() == gic::kSpurious, "and no longer");
}

void prove(unsigned cpu) {
  gic::start();
  order(cpu);
  mask();
  preemption();
  level();
  split_end();
  by_software(cpu);
  if (cpu == 0) device_line();
}

}  // namespace

extern "C" void first_cpu() {
  guest::on_irq(on_sgi);
  const unsigned cpus = guest::start_others();
  prove(0);
  guest::wait_for_others(cpus);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  prove(static_cast<unsigned>(cpu));
  guest::cpu_off();
}
