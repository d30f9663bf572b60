// SPDX-License-Identifier: GPL-2.0-or-later
// The end of the host kernel: a bug of the simulated host (or of the simulator), never of a user or a guest.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace host::kvm {

template <class... Args>
[[noreturn]] void panic(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "ccasim: host kernel panic: {}\n", fmt::format(format, std::forward<Args>(args)...));
  std::abort();
}

}  // namespace host::kvm
