// SPDX-License-Identifier: GPL-2.0-or-later
// Calls out of the program: RSI and PSCI by SMC.
#pragma once

#include <array>
#include <cstdint>

namespace guest {

struct SmcResult {
  std::uint64_t x0, x1, x2, x3;
};

// SMCCC 1.2: arguments in X1..X4; X0..X17 may change.
inline SmcResult smc(std::uint32_t function, std::uint64_t a1 = 0, std::uint64_t a2 = 0, std::uint64_t a3 = 0,
                     std::uint64_t a4 = 0) {
  register std::uint64_t x0 asm("x0") = function;
  register std::uint64_t x1 asm("x1") = a1;
  register std::uint64_t x2 asm("x2") = a2;
  register std::uint64_t x3 asm("x3") = a3;
  register std::uint64_t x4 asm("x4") = a4;
  asm volatile("smc #0"
               : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4)
               :
               : "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
  return {x0, x1, x2, x3};
}

// Calls with more arguments or results: X0..X10 in and out.
using SmcRegisters = std::array<std::uint64_t, 11>;
inline SmcRegisters smc(SmcRegisters registers) {
  asm volatile(
      "mov x19, %0\n"
      "ldp x0, x1, [x19]\n"
      "ldp x2, x3, [x19, #16]\n"
      "ldp x4, x5, [x19, #32]\n"
      "ldp x6, x7, [x19, #48]\n"
      "ldp x8, x9, [x19, #64]\n"
      "ldr x10, [x19, #80]\n"
      "smc #0\n"
      "stp x0, x1, [x19]\n"
      "stp x2, x3, [x19, #16]\n"
      "stp x4, x5, [x19, #32]\n"
      "stp x6, x7, [x19, #48]\n"
      "stp x8, x9, [x19, #64]\n"
      "str x10, [x19, #80]\n"
      :
      : "r"(registers.data())
      : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
        "x17", "x19", "memory");
  return registers;
}

}  // namespace guest
