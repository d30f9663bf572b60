// SPDX-License-Identifier: GPL-2.0-or-later
// Randomness of the simulated platform: a function of the machine's seed, never of the host.
#pragma once

#include <cstddef>
#include <span>

namespace rmm::port {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::byte> out) = 0;
};

}  // namespace rmm::port
