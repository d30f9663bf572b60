// SPDX-License-Identifier: GPL-2.0-or-later
// One value per granule, by dense number: made 512 at a time where the first is asked for.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace sim {

template <class Value>
class GranuleMap {
 public:
  explicit GranuleMap(std::size_t granules) : chunks_((granules + kChunk - 1) / kChunk) {}

  // The granule's value, Value{} at first; the reference stays valid.
  Value& operator[](std::size_t n) {
    auto& chunk = chunks_[n / kChunk];
    if (chunk == nullptr) chunk = std::make_unique<Chunk>();
    return (*chunk)[n % kChunk];
  }
  // nullptr: nobody asked for it or for a neighbour yet.
  const Value* find(std::size_t n) const {
    const auto& chunk = chunks_[n / kChunk];
    return chunk == nullptr ? nullptr : &(*chunk)[n % kChunk];
  }

 private:
  static constexpr std::size_t kChunk = 512;
  using Chunk = std::array<Value, kChunk>;
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace sim
