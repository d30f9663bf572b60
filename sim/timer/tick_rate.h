// SPDX-License-Identifier: GPL-2.0-or-later
// A device's clock: which of its ticks have passed at a virtual time.
#pragma once

#include <cstdint>

namespace sim {

struct TickRate {
  std::uint64_t hz = 1;  // 1 to 1'000'000'000

  static constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

  constexpr std::uint64_t ticks_at(std::uint64_t now_ns) const {
    return now_ns / kNsPerSecond * hz + now_ns % kNsPerSecond * hz / kNsPerSecond;
  }
  // The first virtual time at which `tick` has passed. Precondition: it comes within the clock's 64 bits of
  // nanoseconds.
  constexpr std::uint64_t ns_of(std::uint64_t tick) const {
    return tick / hz * kNsPerSecond + (tick % hz * kNsPerSecond + hz - 1) / hz;
  }
};

}  // namespace sim
