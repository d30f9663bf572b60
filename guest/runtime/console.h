// SPDX-License-Identifier: GPL-2.0-or-later
// Text output on the PL011. Not locked: programs with several CPUs bring their own lock.
#pragma once

#include <cstdint>
#include <string_view>

#include "rmm/abi/addr.h"

namespace guest {

inline constexpr abi::Ipa kConsole{0x0900'0000};  // as the VMM lays devices out

struct Hex {
  std::uint64_t value;
};

void print_one(std::string_view text);
void print_one(std::uint64_t decimal);
void print_one(Hex hexadecimal);  // with 0x, without leading zeros

// Prints its arguments one after the other: text, unsigned decimal numbers, Hex.
template <class... Part>
void print(const Part&... parts) {
  (print_one(parts), ...);
}

}  // namespace guest
