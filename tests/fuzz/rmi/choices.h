// SPDX-License-Identifier: GPL-2.0-or-later
// Where the fuzzer's decisions come from: a seeded generator, or the bytes of a libFuzzer input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

namespace fuzz {

class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(seed) {}
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  // Bytes of an input are used up; a seed never ends.
  bool exhausted() const { return bytes_ && used_ >= bytes_->size(); }

  std::uint64_t bits() { return bytes_ ? take(8) : next(); }
  // 0 .. n-1. Precondition: n > 0.
  std::uint64_t below(std::uint64_t n) {
    if (bytes_) return take(n <= 0x100 ? 1 : n <= 0x10000 ? 2 : 8) % n;
    return n <= 1ULL << 32 ? ((next() >> 32) * n) >> 32 : next() % n;
  }
  bool percent(unsigned share) { return below(100) < share; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T>
  T one_of(std::initializer_list<T> list) {
    return *(list.begin() + below(list.size()));
  }
  template <class Range>
  auto& element(Range& range) {
    return range[below(range.size())];
  }

 private:
  // SplitMix64 (Steele, Lea, Flood 2014).
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t take(std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count && used_ < bytes_->size(); ++i)
      value |= std::uint64_t{(*bytes_)[used_++]} << (8 * i);
    return value;
  }

  std::uint64_t state_ = 0;
  std::optional<std::span<const std::uint8_t>> bytes_;
  std::size_t used_ = 0;
};

}  // namespace fuzz
