// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses that read as one byte over and over and ignore writes, as PCI Express configuration space without a device
// reads as all ones.
#pragma once

#include <cstdint>

#include "sim/dev/bus.h"

namespace sim {

class ConstantRegion : public BusDevice {
 public:
  explicit ConstantRegion(std::uint8_t byte) : pattern_(byte * 0x0101'0101'0101'0101ULL) {}
  std::uint64_t read(std::uint64_t /*offset*/, unsigned size) override { return pattern_ >> (64 - 8 * size); }
  void write(std::uint64_t /*offset*/, unsigned /*size*/, std::uint64_t /*value*/) override {}
  std::optional<std::uint8_t> constant() const override { return static_cast<std::uint8_t>(pattern_); }

 private:
  std::uint64_t pattern_;
};

}  // namespace sim
