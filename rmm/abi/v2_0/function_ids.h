// SPDX-License-Identifier: GPL-2.0-or-later
// Function identifiers of RMM 2.0 that rmm/v2_0 answers. They are the same in every beta.
#pragma once

#include <cstdint>

namespace abi::v2_0 {

inline constexpr std::uint32_t kRmiVersion = 0xC4000150;
inline constexpr std::uint32_t kRmiFeatures = 0xC4000165;
inline constexpr std::uint32_t kRmiGranuleRangeDelegate = 0xC40001F1;
inline constexpr std::uint32_t kRmiGranuleRangeUndelegate = 0xC40001F2;
inline constexpr std::uint32_t kRmiRttDataMap = 0xC40001F5;
inline constexpr std::uint32_t kRmiRealmTerminate = 0xC4000201;

}  // namespace abi::v2_0
