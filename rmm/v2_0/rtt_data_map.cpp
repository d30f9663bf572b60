// SPDX-License-Identifier: GPL-2.0-or-later
// RMM 2.0-bet1 RMI_RTT_DATA_MAP: 1.0's RMI_DATA_CREATE_UNKNOWN for each page of a range. Legal in every state of the
// realm; RIPAS and RIM stay.
#include "rmm/core/rtt.h"
#include "rmm/v2_0/commands.h"
#include "rmm/v2_0/output_addresses.h"
#include "rmm/v2_0/range.h"

namespace rmm::v2_0 {
namespace {

using abi::v2_0::OutputAddressType;
using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"base", 2}, {"top", 3}, {"flags", 4}, {"oaddr", 5}};
constexpr call::Parameter kOut[] = {{"out_top", 1}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned"},
    {"rd_bound", kUntracked, "rd is not delegable"},
    {"base_align", kInput, "base is not granule aligned"},
    {"top_align", kInput, "top is not granule aligned"},
    {"size_valid", kInput, "top is not above base"},
    {"oaddr_type", kInput, "the output addresses are neither one descriptor nor a list"},
    {"list_align", kInput, "the list is not aligned to 8 bytes"},
    {"list_pas", kInput, "the list is not accessible in the Non-secure PAS"},
    {"oaddr_align", kInput, "an output address is not aligned to its block size"},
    {"oaddr_size", kInput, "the output addresses are not as many bytes as the range"},
    {"data_bound", kTracking, "the first output address is not delegable"},
    {"rd_state", kInput, "rd is not an RD"},
    {"data_state", kInput, "the first granule is not DELEGATED"},
    {"data_bound2", kInput, "the first granule is at or above 2^48 and the realm has no LPA2"},
    {"rgn_bound", kInput, "the range is not in Protected IPA space"},
    {"rtte_state", kRtt, "the entry at base is not UNASSIGNED"},
    {"rtte_size", kRtt, "the entry at base is larger than a page: the host creates the table below it"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_RTT_DATA_MAP",
                                 .fid = abi::v2_0::kRmiRttDataMap,
                                 .versions = call::kVersion20,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .effect = "The granules become DATA, wiped, mapped up to out_top; RIPAS stays."};

struct Range {
  abi::Pa rd;
  abi::Ipa base, top;
};

// One page: what RMI_DATA_CREATE_UNKNOWN of 1.0 does, under the same locks.
bool map_page(call::Call<kCommand>& c, RangeItem<kCommand>& item, const Range& range, abi::Ipa ipa, abi::Pa data) {
  if (item.stops<"data_bound">(!delegable(c, data))) return false;
  const core::GranuleLocks locks(
      c.core(), {{granule(range.rd), GranuleState::kRd}, {granule(data), GranuleState::kDelegated}}, "rtt_data_map");
  if (item.stops<"rd_state">(!locks.matches(0))) return false;
  if (item.stops<"data_state">(!locks.matches(1))) return false;
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (item.stops<"data_bound2">(!realm->lpa2 && data.value >= kAddressLimitWithoutLpa2)) return false;
  if (item.stops<"rgn_bound">(!realm->is_protected(range.top - 1))) return false;
  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, core::kPageLevel);
  item.level = {walk.level};
  if (item.stops<"rtte_state">(walk.entry.state != core::RttState::kUnassigned)) return false;
  if (item.stops<"rtte_size">(walk.level < core::kPageLevel)) return false;

  core::map_data(c.core(), realm, walk, locks.as<GranuleState::kDelegated>(1), walk.entry.ripas);
  return true;
}

call::Outcome handle(call::Call<kCommand>& c) {
  const Range range{.rd = abi::Pa{c.in<"rd">()}, .base = abi::Ipa{c.in<"base">()}, .top = abi::Ipa{c.in<"top">()}};
  const auto flags = abi::v2_0::ProtMapFlags::from_raw(c.in<"flags">());
  const abi::Pa list{c.in<"oaddr">()};
  if (c.fails<"rd_align">(!aligned(range.rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, range.rd))) return c.failed();
  if (c.fails<"base_align">(!abi::is_granule_aligned(range.base))) return c.failed();
  if (c.fails<"top_align">(!abi::is_granule_aligned(range.top))) return c.failed();
  if (c.fails<"size_valid">(range.top <= range.base)) return c.failed();
  const bool is_list = flags.oaddr_type == static_cast<std::uint8_t>(OutputAddressType::kList);
  const bool is_single = flags.oaddr_type == static_cast<std::uint8_t>(OutputAddressType::kSingle);
  if (c.fails<"oaddr_type">(!is_list && !is_single)) return c.failed();
  if (c.fails<"list_align">(is_list && !abi::is_aligned(list.value, sizeof(std::uint64_t)))) return c.failed();
  const auto addresses =
      is_list ? OutputAddresses::from_list(c, list, flags.list_count) : OutputAddresses::single(c.in<"oaddr">());
  if (c.fails<"list_pas">(!addresses)) return c.failed();
  if (c.fails<"oaddr_align">(!addresses->is_aligned())) return c.failed();
  if (c.fails<"oaddr_size">(addresses->size() != range.top - range.base)) return c.failed();
  return over_range(c, range.base, range.top, abi::kGranuleSize, [&](RangeItem<kCommand>& item, abi::Ipa ipa) {
    return map_page(c, item, range, ipa, addresses->at(ipa - range.base));
  });
}

}  // namespace

constexpr Row kRttDataMap = make_row<kCommand, handle>();

}  // namespace rmm::v2_0
