// SPDX-License-Identifier: GPL-2.0-or-later
// Priorities of the physical GIC, and what Non-secure software sees of them (IHI 0069, 4.8). Secure software sees 5
// bits, 0xf8 the lowest; Non-secure software owns the lower half and sees it as 4 bits, shifted up by one.
#pragma once

#include <bit>
#include <cstdint>

#include "rmm/abi/arch/gic.h"

namespace sim::gic {

inline constexpr unsigned kPriorityShift = 8 - abi::gic::kPriorityBits;
inline constexpr unsigned kImplemented = (0xffU << kPriorityShift) & 0xffU;
inline constexpr unsigned kIdle = 0xff;
inline constexpr std::uint8_t kIdleMask = kImplemented;  // ICC_PMR_EL1 as EL3 leaves it: 0xff, of which 5 bits exist
inline constexpr std::uint8_t kHighestNonSecure = 0x80;  // 0 for Non-secure software
// All priority bits are preemption bits. Non-secure software counts its binary point from 1.
inline constexpr std::uint8_t kMinBpr1 = 8 - abi::gic::kPriorityBits;

// ICC_CTLR_EL1
inline constexpr std::uint64_t kCtlrEoiMode = 1U << 1;
inline constexpr unsigned kCtlrPriBitsShift = 8;
inline constexpr std::uint64_t kCtlrA3v = 1U << 15;

// ICC_SRE_ELx: SRE, DFB, DIB, and at EL2 Enable.
inline constexpr std::uint64_t kSreEl1 = 0x7, kSreEl2 = 0xf;

constexpr std::uint8_t priority_to_non_secure(unsigned priority) {
  return priority < kHighestNonSecure ? 0 : static_cast<std::uint8_t>(priority << 1);
}
constexpr std::uint8_t priority_from_non_secure(std::uint64_t priority) {
  return static_cast<std::uint8_t>((kHighestNonSecure | (priority & 0xff) >> 1) & kImplemented);
}

// The part of a priority that decides about preemption, by ICC_BPR1_EL1.
constexpr unsigned group_mask(unsigned bpr1) { return (0xffU << bpr1) & 0xffU; }

// Active priorities as a bit each, bit n for priority n << kPriorityShift.
constexpr std::uint32_t active_bit(unsigned priority) { return 1U << (priority >> kPriorityShift); }
inline constexpr std::uint32_t kNonSecureActive = 0xffff'0000;  // those that Non-secure interrupts can have
constexpr unsigned running_priority(std::uint32_t active) {
  return active == 0 ? kIdle : static_cast<unsigned>(std::countr_zero(active)) << kPriorityShift;
}

}  // namespace sim::gic
