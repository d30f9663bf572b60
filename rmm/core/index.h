// SPDX-License-Identifier: GPL-2.0-or-later
// Indices of realms and RECs: the lowest free one is given out first, so that runs repeat exactly.
#pragma once

#include <cstdint>
#include <map>

namespace rmm::core {

template <class Value>
std::uint32_t lowest_free_index(const std::map<std::uint32_t, Value>& objects) {
  std::uint32_t index = 0;
  for (const auto& [used, value] : objects) {
    if (used != index) break;
    ++index;
  }
  return index;
}

}  // namespace rmm::core
