// SPDX-License-Identifier: GPL-2.0-or-later
// Six RMI commands of RMM 2.0-bet1: one row each, one file each, over the same core as rmm/v1_0.
#pragma once

#include <cstdint>

#include "rmm/abi/v2_0/bet1.h"
#include "rmm/abi/v2_0/function_ids.h"
#include "rmm/abi/v2_0/types.h"
#include "rmm/call/granule_arguments.h"
#include "rmm/call/row.h"

namespace rmm::v2_0 {

using call::aligned;
using call::delegable;
using call::granule;
using call::kAddressLimitWithoutLpa2;
using call::make_row;
using call::read_host;
using call::Row;

extern const Row kVersion, kFeatures;
extern const Row kGranuleRangeDelegate, kGranuleRangeUndelegate;
extern const Row kRttDataMap;
extern const Row kRealmTerminate;

inline constexpr std::uint64_t kInput = static_cast<std::uint64_t>(abi::v2_0::RmiStatus::kErrorInput);
inline constexpr std::uint64_t kRealm = static_cast<std::uint64_t>(abi::v2_0::RmiStatus::kErrorRealm);
inline constexpr std::uint64_t kRtt = static_cast<std::uint64_t>(abi::v2_0::RmiStatus::kErrorRtt);
inline constexpr std::uint64_t kTracking = static_cast<std::uint64_t>(abi::v2_0::RmiStatus::kErrorTracking);
inline constexpr std::uint64_t kUntracked = static_cast<std::uint64_t>(abi::v2_0::kUntrackedGranule);

}  // namespace rmm::v2_0
