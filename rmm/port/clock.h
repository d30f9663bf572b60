// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual time: one monotone clock of the machine.
#pragma once

#include <cstdint>

#include "rmm/abi/arch/timer.h"

namespace rmm::port {

inline constexpr std::uint64_t kCounterFrequencyHz = abi::kCounterFrequencyHz;  // CNTFRQ_EL0; CNTPCT = now_ns / 16
inline constexpr std::uint64_t kNsPerCount = abi::kNsPerCount;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::uint64_t now_ns() const = 0;
  std::uint64_t count() const { return now_ns() / kNsPerCount; }  // CNTPCT_EL0 == CNTVCT_EL0 (A6.2: equal counters)
  // The fixed, documented cost of native work (host or monitor), added to virtual time.
  virtual void spend_ns(std::uint64_t ns) = 0;
};

}  // namespace rmm::port
