// SPDX-License-Identifier: GPL-2.0-or-later
// Performance Monitors Extension: registers and bits that more than one place speaks of (Arm ARM D13, D24.5).
#pragma once

#include <cstdint>

#include "rmm/abi/arch/sysreg.h"

namespace abi::pmu {

inline constexpr SysReg kPmcrEl0{sysreg_key(3, 3, 9, 12, 0)};
inline constexpr SysReg kPmcntensetEl0{sysreg_key(3, 3, 9, 12, 1)};
inline constexpr SysReg kPmcntenclrEl0{sysreg_key(3, 3, 9, 12, 2)};
inline constexpr SysReg kPmovsclrEl0{sysreg_key(3, 3, 9, 12, 3)};
inline constexpr SysReg kPmswincEl0{sysreg_key(3, 3, 9, 12, 4)};
inline constexpr SysReg kPmselrEl0{sysreg_key(3, 3, 9, 12, 5)};
inline constexpr SysReg kPmceid0El0{sysreg_key(3, 3, 9, 12, 6)};
inline constexpr SysReg kPmceid1El0{sysreg_key(3, 3, 9, 12, 7)};
inline constexpr SysReg kPmccntrEl0{sysreg_key(3, 3, 9, 13, 0)};
inline constexpr SysReg kPmxevtyperEl0{sysreg_key(3, 3, 9, 13, 1)};
inline constexpr SysReg kPmxevcntrEl0{sysreg_key(3, 3, 9, 13, 2)};
inline constexpr SysReg kPmuserenrEl0{sysreg_key(3, 3, 9, 14, 0)};
inline constexpr SysReg kPmovssetEl0{sysreg_key(3, 3, 9, 14, 3)};
inline constexpr SysReg kPmintensetEl1{sysreg_key(3, 0, 9, 14, 1)};
inline constexpr SysReg kPmintenclrEl1{sysreg_key(3, 0, 9, 14, 2)};
inline constexpr SysReg kPmmirEl1{sysreg_key(3, 0, 9, 14, 6)};
inline constexpr SysReg kPmccfiltrEl0{sysreg_key(3, 3, 14, 15, 7)};
constexpr SysReg pmevcntr(unsigned n) { return SysReg{sysreg_key(3, 3, 14, 8 | (n >> 3), n & 7)}; }
constexpr SysReg pmevtyper(unsigned n) { return SysReg{sysreg_key(3, 3, 14, 12 | (n >> 3), n & 7)}; }

inline constexpr unsigned kMaxCounters = 31;   // event counters
inline constexpr unsigned kCycleCounter = 31;  // its index in the bit maps

// PMCR_EL0
inline constexpr std::uint64_t kPmcrE = 1U << 0, kPmcrP = 1U << 1, kPmcrC = 1U << 2, kPmcrD = 1U << 3, kPmcrX = 1U << 4,
                               kPmcrDp = 1U << 5, kPmcrLc = 1U << 6, kPmcrLp = 1U << 7;
inline constexpr unsigned kPmcrNShift = 11;

// PMEVTYPER<n>_EL0 and PMCCFILTR_EL0: what is not counted, or counted after all.
inline constexpr std::uint64_t kFilterP = 1ULL << 31, kFilterU = 1ULL << 30, kFilterNsk = 1ULL << 29,
                               kFilterNsu = 1ULL << 28, kFilterNsh = 1ULL << 27, kFilterM = 1ULL << 26,
                               kFilterRlk = 1ULL << 22, kFilterRlu = 1ULL << 21, kFilterRlh = 1ULL << 20;

// PMUSERENR_EL0
inline constexpr std::uint64_t kUserEn = 1U << 0, kUserSw = 1U << 1, kUserCr = 1U << 2, kUserEr = 1U << 3;

// Common event numbers.
inline constexpr std::uint64_t kSwIncr = 0x00, kInstRetired = 0x08, kCpuCycles = 0x11, kChain = 0x1e,
                               kStallFrontend = 0x23, kStallBackend = 0x24;

// MDCR_EL2
inline constexpr std::uint64_t kMdcrHpmnMask = 0x1f, kMdcrTpmcr = 1U << 5, kMdcrTpm = 1U << 6, kMdcrHpme = 1U << 7,
                               kMdcrHpmd = 1U << 17, kMdcrHccd = 1U << 23, kMdcrHlp = 1U << 26;

// ID_AA64DFR0_EL1.PMUVer
inline constexpr unsigned kPmuVerShift = 8;
inline constexpr std::uint64_t kPmuVer3 = 1, kPmuVer3p5 = 6;

}  // namespace abi::pmu
