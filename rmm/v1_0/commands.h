// SPDX-License-Identifier: GPL-2.0-or-later
// The RMI commands of DEN0137 1.0-rel0: one row each, one file each (B4.3), and the statuses they share.
#pragma once

#include <array>
#include <cstdint>

#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/call/granule_arguments.h"
#include "rmm/call/row.h"

namespace rmm::v1_0 {

using call::aligned;
using call::delegable;
using call::granule;
using call::kAddressLimitWithoutLpa2;
using call::make_row;
using call::read_host;
using call::Row;

extern const Row kVersion, kFeatures;
extern const Row kGranuleDelegate, kGranuleUndelegate;
extern const Row kRealmCreate, kRealmActivate, kRealmDestroy;
extern const Row kRecAuxCount, kRecCreate, kRecDestroy, kRecEnter, kPsciComplete;
extern const Row kDataCreate, kDataCreateUnknown, kDataDestroy;
extern const Row kRttCreate, kRttDestroy, kRttFold, kRttReadEntry;
extern const Row kRttMapUnprotected, kRttUnmapUnprotected;
extern const Row kRttInitRipas, kRttSetRipas;

inline constexpr std::uint64_t kInput = static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorInput);
inline constexpr std::uint64_t kRealm = static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorRealm);
inline constexpr std::uint64_t kRec = static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorRec);
inline constexpr std::uint64_t kRtt = static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorRtt);

}  // namespace rmm::v1_0
