// SPDX-License-Identifier: GPL-2.0-or-later
// One bit per granule, by dense number.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim {

class GranuleBits {
 public:
  GranuleBits() = default;
  explicit GranuleBits(std::size_t count) : words_((count + 63) / 64) {}

  bool test(std::size_t n) const { return (words_[n / 64] >> (n % 64) & 1U) != 0; }
  void set(std::size_t n) { words_[n / 64] |= 1ULL << (n % 64); }
  void clear(std::size_t n) { words_[n / 64] &= ~(1ULL << (n % 64)); }
  void clear_all() { words_.assign(words_.size(), 0); }
  std::uint64_t count() const {
    std::uint64_t total = 0;
    for (const auto word : words_) total += static_cast<std::uint64_t>(std::popcount(word));
    return total;
  }
  // Calls visit(number) for every set bit in ascending order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t w = 0; w < words_.size(); ++w)
      for (std::uint64_t rest = words_[w]; rest != 0; rest &= rest - 1)
        visit(w * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
  }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace sim
