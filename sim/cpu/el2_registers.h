// SPDX-License-Identifier: GPL-2.0-or-later
// Registers and fields of EL2 that matter to a CPU whose EL2 is simulated code (Arm ARM D23). The names that EL1
// software is served by are in rmm/abi/arch/sysreg.h.
#pragma once

#include <cstdint>

#include "rmm/abi/arch/sysreg.h"

namespace sim::el2 {

inline constexpr std::uint32_t kVpidr = abi::sysreg_key(3, 4, 0, 0, 0);
inline constexpr std::uint32_t kVmpidr = abi::sysreg_key(3, 4, 0, 0, 5);
inline constexpr std::uint32_t kSctlr = abi::sysreg_key(3, 4, 1, 0, 0);
inline constexpr std::uint32_t kHcr = abi::sysreg_key(3, 4, 1, 1, 0);
inline constexpr std::uint32_t kMdcr = abi::sysreg_key(3, 4, 1, 1, 1);
inline constexpr std::uint32_t kCptr = abi::sysreg_key(3, 4, 1, 1, 2);
inline constexpr std::uint32_t kTtbr0 = abi::sysreg_key(3, 4, 2, 0, 0);
inline constexpr std::uint32_t kTtbr1 = abi::sysreg_key(3, 4, 2, 0, 1);
inline constexpr std::uint32_t kTcr = abi::sysreg_key(3, 4, 2, 0, 2);
inline constexpr std::uint32_t kVttbr = abi::sysreg_key(3, 4, 2, 1, 0);
inline constexpr std::uint32_t kVtcr = abi::sysreg_key(3, 4, 2, 1, 2);
inline constexpr std::uint32_t kSpsr = abi::sysreg_key(3, 4, 4, 0, 0);
inline constexpr std::uint32_t kElr = abi::sysreg_key(3, 4, 4, 0, 1);
inline constexpr std::uint32_t kSpEl1 = abi::sysreg_key(3, 4, 4, 1, 0);
inline constexpr std::uint32_t kEsr = abi::sysreg_key(3, 4, 5, 2, 0);
inline constexpr std::uint32_t kFar = abi::sysreg_key(3, 4, 6, 0, 0);
inline constexpr std::uint32_t kHpfar = abi::sysreg_key(3, 4, 6, 0, 4);
inline constexpr std::uint32_t kMair = abi::sysreg_key(3, 4, 10, 2, 0);
inline constexpr std::uint32_t kVbar = abi::sysreg_key(3, 4, 12, 0, 0);
inline constexpr std::uint32_t kCntvoff = abi::sysreg_key(3, 4, 14, 0, 3);
inline constexpr std::uint32_t kCnthctl = abi::sysreg_key(3, 4, 14, 1, 0);

// HCR_EL2
inline constexpr std::uint64_t kHcrVm = 1ULL << 0;
inline constexpr std::uint64_t kHcrImo = 1ULL << 4;
inline constexpr std::uint64_t kHcrVi = 1ULL << 7;
inline constexpr std::uint64_t kHcrTwi = 1ULL << 13;
inline constexpr std::uint64_t kHcrTwe = 1ULL << 14;
inline constexpr std::uint64_t kHcrTid3 = 1ULL << 18;
inline constexpr std::uint64_t kHcrTge = 1ULL << 27;
inline constexpr std::uint64_t kHcrRw = 1ULL << 31;
inline constexpr std::uint64_t kHcrE2h = 1ULL << 34;
inline constexpr std::uint64_t kHcrTlor = 1ULL << 35;
inline constexpr std::uint64_t kHcrTea = 1ULL << 37;
inline constexpr std::uint64_t kHcrApkApi = 3ULL << 40;
inline constexpr std::uint64_t kHcrGpf = 1ULL << 48;

// CNTHCTL_EL2 where HCR_EL2.E2H is 0: what EL1 may use.
inline constexpr std::uint64_t kEl1Pcten = 1U << 0;
inline constexpr std::uint64_t kEl1Pcen = 1U << 1;

// SCTLR_EL2 at reset: its RES1 bits, MMU and caches off.
inline constexpr std::uint64_t kSctlrReset = 0x30c5'0830;

// PSTATE.M of EL2, and the bit in which it differs from all that is below.
inline constexpr std::uint64_t kEl2h = 0x9;
inline constexpr std::uint64_t kEl2Bit = 0x8;
inline constexpr std::uint64_t kResetPstate =
    abi::pstate::kD | abi::pstate::kA | abi::pstate::kI | abi::pstate::kF | kEl2h;

}  // namespace sim::el2
