// SPDX-License-Identifier: GPL-2.0-or-later
// Randomness of the simulated platform: one stream of the machine's seed per consumer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/port/console.h"
#include "rmm/port/entropy.h"
#include "sim/dev/random_state.h"

namespace sim {

inline constexpr std::uint64_t kMonitorEntropyStream = 0x726d6d;  // "rmm"
inline constexpr std::uint64_t kHostEntropyStream = 0x686f7374;   // "host"

// Serves whichever port it is bound to; bind one object per stream.
class SeededEntropy : public rmm::port::Entropy, public host::port::HostEntropy {
 public:
  explicit SeededEntropy(RandomState& state) : state_(state) {}
  void fill(std::span<std::byte> out) override;

 private:
  RandomState& state_;
};

}  // namespace sim
