// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.3 RMI_DATA_DESTROY
#include "rmm/core/rtt.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"ipa", 2}};
constexpr call::Parameter kOut[] = {{"data", 1}, {"top", 2}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"ipa_align", kInput, "ipa is not granule aligned", "ipa"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"ipa_bound", kInput, "ipa is not a Protected IPA", "ipa realm.ipa_width"},
    {"rtt_walk", kRtt, "the walk ended above page level", "walk.level"},
    {"rtte_state", kRtt, "the entry is not ASSIGNED", "walk.rtte.state walk.level"},
};
constexpr call::Before kBefore[] = {
    {"rd_bound rd_state", "rtt_walk rtte_state"},
    {"ipa_bound", "rtt_walk rtte_state"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_DATA_DESTROY",
                                 .fid = abi::v1_0::kRmiDataDestroy,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect =
                                     "The granule mapped at ipa becomes DELEGATED, wiped; RIPAS RAM becomes "
                                     "DESTROYED."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  const abi::Ipa ipa{c.in<"ipa">()};
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  if (c.fails<"ipa_align">(!abi::is_granule_aligned(ipa))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}}, "data_destroy");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (c.fails<"ipa_bound">(!realm->is_protected(ipa))) return c.failed();
  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, core::kPageLevel);
  c.sees(walk);
  const call::RttLevel level{walk.level};
  c.output<"top">(core::skip_non_live(c.core(), walk, ipa).value);
  if (c.fails<"rtt_walk">(walk.level < core::kPageLevel)) return c.failed(level);
  if (c.fails<"rtte_state">(walk.entry.state != core::RttState::kAssigned)) return c.failed(level);

  const abi::GranulePa data = core::unmap_data(c.core(), realm, walk);
  return c.done(data.pa().value, core::skip_non_live(c.core(), walk, ipa).value);
}

}  // namespace

constexpr Row kDataDestroy = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
