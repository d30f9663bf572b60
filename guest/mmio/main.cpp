// SPDX-License-Identifier: GPL-2.0-or-later
// Device accesses that a host emulates from their syndrome: every size and sign, XZR, 64-bit and 32-bit destinations.
// Pairs and writeback have no valid syndrome (Arm ARM, ISS.ISV): the host of a realm answers them with an abort.
//
// The devices are the GIC distributor, whose priority and route fields keep what is written, and the PL011's
// divisor register. Each CPU has interrupts of its own.

#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/console.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"

namespace {

using guest::Fault;

constinit guest::Claims claims("mmio");

constexpr std::uint64_t kPriorities = guest::kDistributor.value + 0x400, kRoutes = guest::kDistributor.value + 0x6000;
constexpr std::uint64_t kDivisor = guest::kConsole.value + 0x24;  // UARTIBRD, 16 bits

// Four shared interrupts of this CPU, from INTID 64: four priorities in a word, and a route of 64 bits for each.
unsigned first_interrupt(unsigned cpu) { return 64 + 4 * (cpu % 8); }

#define LOAD(instruction, width)                                                       \
  [](std::uint64_t va) {                                                               \
    std::uint64_t value = 0xeeee'eeee'eeee'eeee;                                       \
    asm volatile(instruction " %" width "0, [%1]" : "+r"(value) : "r"(va) : "memory"); \
    return value;                                                                      \
  }

void sizes_and_signs(unsigned cpu) {
  const std::uint64_t word = kPriorities + first_interrupt(cpu), route = kRoutes + 8ULL * first_interrupt(cpu);
  guest::write32(word, 0xf8a8'7810);
  claims.check(LOAD("ldr", "w")(word) == 0xf8a8'7810, "a word");
  claims.check(LOAD("ldrsw", "x")(word) == 0xffff'ffff'f8a8'7810, "a word with its sign");
  claims.check(LOAD("ldrb", "w")(word + 3) == 0xf8, "a byte");
  claims.check(LOAD("ldrsb", "w")(word + 3) == 0xffff'fff8, "a byte, sign in 32 bits");
  claims.check(LOAD("ldrsb", "x")(word + 3) == 0xffff'ffff'ffff'fff8, "a byte, sign in 64 bits");
  claims.check(LOAD("ldrsb", "x")(word + 1) == 0x78, "a positive byte");
  guest::write8(word + 1, 0x20);
  claims.check(guest::read32(word) == 0xf8a8'2010, "a byte stored between others");

  guest::write64(route, 0x0012'3456);
  claims.check(LOAD("ldr", "x")(route) == 0x0012'3456, "a doubleword");
  claims.check(LOAD("ldr", "w")(route + 4) == 0, "the upper half of a doubleword");
  asm volatile("str xzr, [%0]" : : "r"(route) : "memory");
  claims.check(guest::read64(route) == 0, "a store of XZR");
  asm volatile("ldr xzr, [%0]" : : "r"(word) : "memory");
  claims.check(true, "a load into XZR");

  std::uint64_t indexed = 0;
  asm volatile("ldr %w0, [%1, %2, lsl #2]" : "=r"(indexed) : "r"(word - 8), "r"(2ULL) : "memory");
  claims.check(indexed == 0xf8a8'2010, "an address with a register offset");
}

void halfwords() {
  guest::write16(kDivisor, 0x8123);
  claims.check(LOAD("ldrh", "w")(kDivisor) == 0x8123, "a halfword");
  claims.check(LOAD("ldrsh", "w")(kDivisor) == 0xffff'8123, "a halfword, sign in 32 bits");
  claims.check(LOAD("ldrsh", "x")(kDivisor) == 0xffff'ffff'ffff'8123, "a halfword, sign in 64 bits");
  guest::write16(kDivisor, 13);  // so that 115200 baud is set again
}

bool refused(const Fault& fault, std::uint64_t va, bool write) {
  return fault.is_data_abort() && fault.is_external() && fault.far == va && fault.is_write() == write;
}

void without_syndrome(unsigned cpu) {
  const std::uint64_t word = kPriorities + first_interrupt(cpu);
  std::uint64_t base = word;
  std::uint64_t a = 1, b = 2;
  const Fault pair_load = guest::fault_of([&] {
    asm volatile("ldp %w0, %w1, [%2]" : "+r"(a), "+r"(b) : "r"(word) : "memory");
  });
  claims.check(refused(pair_load, word, false) && a == 1 && b == 2, "a pair of loads is refused and loads nothing");
  const Fault pair_store = guest::fault_of([&] { asm volatile("stp wzr, wzr, [%0]" : : "r"(word) : "memory"); });
  claims.check(refused(pair_store, word, true), "a pair of stores is refused");
  const Fault load = guest::fault_of([&] { asm volatile("ldr %w0, [%1], #4" : "+r"(a), "+r"(base) : : "memory"); });
  claims.check(refused(load, word, false) && base == word, "a load with writeback is refused, its base is unchanged");
  const Fault store = guest::fault_of([&] { asm volatile("str wzr, [%0, #4]!" : "+r"(base) : : "memory"); });
  claims.check(refused(store, word + 4, true) && base == word, "a store with writeback too");
  claims.check(guest::read32(word) == 0xf8a8'2010, "the device saw none of them");
}

void prove(unsigned cpu) {
  sizes_and_signs(cpu);
  if (cpu == 0) halfwords();
  // A plain VM's host gives up on them: KVM_RUN fails.
  if (guest::rsi_version().is_realm) without_syndrome(cpu);
}

}  // namespace

extern "C" void first_cpu() {
  const unsigned cpus = guest::start_others();
  prove(0);
  guest::wait_for_others(cpus);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  prove(static_cast<unsigned>(cpu));
  guest::cpu_off();
}
