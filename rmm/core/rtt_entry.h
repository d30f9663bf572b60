// SPDX-License-Identifier: GPL-2.0-or-later
// An RTT entry and its VMSAv8-64 stage 2 descriptor (DEN0137 A5.5.4, A5.5.11; Arm DDI 0487 D8.3).
//
// A descriptor is valid for hardware iff the entry is TABLE, ASSIGNED with RIPAS RAM, or ASSIGNED_NS (I10). An invalid
// descriptor keeps the monitor's own state where hardware ignores every bit but bit 0:
//   bits 3:2 HIPAS (0 UNASSIGNED, 1 ASSIGNED), bits 5:4 RIPAS, bits 47:12 address if ASSIGNED, bit 55 unprotected half.
#pragma once

#include <cstdint>
#include <string_view>

#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/types.h"

namespace rmm::core {

inline constexpr int kPageLevel = 3;                                        // RMM_RTT_PAGE_LEVEL
inline constexpr unsigned kRttEntries = 512;                                // entries in one RTT
inline constexpr std::uint64_t kDescriptorAddress = 0x0003'ffff'ffff'f000;  // ADDR field, bits 49:12

enum class RttState : std::uint8_t { kUnassigned, kAssigned, kUnassignedNs, kAssignedNs, kTable };
std::string_view name(RttState state);
std::string_view name(abi::v1_0::Ripas ripas);

// MemAttr[2:0] and S2AP of an ASSIGNED_NS entry, in place (descriptor bits 4:2 and 7:6): the host controls them.
inline constexpr std::uint64_t kHostAttributes = (7ULL << 2) | (3ULL << 6);

struct RttEntry {
  RttState state = RttState::kUnassigned;
  abi::v1_0::Ripas ripas = abi::v1_0::Ripas::kEmpty;  // UNASSIGNED and ASSIGNED only
  abi::Pa address{};                                  // ASSIGNED, ASSIGNED_NS, TABLE
  std::uint64_t attributes = 0;                       // ASSIGNED_NS: kHostAttributes bits

  constexpr bool operator==(const RttEntry&) const = default;
  // A5.5.8: a physical address is stored in the entry.
  constexpr bool is_live() const {
    return state == RttState::kAssigned || state == RttState::kAssignedNs || state == RttState::kTable;
  }
  // A walker of the MMU uses the descriptor.
  constexpr bool is_valid() const {
    return state == RttState::kTable || state == RttState::kAssignedNs ||
           (state == RttState::kAssigned && ripas == abi::v1_0::Ripas::kRam);
  }
};

// The descriptor of `entry` in a table of `level`.
std::uint64_t encode(const RttEntry& entry, int level);
// The entry that a descriptor written by `encode` describes.
RttEntry decode(std::uint64_t descriptor, int level);
// decode(descriptor, level).is_live(), which is the same at every level: for scans of whole tables.
constexpr bool descriptor_is_live(std::uint64_t descriptor) {
  constexpr std::uint64_t kValid = 1ULL << 0, kHipas = 3ULL << 2, kUnprotected = 1ULL << 55;
  return (descriptor & kValid) != 0 || ((descriptor & kUnprotected) == 0 && (descriptor & kHipas) != 0);
}

// B3.56 RttDescriptorIsValidForUnprotected: host-controlled fields are architecturally valid, all others zero.
bool descriptor_is_valid_for_unprotected(std::uint64_t descriptor);
// The ASSIGNED_NS entry that the host's descriptor asks for (B3.59).
RttEntry entry_from_host_descriptor(std::uint64_t descriptor);
// What RMI_RTT_READ_ENTRY shows: address, and for ASSIGNED_NS the host-controlled attributes (B4.3.20.3).
std::uint64_t host_descriptor(const RttEntry& entry);

}  // namespace rmm::core
