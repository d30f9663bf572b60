// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.15 RMI_RTT_CREATE
#include "rmm/core/rtt.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"rtt", 2}, {"ipa", 3}, {"level", 4}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"rtt_align", kInput, "rtt is not granule aligned", "rtt"},
    {"rtt_bound", kInput, "rtt is not delegable", "rtt"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"rtt_state", kInput, "rtt is not DELEGATED", "rtt Granule(rtt).state"},
    {"rtt_bound2", kInput, "rtt is at or above 2^48 and the realm has no LPA2", "rtt realm.feat_lpa2"},
    {"level_bound", kInput, "level is no RTT level of the realm, or its starting level", "level realm.rtt_level_start"},
    {"ipa_align", kInput, "ipa is not aligned to the range of an entry at level - 1", "ipa level"},
    {"ipa_bound", kInput, "ipa is outside the realm's IPA space", "ipa realm.ipa_width"},
    {"rtt_walk", kRtt, "the walk ended above level - 1", "walk.level level"},
    {"rtte_state", kRtt, "the entry is a TABLE already", "walk.rtte.state walk.level"},
};
constexpr call::Before kBefore[] = {
    {"rd_bound rd_state", "rtt_walk rtte_state"},
    {"level_bound ipa_bound", "rtt_walk rtte_state"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_RTT_CREATE",
                                 .fid = abi::v1_0::kRmiRttCreate,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "rtt becomes an RTT below the entry, filled with the entry's state."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()}, rtt{c.in<"rtt">()};
  const abi::Ipa ipa{c.in<"ipa">()};
  const auto level = static_cast<std::int64_t>(c.in<"level">());
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  if (c.fails<"rtt_align">(!aligned(rtt))) return c.failed();
  if (c.fails<"rtt_bound">(!delegable(c, rtt))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}, {granule(rtt), GranuleState::kDelegated}},
                                 "rtt_create");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  if (c.fails<"rtt_state">(!locks.matches(1))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (c.fails<"rtt_bound2">(!realm->lpa2 && rtt.value >= kAddressLimitWithoutLpa2)) return c.failed();
  if (c.fails<"level_bound">(!core::level_is_valid(*realm, level) || core::level_is_starting(*realm, level)))
    return c.failed();
  if (c.fails<"ipa_align">(!core::is_level_aligned(ipa.value, level - 1))) return c.failed();
  if (c.fails<"ipa_bound">(ipa >= realm->ipa_end())) return c.failed();
  const int parent = static_cast<int>(level) - 1;
  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, parent);
  c.sees(walk);
  const call::RttLevel reached{walk.level};
  if (c.fails<"rtt_walk">(walk.level < parent)) return c.failed(reached);
  if (c.fails<"rtte_state">(walk.entry.state == core::RttState::kTable)) return c.failed(reached);

  core::rtt_create(c.core(), realm, walk, locks.as<GranuleState::kDelegated>(1));
  return c.done();
}

}  // namespace

constexpr Row kRttCreate = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
