// SPDX-License-Identifier: GPL-2.0-or-later
// GICv3 virtual CPU interface: the ICH_* register file of one PE and its bit layouts (Arm IHI 0069, chapter 12.4).
#pragma once

#include <array>
#include <cstdint>
#include <tuple>

namespace abi::gic {

inline constexpr unsigned kNumListRegisters = 16;  // implemented by the simulated PE
inline constexpr unsigned kPriorityBits = 5;       // ICH_VTR_EL2.PRIbits + 1
inline constexpr std::uint64_t kSpurious = 1023;

// ICH_HCR_EL2
inline constexpr std::uint64_t kHcrEn = 1ULL << 0;
inline constexpr std::uint64_t kHcrUie = 1ULL << 1;
inline constexpr std::uint64_t kHcrLrenpie = 1ULL << 2;
inline constexpr std::uint64_t kHcrNpie = 1ULL << 3;
inline constexpr std::uint64_t kHcrVgrp0Eie = 1ULL << 4;
inline constexpr std::uint64_t kHcrVgrp0Die = 1ULL << 5;
inline constexpr std::uint64_t kHcrVgrp1Eie = 1ULL << 6;
inline constexpr std::uint64_t kHcrVgrp1Die = 1ULL << 7;
inline constexpr std::uint64_t kHcrTc = 1ULL << 10;
inline constexpr std::uint64_t kHcrTall0 = 1ULL << 11;
inline constexpr std::uint64_t kHcrTall1 = 1ULL << 12;
inline constexpr std::uint64_t kHcrTsei = 1ULL << 13;
inline constexpr std::uint64_t kHcrTdir = 1ULL << 14;
inline constexpr unsigned kHcrEoiCountShift = 27;
inline constexpr std::uint64_t kHcrEoiCountMask = 0x1fULL << kHcrEoiCountShift;
// The fields a host may set in RmiRecEnter.gicv3_hcr (DEN0137 1.0-rel0 A6.1); all others must be zero.
inline constexpr std::uint64_t kHcrRecEnterMask =
    kHcrUie | kHcrLrenpie | kHcrNpie | kHcrVgrp0Eie | kHcrVgrp0Die | kHcrVgrp1Eie | kHcrVgrp1Die | kHcrTdir;

// ICH_LR<n>_EL2
inline constexpr std::uint64_t kLrVintidMask = 0xffffffffULL;
inline constexpr unsigned kLrPintidShift = 32;
inline constexpr std::uint64_t kLrPintidMask = 0x1fffULL << kLrPintidShift;
inline constexpr std::uint64_t kLrEoi = 1ULL << 41;  // pINTID[9] when HW == 0: maintenance interrupt on EOI
inline constexpr unsigned kLrPriorityShift = 48;
inline constexpr std::uint64_t kLrPriorityMask = 0xffULL << kLrPriorityShift;
inline constexpr std::uint64_t kLrGroup1 = 1ULL << 60;
inline constexpr std::uint64_t kLrHw = 1ULL << 61;
inline constexpr unsigned kLrStateShift = 62;
inline constexpr std::uint64_t kLrPending = 1ULL << 62;
inline constexpr std::uint64_t kLrActive = 1ULL << 63;
inline constexpr std::uint64_t kLrStateMask = kLrPending | kLrActive;

// ICH_MISR_EL2
inline constexpr std::uint64_t kMisrEoi = 1ULL << 0;
inline constexpr std::uint64_t kMisrU = 1ULL << 1;
inline constexpr std::uint64_t kMisrLrenp = 1ULL << 2;
inline constexpr std::uint64_t kMisrNp = 1ULL << 3;
inline constexpr std::uint64_t kMisrVgrp0E = 1ULL << 4;
inline constexpr std::uint64_t kMisrVgrp0D = 1ULL << 5;
inline constexpr std::uint64_t kMisrVgrp1E = 1ULL << 6;
inline constexpr std::uint64_t kMisrVgrp1D = 1ULL << 7;

// ICH_VMCR_EL2
inline constexpr std::uint64_t kVmcrEng0 = 1ULL << 0;
inline constexpr std::uint64_t kVmcrEng1 = 1ULL << 1;
inline constexpr std::uint64_t kVmcrAckCtl = 1ULL << 2;
inline constexpr std::uint64_t kVmcrFiqEn = 1ULL << 3;
inline constexpr std::uint64_t kVmcrCbpr = 1ULL << 4;
inline constexpr std::uint64_t kVmcrEoim = 1ULL << 9;
inline constexpr unsigned kVmcrBpr1Shift = 18;
inline constexpr unsigned kVmcrBpr0Shift = 21;
inline constexpr unsigned kVmcrPmrShift = 24;

// The ICH register file. MISR, EISR and ELRSR are functions of it: the virtual CPU interface computes them.
struct IchState {
  std::uint64_t hcr = 0;
  std::uint64_t vmcr = 0;
  std::uint64_t ap0r = 0;  // active priorities, group 0 (32 levels: AP0R0)
  std::uint64_t ap1r = 0;  // active priorities, group 1
  std::array<std::uint64_t, kNumListRegisters> lr{};
  auto members() { return std::tie(hcr, vmcr, ap0r, ap1r, lr); }
  constexpr bool operator==(const IchState&) const = default;
};

}  // namespace abi::gic
