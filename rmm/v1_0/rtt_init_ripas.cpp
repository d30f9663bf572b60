// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.18 RMI_RTT_INIT_RIPAS
#include "rmm/core/ripas.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"base", 2}, {"top", 3}};
constexpr call::Parameter kOut[] = {{"out_top", 1}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"size_valid", kInput, "top is not above base", "base top"},
    {"top_bound", kInput, "the last granule below top is not a Protected IPA", "top realm.ipa_width"},
    {"realm_state", kRealm, "the realm is not NEW", "realm.state"},
    {"top_gran_align", kInput, "top is not granule aligned", "top"},
    {"base_align", kRtt, "base is not aligned to the range of the entry where the walk ended", "base walk.level"},
    {"rtte_state", kRtt, "the entry at base is not UNASSIGNED", "walk.rtte.state walk.level"},
    {"no_progress", kRtt, "the entry at base ends above top", "base top walk.rtte.end"},
};
constexpr call::Before kBefore[] = {
    {"rd_bound rd_state", "realm_state"},
    {"rd_bound rd_state", "base_align rtte_state"},
    {"rd_bound rd_state", "no_progress"},
    {"top_gran_align", "no_progress"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_RTT_INIT_RIPAS",
                                 .fid = abi::v1_0::kRmiRttInitRipas,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "RIPAS of the range up to out_top is RAM; the RIM is extended per entry."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  const abi::Ipa base{c.in<"base">()}, top{c.in<"top">()};
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}}, "rtt_init_ripas");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (c.fails<"size_valid">(top <= base)) return c.failed();
  // For top below one granule the difference wraps and is not a Protected IPA either.
  if (c.fails<"top_bound">(!realm->is_protected(top - abi::kGranuleSize))) return c.failed();
  const core::RealmState state = realm->state.load(c.platform.sync, "rtt_init_ripas", rd.value);
  if (c.fails<"realm_state">(state != core::RealmState::kNew)) return c.failed();
  if (c.fails<"top_gran_align">(!abi::is_granule_aligned(top))) return c.failed();
  const core::RttWalk walk = core::walk(c.core(), *realm, base, core::kPageLevel);
  c.sees(walk);
  const call::RttLevel level{walk.level};
  if (c.fails<"base_align">(!core::is_level_aligned(base.value, walk.level))) return c.failed(level);
  if (c.fails<"rtte_state">(walk.entry.state != core::RttState::kUnassigned)) return c.failed(level);
  if (c.fails<"no_progress">(walk.range().top > top)) return c.failed(level);
  return c.done(core::init_ripas(c.core(), realm, walk, top).value);
}

}  // namespace

constexpr Row kRttInitRipas = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
