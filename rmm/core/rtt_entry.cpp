// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/rtt_entry.h"

namespace rmm::core {
namespace {

using abi::v1_0::Ripas;

constexpr std::uint64_t kValid = 1ULL << 0;
constexpr std::uint64_t kTableOrPage = 1ULL << 1;
constexpr unsigned kHipasShift = 2;
constexpr unsigned kRipasShift = 4;
constexpr unsigned kMemAttrShift = 2;
constexpr std::uint64_t kMemAttrMask = 7ULL << kMemAttrShift;
// FEAT_S2FWB encodings of MemAttr[2:0] (MemAttr[3] is RES0).
constexpr std::uint64_t kFwbReserved = 4ULL << kMemAttrShift;
constexpr std::uint64_t kFwbNormalWriteBack = 6ULL << kMemAttrShift;
constexpr std::uint64_t kReadWrite = 3ULL << 6;
constexpr std::uint64_t kOuterShareable = 2ULL << 8;
constexpr std::uint64_t kInnerShareable = 3ULL << 8;
constexpr std::uint64_t kAccessFlag = 1ULL << 10;
constexpr std::uint64_t kNs = 1ULL << 55;

constexpr std::uint64_t leaf(int level) { return kValid | (level == kPageLevel ? kTableOrPage : 0); }

// A5.5.11: Inner Shareable if the mapping is cacheable, else Outer Shareable.
constexpr std::uint64_t shareability(std::uint64_t attributes) {
  return (attributes & kMemAttrMask) >= kFwbNormalWriteBack ? kInnerShareable : kOuterShareable;
}

}  // namespace

std::string_view name(RttState state) {
  switch (state) {
    case RttState::kUnassigned: return "UNASSIGNED";
    case RttState::kAssigned: return "ASSIGNED";
    case RttState::kUnassignedNs: return "UNASSIGNED_NS";
    case RttState::kAssignedNs: return "ASSIGNED_NS";
    case RttState::kTable: return "TABLE";
  }
  return "unknown";
}

std::string_view name(Ripas ripas) {
  switch (ripas) {
    case Ripas::kEmpty: return "EMPTY";
    case Ripas::kRam: return "RAM";
    case Ripas::kDestroyed: return "DESTROYED";
  }
  return "unknown";
}

std::uint64_t encode(const RttEntry& entry, int level) {
  const std::uint64_t ripas = static_cast<std::uint64_t>(entry.ripas) << kRipasShift;
  switch (entry.state) {
    case RttState::kUnassigned: return ripas;
    case RttState::kUnassignedNs: return kNs;
    case RttState::kTable: return entry.address.value | kTableOrPage | kValid;
    case RttState::kAssigned:
      if (!entry.is_valid()) return entry.address.value | (1ULL << kHipasShift) | ripas;
      return entry.address.value | kFwbNormalWriteBack | kReadWrite | kInnerShareable | kAccessFlag | leaf(level);
    case RttState::kAssignedNs:
      return entry.address.value | entry.attributes | shareability(entry.attributes) | kAccessFlag | kNs | leaf(level);
  }
  return 0;
}

RttEntry decode(std::uint64_t descriptor, int level) {
  const abi::Pa address{descriptor & kDescriptorAddress};
  if ((descriptor & kValid) == 0) {
    if ((descriptor & kNs) != 0) return {.state = RttState::kUnassignedNs};
    const auto ripas = static_cast<Ripas>((descriptor >> kRipasShift) & 3);
    if (((descriptor >> kHipasShift) & 3) == 0) return {.state = RttState::kUnassigned, .ripas = ripas};
    return {.state = RttState::kAssigned, .ripas = ripas, .address = address};
  }
  if (level < kPageLevel && (descriptor & kTableOrPage) != 0) return {.state = RttState::kTable, .address = address};
  if ((descriptor & kNs) != 0)
    return {.state = RttState::kAssignedNs, .address = address, .attributes = descriptor & kHostAttributes};
  return {.state = RttState::kAssigned, .ripas = Ripas::kRam, .address = address};
}

bool descriptor_is_valid_for_unprotected(std::uint64_t descriptor) {
  return (descriptor & ~(kDescriptorAddress | kHostAttributes)) == 0 && (descriptor & kMemAttrMask) != kFwbReserved;
}

RttEntry entry_from_host_descriptor(std::uint64_t descriptor) {
  return {.state = RttState::kAssignedNs,
          .address = {descriptor & kDescriptorAddress},
          .attributes = descriptor & kHostAttributes};
}

std::uint64_t host_descriptor(const RttEntry& entry) {
  return entry.address.value | (entry.state == RttState::kAssignedNs ? entry.attributes : 0);
}

}  // namespace rmm::core
