// SPDX-License-Identifier: GPL-2.0-or-later
// Memory on the bus that keeps its content when the platform is reset.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/dev/bus.h"

namespace sim {

struct NvmState {
  std::vector<std::uint8_t> bytes;
  auto members() { return std::tie(bytes); }
};

class Nvm : public BusDevice {
 public:
  // At power-on every byte is `fill`.
  Nvm(NvmState& state, std::uint64_t size, std::uint8_t fill) : state_(state) { state_.bytes.assign(size, fill); }

  std::uint64_t read(std::uint64_t offset, unsigned size) override {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= std::uint64_t{state_.bytes[offset + i]} << (8 * i);
    return value;
  }
  void write(std::uint64_t offset, unsigned size, std::uint64_t value) override {
    for (unsigned i = 0; i < size; ++i) state_.bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }

 private:
  NvmState& state_;
};

}  // namespace sim
