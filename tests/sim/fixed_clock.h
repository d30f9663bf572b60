// SPDX-License-Identifier: GPL-2.0-or-later
// A clock that stands where a test puts it.
#pragma once

#include <cstdint>

#include "rmm/port/clock.h"

namespace sim::test {

struct FixedClock : rmm::port::Clock {
  std::uint64_t now = 0;
  std::uint64_t now_ns() const override { return now; }
  void spend_ns(std::uint64_t ns) override { now += ns; }
};

}  // namespace sim::test
