// SPDX-License-Identifier: GPL-2.0-or-later
// The simulator's only generator of numbers: xoshiro256** of Blackman and Vigna, seeded through splitmix64. A value.
// Deterministic and fast; not for cryptography, which the simulated machine has no need to resist.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <tuple>

namespace sim {

struct RandomState {
  std::array<std::uint64_t, 4> s{};
  auto members() { return std::tie(s); }
  constexpr bool operator==(const RandomState&) const = default;

  RandomState() : RandomState(0, 0) {}
  // Streams of one seed are independent: each consumer of the machine has its own.
  RandomState(std::uint64_t seed, std::uint64_t stream) {
    std::uint64_t x = seed ^ std::rotl(stream * 0x9e3779b97f4a7c15ULL, 32);
    for (auto& word : s) {
      x += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = x;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
    const std::uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    return result;
  }
  // A number in [0, bound). Precondition: bound > 0. The bias of the remainder is below 2^-32 for bounds below 2^32.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
};

}  // namespace sim
