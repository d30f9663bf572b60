// SPDX-License-Identifier: GPL-2.0-or-later
// The generic watchdog of the Non-secure world (Arm BSA): WS0 interrupts, a refresh or a new offset starts it again.

#include "guest/payload/runtime/interrupts.h"
#include "guest/payload/runtime/machine.h"
#include "guest/payload/runtime/registers.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/program.h"
#include "guest/runtime/timer.h"

namespace {

namespace gic = guest::gic;
constinit guest::Claims claims("generic_watchdog");

constexpr std::uint64_t kWcs = 0x0, kWor = 0x8, kWcvLow = 0x10, kWcvHigh = 0x14, kWrr = 0x0;
constexpr std::uint32_t kEnable = 1, kWs0 = 2, kWs1 = 4;
constexpr std::uint32_t kOffset = 50'000;  // system counter ticks

std::uint64_t control() { return guest::machine_map.generic_watchdog.value; }
std::uint64_t refresh() { return guest::machine_map.generic_watchdog_refresh.value; }

std::uint32_t status() { return guest::read32(control() + kWcs); }

unsigned taken = 0, last = 0;
void on_watchdog() {
  last = gic::acknowledge();
  ++taken;
  guest::write32(refresh() + kWrr, 1);  // WS0 falls, and with it the level
  gic::end(last);
}

void counts() {
  claims.check(status() == 0, "it is off after a reset");
  guest::write32(control() + kWor, kOffset);
  const std::uint64_t before = guest::physical_counter();
  guest::write32(control() + kWcs, kEnable);
  const std::uint64_t compare = guest::read32(control() + kWcvLow) | std::uint64_t{guest::read32(control() + kWcvHigh)}
                                                                         << 32;
  claims.check(compare >= before + kOffset && compare <= guest::physical_counter() + kOffset,
               "WCV is the counter at the start plus the offset");
  claims.check(status() == kEnable, "it is on");
}

void fed() {
  const std::uint64_t start = guest::physical_counter();
  while (guest::physical_counter() < start + 3ULL * kOffset) guest::write32(refresh() + kWrr, 1);
  claims.check(status() == kEnable && taken == 0, "a watchdog that is fed keeps quiet");
}

void interrupts() {
  const auto intid = static_cast<unsigned>(guest::machine_map.generic_watchdog_intid);
  while ((status() & kWs0) == 0) continue;
  claims.check((status() & kWs1) == 0 && gic::is_pending(intid) && taken == 0, "WS0 makes its SPI pending");
  guest::unmask_irqs();
  guest::mask_irqs();
  claims.check(taken == 1 && last == intid, "which is taken");
  claims.check((status() & kWs0) == 0, "a refresh ends it");
  while (taken == 1) {
    asm volatile("wfi");
    guest::unmask_irqs();
    guest::mask_irqs();
  }
  claims.check(taken == 2, "it ends WFI");
  guest::write32(control() + kWcs, 0);
  claims.check(status() == 0, "it is off again");
}

}  // namespace

void first_cpu() {
  guest::use_stage1();
  guest::start_interrupts();
  guest::write_hcr(guest::kHcrRw | guest::kHcrImo);
  gic::enable(static_cast<unsigned>(guest::machine_map.generic_watchdog_intid), 0x80);
  guest::on_irq(on_watchdog);
  counts();
  fed();
  interrupts();
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
