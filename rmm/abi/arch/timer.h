// SPDX-License-Identifier: GPL-2.0-or-later
// The system counter: its frequency and what one count is in virtual time.
#pragma once

#include <cstdint>

namespace abi {

inline constexpr std::uint64_t kCounterFrequencyHz = 62'500'000;  // CNTFRQ_EL0
inline constexpr std::uint64_t kNsPerCount = 16;
static_assert(kCounterFrequencyHz * kNsPerCount == 1'000'000'000);

}  // namespace abi
