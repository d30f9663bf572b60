// SPDX-License-Identifier: GPL-2.0-or-later
// SMC registers as they cross an exception level: X0..X17 in, X0..X17 out (SMCCC 1.2).
#pragma once

#include <array>
#include <cstdint>

namespace abi {

struct SmcRegs {
  std::array<std::uint64_t, 18> x{};
  constexpr bool operator==(const SmcRegs&) const = default;
  constexpr std::uint32_t fid() const { return static_cast<std::uint32_t>(x[0]); }
};

inline constexpr std::uint64_t kSmcNotSupported = ~0ULL;  // SMCCC: unknown function identifier

}  // namespace abi
