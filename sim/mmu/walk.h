// SPDX-License-Identifier: GPL-2.0-or-later
// What a translation can say: where it failed, and every descriptor it read on the way.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "rmm/abi/addr.h"

namespace sim {

enum class AccessKind : std::uint8_t { kRead, kWrite, kFetch };

enum class FaultKind : std::uint8_t {
  kNone,
  kAddressSize,
  kTranslation,
  kAccessFlag,
  kPermission,
  kGranuleProtection,  // the granule protection check refused the access
  kNoMemory,           // the physical address is not DRAM's: a device's, or nobody's. Only where stage 2 is off
};

// A failed translation. For stage 2 `ipa` is the address that stage 2 was asked for: with `s1ptw` that of a stage 1
// descriptor. `on_walk` tells a granule protection fault (or kNoMemory) on the read of a descriptor from one on the
// final access; the two have different status codes.
struct MmuFault {
  FaultKind kind = FaultKind::kNone;
  std::uint8_t stage = 0;  // 1 or 2
  std::int8_t level = 0;
  bool s1ptw = false;
  bool on_walk = false;
  abi::Ipa ipa;
  constexpr explicit operator bool() const { return kind != FaultKind::kNone; }
};

// The fault status code (DFSC, IFSC, PAR_EL1.FST) of a fault, Arm ARM D24.2.40.
std::uint64_t fault_status_code(const MmuFault& fault);

struct WalkStep {
  std::uint8_t stage;  // 1 or 2
  std::int8_t level;
  std::uint64_t address;  // of the descriptor: an IPA for stage 1, a PA for stage 2
  std::uint64_t descriptor;
};

// The descriptors of one translation in the order in which they were read. The longest walk of two stages with four
// levels each reads 4 * (4 + 1) + 4 of them.
class WalkLog {
 public:
  void add(const WalkStep& step) {
    if (size_ < steps_.size()) steps_[size_++] = step;
  }
  std::span<const WalkStep> steps() const { return {steps_.data(), size_}; }

 private:
  std::array<WalkStep, 24> steps_{};
  std::size_t size_ = 0;
};

}  // namespace sim
