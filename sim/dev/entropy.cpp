// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dev/entropy.h"

#include <algorithm>
#include <cstring>

namespace sim {

void SeededEntropy::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const std::uint64_t word = state_.next();
    const std::size_t n = std::min(out.size(), sizeof word);
    std::memcpy(out.data(), &word, n);
    out = out.subspan(n);
  }
}

}  // namespace sim
