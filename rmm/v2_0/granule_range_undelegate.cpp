// SPDX-License-Identifier: GPL-2.0-or-later
// RMM 2.0-bet1 RMI_GRANULE_RANGE_UNDELEGATE: 1.0's RMI_GRANULE_UNDELEGATE for each granule of a range.
#include "rmm/core/granule_locks.h"
#include "rmm/core/granule_state.h"
#include "rmm/v2_0/commands.h"
#include "rmm/v2_0/range.h"

namespace rmm::v2_0 {
namespace {

constexpr call::Parameter kIn[] = {{"base", 1}, {"top", 2}};
constexpr call::Parameter kOut[] = {{"out_top", 1}};
constexpr call::Condition kConditions[] = {
    {"base_align", kInput, "base is not granule aligned"},
    {"top_align", kInput, "top is not granule aligned"},
    {"size_valid", kInput, "top is not above base"},
    {"gran_bound", kUntracked, "the granule at base is not delegable"},
    {"gran_state", kInput, "the granule at base is not DELEGATED"},
};
constexpr call::Command kCommand{
    .interface = port::Interface::kRmi,
    .name = "RMI_GRANULE_RANGE_UNDELEGATE",
    .fid = abi::v2_0::kRmiGranuleRangeUndelegate,
    .versions = call::kVersion20,
    .in = kIn,
    .out = kOut,
    .conditions = kConditions,
    .effect = "The granules up to out_top become UNDELEGATED, wiped, in the Non-secure PAS."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa base{c.in<"base">()}, top{c.in<"top">()};
  if (c.fails<"base_align">(!aligned(base))) return c.failed();
  if (c.fails<"top_align">(!aligned(top))) return c.failed();
  if (c.fails<"size_valid">(top <= base)) return c.failed();
  return over_range(c, base, top, abi::kGranuleSize, [&](RangeItem<kCommand>& item, abi::Pa at) {
    if (item.stops<"gran_bound">(!delegable(c, at))) return false;
    const core::GranuleLocks locks(c.core(), {{granule(at), core::GranuleState::kDelegated}},
                                   "granule_range_undelegate");
    if (item.stops<"gran_state">(!locks.matches(0))) return false;
    core::undelegate(c.core(), granule(at));
    return true;
  });
}

}  // namespace

constexpr Row kGranuleRangeUndelegate = make_row<kCommand, handle>();

}  // namespace rmm::v2_0
