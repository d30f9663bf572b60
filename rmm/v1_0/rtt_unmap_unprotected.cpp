// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.22 RMI_RTT_UNMAP_UNPROTECTED
#include "rmm/core/rtt.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"ipa", 2}, {"level", 3}};
constexpr call::Parameter kOut[] = {{"top", 1}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"level_bound", kInput, "level is no block or page level of the realm", "level realm.rtt_level_start"},
    {"ipa_align", kInput, "ipa is not aligned to the range of an entry at level", "ipa level"},
    {"ipa_bound", kInput, "ipa is not an Unprotected IPA", "ipa realm.ipa_width"},
    {"rtt_walk", kRtt, "the walk ended above level", "walk.level level"},
    {"rtte_state", kRtt, "the entry is not ASSIGNED_NS", "walk.rtte.state walk.level"},
};
constexpr call::Before kBefore[] = {
    {"rd_bound rd_state", "rtt_walk rtte_state"},
    {"level_bound ipa_bound", "rtt_walk rtte_state"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_RTT_UNMAP_UNPROTECTED",
                                 .fid = abi::v1_0::kRmiRttUnmapUnprotected,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "The Unprotected IPA is no longer mapped."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  const abi::Ipa ipa{c.in<"ipa">()};
  const auto level = static_cast<std::int64_t>(c.in<"level">());
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}}, "rtt_unmap_unprotected");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (c.fails<"level_bound">(!core::level_is_block_or_page(*realm, level))) return c.failed();
  if (c.fails<"ipa_align">(!core::is_level_aligned(ipa.value, level))) return c.failed();
  if (c.fails<"ipa_bound">(ipa >= realm->ipa_end() || realm->is_protected(ipa))) return c.failed();
  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, static_cast<int>(level));
  c.sees(walk);
  const call::RttLevel reached{walk.level};
  c.output<"top">(core::skip_non_live(c.core(), walk, ipa).value);
  if (c.fails<"rtt_walk">(walk.level < level)) return c.failed(reached);
  if (c.fails<"rtte_state">(walk.entry.state != core::RttState::kAssignedNs)) return c.failed(reached);

  core::unmap_unprotected(c.core(), realm, walk);
  return c.done(core::skip_non_live(c.core(), walk, ipa).value);
}

}  // namespace

constexpr Row kRttUnmapUnprotected = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
