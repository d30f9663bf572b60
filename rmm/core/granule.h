// SPDX-License-Identifier: GPL-2.0-or-later
// Granules: one state each, one lock each (DEN0137 A2.2). The table is sparse: a machine pays for what it touches.
//
// Lock order, documented once: granules in ascending PA within one call of lock_granules; then RD before REC, RD before
// RTT, an RTT before its child; never a granule while a REC runs.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>

#include "rmm/abi/addr.h"
#include "rmm/port/sync.h"

namespace rmm::core {

// A2.2.1. Who may reference each: UNDELEGATED, DELEGATED: nobody; RD: its RECs; REC: the PE that runs it; REC_AUX: its
// REC; DATA: one ASSIGNED entry; RTT: one parent entry or the RD (starting level).
enum class GranuleState : std::uint8_t { kUndelegated, kDelegated, kRd, kRec, kRecAux, kData, kRtt };
std::string_view name(GranuleState state);

struct Granule {
  GranuleState state = GranuleState::kUndelegated;
  std::uint16_t refcount = 0;  // I6: RD = its RECs; REC = 1 iff running; RTT = TABLE and ASSIGNED entries
  port::Lock lock;
  std::uint32_t object = 0;  // kRd: index into realms; kRec: index into recs
  auto members() { return std::tie(state, refcount, lock, object); }
};

}  // namespace rmm::core
