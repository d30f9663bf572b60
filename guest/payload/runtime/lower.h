// SPDX-License-Identifier: GPL-2.0-or-later
// Code at EL1 or EL0 under a payload, which runs until an exception is taken to EL2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace guest {

// Registers of the lower exception level, in and out, and what EL2 learns of the exception. lower.S knows the offsets.
struct Lower {
  std::array<std::uint64_t, 31> x{};
  std::uint64_t pc = 0, pstate = 0, sp_el0 = 0, sp_el1 = 0;
  std::uint64_t esr = 0, far = 0, hpfar = 0;

  std::uint64_t exception_class() const { return esr >> 26 & 0x3f; }
};
static_assert(offsetof(Lower, pc) == 248 && offsetof(Lower, sp_el0) == 264 && offsetof(Lower, esr) == 280 &&
              offsetof(Lower, hpfar) == 296);

// PSTATE of code at EL0 or EL1 with every interrupt masked (SPSR_EL2: M, DAIF).
inline constexpr std::uint64_t kAtEl0 = 0x3c0, kAtEl1 = 0x3c5;

// The vector of EL2 that ended the run (Arm ARM D1.3.1: 8 synchronous, 9 IRQ).
inline constexpr std::uint64_t kLowerSync = 8, kLowerIrq = 9;

extern "C" std::uint64_t run_lower(Lower* lower);

}  // namespace guest
