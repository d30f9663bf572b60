// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.2 RMI_DATA_CREATE_UNKNOWN. Legal in every state of the realm: the page has no realm_state.
#include "rmm/core/rtt.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"data", 2}, {"ipa", 3}};
constexpr call::Condition kConditions[] = {
    {"data_align", kInput, "data is not granule aligned", "data"},
    {"data_bound", kInput, "data is not delegable", "data"},
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"ipa_align", kInput, "ipa is not granule aligned", "ipa"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"data_state", kInput, "data is not DELEGATED", "data Granule(data).state"},
    {"data_bound2", kInput, "data is at or above 2^48 and the realm has no LPA2", "data realm.feat_lpa2"},
    {"ipa_bound", kInput, "ipa is not a Protected IPA", "ipa realm.ipa_width"},
    {"rtt_walk", kRtt, "the walk ended above page level", "walk.level"},
    {"rtte_state", kRtt, "the entry is not UNASSIGNED", "walk.rtte.state walk.level"},
};
constexpr call::Before kBefore[] = {
    {"rd_bound rd_state", "rtt_walk rtte_state"},
    {"ipa_bound", "rtt_walk rtte_state"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_DATA_CREATE_UNKNOWN",
                                 .fid = abi::v1_0::kRmiDataCreateUnknown,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "data becomes DATA with wiped contents, mapped at ipa; RIPAS stays."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()}, data{c.in<"data">()};
  const abi::Ipa ipa{c.in<"ipa">()};
  if (c.fails<"data_align">(!aligned(data))) return c.failed();
  if (c.fails<"data_bound">(!delegable(c, data))) return c.failed();
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  if (c.fails<"ipa_align">(!abi::is_granule_aligned(ipa))) return c.failed();

  const core::GranuleLocks locks(
      c.core(), {{granule(rd), GranuleState::kRd}, {granule(data), GranuleState::kDelegated}}, "data_create_unknown");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  if (c.fails<"data_state">(!locks.matches(1))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (c.fails<"data_bound2">(!realm->lpa2 && data.value >= kAddressLimitWithoutLpa2)) return c.failed();
  if (c.fails<"ipa_bound">(!realm->is_protected(ipa))) return c.failed();
  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, core::kPageLevel);
  c.sees(walk);
  const call::RttLevel level{walk.level};
  if (c.fails<"rtt_walk">(walk.level < core::kPageLevel)) return c.failed(level);
  if (c.fails<"rtte_state">(walk.entry.state != core::RttState::kUnassigned)) return c.failed(level);

  core::map_data(c.core(), realm, walk, locks.as<GranuleState::kDelegated>(1), walk.entry.ripas);
  return c.done();
}

}  // namespace

constexpr Row kDataCreateUnknown = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
