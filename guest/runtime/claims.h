// SPDX-License-Identifier: GPL-2.0-or-later
// What a program proves, and the verdict as the last line. CPU 0 prints each of its claims; the other CPUs, which prove
// the same at the same time, print only claims that don't hold: a console that is waited for would hide their races.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace guest {

class Claims {
 public:
  constexpr explicit Claims(std::string_view program) : program_(program) {}

  // A claim of the CPU that calls. The program fails with the first one that doesn't hold.
  void check(bool holds, std::string_view claim);
  bool all_held() const { return !breaking_.test(); }
  // Prints how many claims held and "PROGRAM: passed", or "PROGRAM: FAILED" with the first broken claim; powers off.
  [[noreturn]] void conclude();

 private:
  std::string_view program_, broken_;
  std::atomic<std::uint64_t> held_ = 0;
  std::atomic_flag breaking_;  // clear at start: C++20
};

}  // namespace guest
