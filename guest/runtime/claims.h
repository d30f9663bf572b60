// SPDX-License-Identifier: GPL-2.0-or-later
// What a program proves: one line for each claim, from whichever CPU, and the verdict as the last line.
#pragma once

#include <atomic>
#include <string_view>

namespace guest {

class Claims {
 public:
  constexpr explicit Claims(std::string_view program) : program_(program) {}

  // Prints the claim with "yes" or "NO". The program fails with the first claim that doesn't hold.
  void check(bool holds, std::string_view claim);
  // Prints "PROGRAM: passed" or "PROGRAM: FAILED" with the first broken claim, and powers the guest off.
  [[noreturn]] void conclude();

 private:
  std::string_view program_, broken_;
  std::atomic_flag console_;  // clear at start: C++20
};

}  // namespace guest
