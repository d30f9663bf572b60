// SPDX-License-Identifier: GPL-2.0-or-later
// A device that acts by itself as virtual time goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace sim {

class TimedDevice {
 public:
  virtual ~TimedDevice() = default;
  // Lets happen what is due at `now_ns`: interrupt lines move. Time never goes back.
  virtual void advance(std::uint64_t now_ns) = 0;
  // The virtual time at which the device would next do something by itself, if ever.
  virtual std::optional<std::uint64_t> next_event_ns() const = 0;
  // The device asks for a reset of the platform.
  virtual bool reset_requested() const = 0;
  // As after power-on.
  virtual void reset() = 0;
};

// Drives an interrupt line.
using SetIrq = std::function<void(bool level)>;

}  // namespace sim
