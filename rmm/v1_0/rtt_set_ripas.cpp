// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.21 RMI_RTT_SET_RIPAS. The page tests no realm state.
#include <algorithm>

#include "rmm/core/ripas.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"rec_ptr", 2}, {"base", 3}, {"top", 4}};
constexpr call::Parameter kOut[] = {{"out_top", 1}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"rec_align", kInput, "rec_ptr is not granule aligned", "rec_ptr"},
    {"rec_bound", kInput, "rec_ptr is not delegable", "rec_ptr"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"rec_gran_state", kInput, "rec_ptr is not a REC", "rec_ptr Granule(rec_ptr).state"},
    {"rec_state", kRec, "the REC is running", "rec.state"},
    {"rec_owner", kRec, "the REC belongs to another realm", "rec.owner rd"},
    {"size_valid", kInput, "top is not above base", "base top"},
    {"base_bound", kInput, "base is not the next address of the REC's RIPAS change", "base rec.ripas_addr"},
    {"top_bound", kInput, "top is above the REC's RIPAS change", "top rec.ripas_top"},
    {"top_gran_align", kInput, "top is not granule aligned", "top"},
    {"base_align", kRtt, "base is not aligned to its entry, whose RIPAS differs from the requested one",
     "base walk.level walk.rtte.ripas rec.ripas_value"},
    {"no_progress", kRtt, "the entry at base, whose RIPAS differs, ends above top or may not change",
     "base top walk.rtte.end walk.rtte.ripas rec.ripas_value"},
};
constexpr call::Before kBefore[] = {
    {"rd_bound rd_state", "base_align"},
    {"rd_bound rd_state", "no_progress"},
    {"rec_bound rec_gran_state", "rec_state rec_owner"},
    {"base_bound", "base_align"},
    {"top_gran_align", "no_progress"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_RTT_SET_RIPAS",
                                 .fid = abi::v1_0::kRmiRttSetRipas,
                                 .in = kIn,
                                 .out = kOut,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "RIPAS of the range up to out_top is what the realm asked for."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()}, rec_ptr{c.in<"rec_ptr">()};
  const abi::Ipa base{c.in<"base">()}, top{c.in<"top">()};
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  if (c.fails<"rec_align">(!aligned(rec_ptr))) return c.failed();
  if (c.fails<"rec_bound">(!delegable(c, rec_ptr))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}, {granule(rec_ptr), GranuleState::kRec}},
                                 "rtt_set_ripas");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  if (c.fails<"rec_gran_state">(!locks.matches(1))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  core::Rec& rec = c.state.recs.at(locks.as<GranuleState::kRec>(1).record().object);
  const core::RecState state = rec.state.load(c.platform.sync, "rtt_set_ripas", rec_ptr.value);
  if (c.fails<"rec_state">(state == core::RecState::kRunning)) return c.failed();
  if (c.fails<"rec_owner">(rec.owner != realm->rd)) return c.failed();
  if (c.fails<"size_valid">(top <= base)) return c.failed();
  if (c.fails<"base_bound">(base != rec.ripas.addr)) return c.failed();
  if (c.fails<"top_bound">(top > rec.ripas.top)) return c.failed();
  if (c.fails<"top_gran_align">(!abi::is_granule_aligned(top))) return c.failed();

  const core::RttWalk walk = core::walk(c.core(), *realm, base, core::kPageLevel);
  c.sees(walk);
  const call::RttLevel level{walk.level};
  const bool changes = walk.entry.ripas != rec.ripas.value;
  const bool base_is_aligned = core::is_level_aligned(base.value, walk.level);
  if (c.fails<"base_align">(changes && !base_is_aligned)) return c.failed(level);
  abi::Ipa out_top = base;
  if (base_is_aligned)
    out_top = core::set_ripas(c.core(), realm, walk, top, rec.ripas.value, rec.ripas.change_destroyed);
  // D6: where the RIPAS is as requested already, part of an entry counts as progress.
  if (out_top == base && !changes) out_top = std::min(top, walk.range().top);
  if (c.fails<"no_progress">(out_top == base)) return c.failed(level);

  rec.ripas.addr = out_top;
  return c.done(out_top.value);
}

}  // namespace

constexpr Row kRttSetRipas = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
