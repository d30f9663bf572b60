// SPDX-License-Identifier: GPL-2.0-or-later
// System registers that cross a port: named by their encoding op0:op1:CRn:CRm:op2 (Arm ARM D23).
#pragma once

#include <cstdint>

namespace abi {

constexpr std::uint32_t sysreg_key(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
  return (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
}

// A system register. Any key may be formed with sysreg_key; the names below are those ccasim speaks of.
enum class SysReg : std::uint32_t {
  kSctlrEl1 = sysreg_key(3, 0, 1, 0, 0),
  kActlrEl1 = sysreg_key(3, 0, 1, 0, 1),
  kCpacrEl1 = sysreg_key(3, 0, 1, 0, 2),
  kTtbr0El1 = sysreg_key(3, 0, 2, 0, 0),
  kTtbr1El1 = sysreg_key(3, 0, 2, 0, 1),
  kTcrEl1 = sysreg_key(3, 0, 2, 0, 2),
  kSpsrEl1 = sysreg_key(3, 0, 4, 0, 0),
  kElrEl1 = sysreg_key(3, 0, 4, 0, 1),
  kAfsr0El1 = sysreg_key(3, 0, 5, 1, 0),
  kAfsr1El1 = sysreg_key(3, 0, 5, 1, 1),
  kEsrEl1 = sysreg_key(3, 0, 5, 2, 0),
  kFarEl1 = sysreg_key(3, 0, 6, 0, 0),
  kParEl1 = sysreg_key(3, 0, 7, 4, 0),
  kMairEl1 = sysreg_key(3, 0, 10, 2, 0),
  kAmairEl1 = sysreg_key(3, 0, 10, 3, 0),
  kVbarEl1 = sysreg_key(3, 0, 12, 0, 0),
  kContextidrEl1 = sysreg_key(3, 0, 13, 0, 1),
  kTpidrEl1 = sysreg_key(3, 0, 13, 0, 4),
  kCntkctlEl1 = sysreg_key(3, 0, 14, 1, 0),
  kTpidrEl0 = sysreg_key(3, 3, 13, 0, 2),
  kTpidrroEl0 = sysreg_key(3, 3, 13, 0, 3),
  kMdscrEl1 = sysreg_key(2, 0, 0, 2, 2),
  kMidrEl1 = sysreg_key(3, 0, 0, 0, 0),
  kMpidrEl1 = sysreg_key(3, 0, 0, 0, 5),
  kCntpCtlEl0 = sysreg_key(3, 3, 14, 2, 1),
  kCntpCvalEl0 = sysreg_key(3, 3, 14, 2, 2),
  kCntvCtlEl0 = sysreg_key(3, 3, 14, 3, 1),
  kCntvCvalEl0 = sysreg_key(3, 3, 14, 3, 2),
  kIccDirEl1 = sysreg_key(3, 0, 12, 11, 1),
  kIccSgi1rEl1 = sysreg_key(3, 0, 12, 11, 5),
  kIccAsgi1rEl1 = sysreg_key(3, 0, 12, 11, 6),
  kIccSgi0rEl1 = sysreg_key(3, 0, 12, 11, 7),
};

// PSTATE / SPSR_EL1 bits, AArch64.
namespace pstate {
inline constexpr std::uint64_t kModeMask = 0xf;
inline constexpr std::uint64_t kEl0t = 0x0;
inline constexpr std::uint64_t kEl1t = 0x4;
inline constexpr std::uint64_t kEl1h = 0x5;
inline constexpr std::uint64_t kF = 1ULL << 6;
inline constexpr std::uint64_t kI = 1ULL << 7;
inline constexpr std::uint64_t kA = 1ULL << 8;
inline constexpr std::uint64_t kD = 1ULL << 9;
inline constexpr std::uint64_t kPan = 1ULL << 22;
inline constexpr std::uint64_t kResetEl1 = kD | kA | kI | kF | kEl1h;  // 0x3c5: state at REC creation and PSCI CPU_ON
}  // namespace pstate

// Generic timer control register bits.
inline constexpr std::uint64_t kTimerEnable = 1U << 0;
inline constexpr std::uint64_t kTimerImask = 1U << 1;
inline constexpr std::uint64_t kTimerIstatus = 1U << 2;

}  // namespace abi
