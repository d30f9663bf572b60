// SPDX-License-Identifier: GPL-2.0-or-later
// Four loops of a known number of events, each announced by a line: scripts/bench takes the wall time between the lines
// and divides. The names and counts of the lines are its input.

#include <cstdint>

#include "guest/runtime/console.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"

namespace {

using guest::print;

constexpr std::uint64_t kInstructions = 400'000'000;
constexpr std::uint64_t kExits = 200'000;
constexpr std::uint64_t kFaults = 8192;
constexpr std::uint64_t kFillRounds = 100;
constexpr std::uint64_t kFillPages = 2048;
constexpr abi::Ipa kMemory{guest::kRam.value + (16ULL << 20)};
constexpr std::uint64_t kFlags = guest::kConsole.value + 0x18;  // UARTFR: reading it has no side effect

// Blocks of six instructions, about what compiled code has.
void spin() {
  std::uint64_t turns = kInstructions / 6;
  std::uint64_t a = 1, b = 2;
  asm volatile("1: add %1, %1, %2\n eor %2, %2, %1\n add %1, %1, #3\n eor %2, %2, %1\n subs %0, %0, #1\n b.ne 1b"
               : "+r"(turns), "+r"(a), "+r"(b)
               :
               : "cc");
}

void exits() {
  std::uint32_t value = 0;
  for (std::uint64_t i = 0; i < kExits; ++i) asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(kFlags) : "memory");
}

void touch(std::uint64_t granules) {
  for (std::uint64_t i = 0; i < granules; ++i)
    *reinterpret_cast<volatile std::uint64_t*>(kMemory.value + i * abi::kGranuleSize) = i;
}

void fills() {
  for (std::uint64_t round = 0; round < kFillRounds; ++round) {
    asm volatile("tlbi vmalle1\n dsb nsh\n isb" : : : "memory");
    touch(kFillPages);
  }
}

}  // namespace

extern "C" void first_cpu() {
  print("cost: instructions ", kInstructions, "\n");
  spin();
  print("cost: MMIO exits ", kExits, "\n");
  exits();
  print("cost: private faults ", kFaults, "\n");
  touch(kFaults);
  print("cost: TLB fills ", kFillRounds * kFillPages, "\n");
  fills();
  print("cost: end 0\n");
  guest::system_off();
}

extern "C" void secondary_cpu(std::uint64_t) { guest::cpu_off(); }
