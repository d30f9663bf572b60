// SPDX-License-Identifier: GPL-2.0-or-later
// Outside input as the scheduler meets it: it arrives only at scheduling boundaries, at a virtual time.
#pragma once

#include <cstdint>
#include <optional>

#include "rmm/port/sync.h"

namespace sim {

// A point between two slices where input may arrive. Several boundaries can share one virtual time: `ordinal` counts
// them.
struct Boundary {
  std::uint64_t now_ns = 0;
  std::uint64_t ordinal = 0;
  bool idle = false;  // nothing runs: time will not reach any later boundary of this instant
};

class InputSource {
 public:
  virtual ~InputSource() = default;
  // When the next input that is already known becomes due.
  virtual std::optional<std::uint64_t> next_due_ns() const = 0;
  // Lets input arrive that is due at `at`, known or live. True: something did, wake arrived().
  virtual bool deliver(const Boundary& at) = 0;
  virtual rmm::port::WaitQueue& arrived() = 0;
};

}  // namespace sim
