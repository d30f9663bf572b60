// SPDX-License-Identifier: GPL-2.0-or-later
// The descriptor that RMI_RTT_MAP_UNPROTECTED takes and RMI_RTT_READ_ENTRY gives: the Host-controlled fields of a stage
// 2 block or page descriptor (A5.5.11; Arm ARM D8.3) and nothing else.
#pragma once

#include <cstdint>

#include "rmm/spec/conditions.h"
#include "rmm/spec/state.h"

namespace rmm::spec {

inline constexpr unsigned kMemAttrShift = 2;  // 4:2; bit 5 is RES0 under FEAT_S2FWB
inline constexpr unsigned kS2apShift = 6;     // 7:6
inline constexpr std::uint64_t kAttributeMask = (7ULL << kMemAttrShift) | (3ULL << kS2apShift);
inline constexpr std::uint64_t kAddr47 = 0x0000fffffffff000ULL;
inline constexpr std::uint64_t kAddr51 = 0x000ffffffffff000ULL;  // a descriptor's 51:12 without LPA2
inline constexpr std::uint64_t kAddr49 = 0x0003fffffffff000ULL;  // with LPA2: 49:12, and 51:50 in bits 9:8
inline constexpr std::uint64_t kLpa2High = 3ULL << 8;

// B3.59 of the fields that the host controls.
constexpr Entry entry_from_descriptor(std::uint64_t desc, bool lpa2) {
  Entry entry;
  entry.state = EntryState::kAssignedNs;
  entry.mem_attr = static_cast<std::uint8_t>((desc >> kMemAttrShift) & 7);
  entry.s2ap = static_cast<std::uint8_t>((desc >> kS2apShift) & 3);
  entry.addr.value = lpa2 ? (desc & kAddr49) | ((desc & kLpa2High) << 42) : desc & kAddr51;
  return entry;
}

constexpr std::uint64_t descriptor_of(const Entry& entry, bool lpa2) {
  std::uint64_t desc = (std::uint64_t{entry.mem_attr} << kMemAttrShift) | (std::uint64_t{entry.s2ap} << kS2apShift);
  desc |= lpa2 ? (entry.addr.value & kAddr49) | ((entry.addr.value >> 42) & kLpa2High) : entry.addr.value;
  return desc;
}

// !B3.56. Address bits above 47 of a realm without LPA2 are either no field of the host or an address beyond 2^48
// (addr_bound): the text decides neither.
constexpr Truth descriptor_invalid(std::uint64_t desc, bool lpa2_offered) {
  const std::uint64_t fields = kAttributeMask | (lpa2_offered ? kAddr49 | kLpa2High : kAddr51);
  if ((desc & ~fields) != 0) return true;
  if (((desc >> kMemAttrShift) & 7) == 4) return true;  // reserved under FEAT_S2FWB
  if ((desc & ~(kAttributeMask | kAddr47)) != 0) return Truth::kMay;
  return false;
}

}  // namespace rmm::spec
