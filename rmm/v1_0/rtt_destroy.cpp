// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.16 RMI_RTT_DESTROY
#include "rmm/core/rtt.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"ipa", 2}, {"level", 3}};
constexpr call::Parameter kOut[] = {{"rtt", 1}, {"top", 2}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"level_bound", kInput, "level is no RTT level of the realm, or its starting level", "level realm.rtt_level_start"},
    {"ipa_align", kInput, "ipa is not aligned to the range of an entry at level - 1", "ipa level"},
    {"ipa_bound", kInput, "ipa is outside the realm's IPA space", "ipa realm.ipa_width"},
    {"rtt_walk", kRtt, "the walk ended above level - 1", "walk.level level"},
    {"rtte_state", kRtt, "the entry is not a TABLE", "walk.rtte.state walk.level"},
    {"rtt_live", kRtt, "the RTT has TABLE or ASSIGNED entries", "walk.rtte.addr Rtt(walk.rtte.addr).live_entries"},
};
constexpr call::Before kBefore[] = {
    {"rd_bound rd_state", "rtt_walk rtte_state rtt_live"},
    {"level_bound ipa_bound", "rtt_walk rtte_state"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_RTT_DESTROY",
                                 .fid = abi::v1_0::kRmiRttDestroy,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect =
                                     "The RTT becomes DELEGATED, wiped; the entry UNASSIGNED with RIPAS "
                                     "DESTROYED, or UNASSIGNED_NS."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  const abi::Ipa ipa{c.in<"ipa">()};
  const auto level = static_cast<std::int64_t>(c.in<"level">());
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}}, "rtt_destroy");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (c.fails<"level_bound">(!core::level_is_valid(*realm, level) || core::level_is_starting(*realm, level)))
    return c.failed();
  if (c.fails<"ipa_align">(!core::is_level_aligned(ipa.value, level - 1))) return c.failed();
  if (c.fails<"ipa_bound">(ipa >= realm->ipa_end())) return c.failed();
  const int parent = static_cast<int>(level) - 1;
  const core::RttWalk walk = core::walk(c.core(), *realm, ipa, parent);
  c.sees(walk);
  const call::RttLevel reached{walk.level};
  c.output<"top">(core::skip_non_live(c.core(), walk, ipa).value);
  if (c.fails<"rtt_walk">(walk.level < parent)) return c.failed(reached);
  if (c.fails<"rtte_state">(walk.entry.state != core::RttState::kTable)) return c.failed(reached);
  const auto child = granule(walk.entry.address);
  // A5.5.8: an RTT is live iff something references it, which its count says.
  if (c.fails<"rtt_live">(c.state.granules.at(child).refcount != 0))
    return c.failed(call::RttLevel{static_cast<int>(level)});

  core::rtt_destroy(c.core(), realm, walk);
  return c.done(child.pa().value, core::skip_non_live(c.core(), walk, ipa).value);
}

}  // namespace

constexpr Row kRttDestroy = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
