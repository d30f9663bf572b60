// SPDX-License-Identifier: GPL-2.0-or-later
// The SP805 watchdog, and what survives a reset of the platform. The program lives three times: after power-on, after
// the watchdog's reset, and after PSCI SYSTEM_RESET; the NVM says in which life it is.

#include "guest/payload/runtime/interrupts.h"
#include "guest/payload/runtime/machine.h"
#include "guest/payload/runtime/registers.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/smc.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace {

namespace gic = guest::gic;
constinit guest::Claims claims("watchdog");

// DDI0270: SP805.
constexpr std::uint64_t kLoad = 0x0, kValue = 0x4, kControl = 0x8, kIntClr = 0xc, kRis = 0x10, kMis = 0x14,
                        kLock = 0xc00, kPeriphId0 = 0xfe0;
constexpr std::uint32_t kIntEn = 1, kResEn = 2, kUnlock = 0x1acce551;

constexpr std::uint32_t kTicks = 64;  // of the watchdog's clock: two milliseconds at 32768 Hz

constexpr std::uint32_t kMagic = 0x600d'cafe;  // in the NVM: this program has run before

std::uint64_t nvm() { return guest::machine_map.nvm.value; }

std::uint32_t reg(std::uint64_t offset) { return guest::read32(guest::machine_map.watchdog.value + offset); }
void set(std::uint64_t offset, std::uint32_t value) {
  guest::write32(guest::machine_map.watchdog.value + offset, value);
}

// Behind the image: the program does not clear it. Lies in DRAM.
std::uint64_t scratch() { return guest::ipa_of(__bss_end).value; }

unsigned taken = 0;
void on_watchdog() {
  const unsigned intid = gic::acknowledge();
  if (intid == guest::machine_map.watchdog_intid) ++taken;
  gic::disable(intid);  // its level stays: the second expiry is to come
  gic::end(intid);
}

void registers() {
  claims.check((reg(kPeriphId0) & 0xff) == 0x05 && (reg(kPeriphId0 + 4) & 0xf) == 0x8, "the watchdog is an SP805");
  claims.check(reg(kControl) == 0 && reg(kRis) == 0, "it is off after a reset");
  set(kLock, 0);
  claims.check(reg(kLock) == 1, "it can be locked");
  set(kLoad, 0x1234);
  claims.check(reg(kLoad) != 0x1234, "a locked register keeps its value");
  set(kLock, kUnlock);
  claims.check(reg(kLock) == 0, "and unlocked");
}

void expires() {
  gic::enable(static_cast<unsigned>(guest::machine_map.watchdog_intid), 0x80);
  guest::on_irq(on_watchdog);
  set(kLoad, kTicks);
  set(kControl, kIntEn | kResEn);
  const std::uint32_t first = reg(kValue);
  claims.check(first <= kTicks && reg(kValue) <= first && reg(kRis) == 0, "it counts down");
  for (int i = 0; i < 3; ++i) {
    while (reg(kValue) > kTicks / 2) continue;
    set(kIntClr, 1);  // loads the counter again
  }
  claims.check(reg(kRis) == 0 && taken == 0, "a watchdog that is fed keeps quiet");
  while (reg(kRis) == 0) continue;
  claims.check(reg(kMis) == 1, "then it expires");
  guest::unmask_irqs();
  guest::mask_irqs();
  claims.check(taken == 1, "and interrupts");
}

[[noreturn]] void wait_for_reset() {
  for (;;) asm volatile("wfi");
}

void first_life() {
  const std::uint8_t fill = guest::read8(nvm());
  claims.check(fill == 0xff || fill == 0, "the NVM is erased at power-on");
  guest::write8(nvm() + 0xffff, fill);
  registers();
  expires();
  guest::write32(nvm(), kMagic);
  guest::write8(nvm() + 4, 1);
  guest::write64(scratch(), kMagic);
  if (claims.all_held()) wait_for_reset();
}

void second_life() {
  claims.check(guest::read8(nvm() + 4) == 1, "the second expiry resets the platform; the NVM remembers");
  claims.check(guest::read64(scratch()) == kMagic, "and so does DRAM");
  registers();
  guest::write8(nvm() + 4, 2);
  guest::smc(abi::v1_0::kPsciSystemReset);
  claims.check(false, "SYSTEM_RESET does not return");
}

}  // namespace

void first_cpu() {
  std::uint64_t sctlr = 0;
  asm volatile("mrs %0, sctlr_el2" : "=r"(sctlr));
  guest::use_stage1();
  guest::start_interrupts();
  guest::write_hcr(guest::kHcrRw | guest::kHcrImo);
  claims.check((sctlr & 1) == 0, "a life begins with the MMU off");
  if (guest::read32(nvm()) != kMagic)
    first_life();
  else if (guest::read8(nvm() + 4) == 1)
    second_life();
  else
    claims.check(guest::read8(nvm() + 4) == 2, "PSCI SYSTEM_RESET resets the platform too");
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
