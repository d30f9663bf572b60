// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.12 RMI_REC_CREATE
#include <algorithm>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/core/rec_lifecycle.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using abi::v1_0::RecParams;
using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"rec", 2}, {"params_ptr", 3}};
constexpr call::Condition kConditions[] = {
    {"params_align", kInput, "params_ptr is not granule aligned", "params_ptr"},
    {"params_bound", kInput, "params_ptr is not delegable", "params_ptr"},
    {"rec_align", kInput, "rec is not granule aligned", "rec"},
    {"rec_bound", kInput, "rec is not delegable", "rec"},
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"params_pas", kInput, "params_ptr is not accessible in the Non-secure PAS", "params_ptr Granule(params_ptr).gpt"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"rec_state", kInput, "rec is not DELEGATED", "rec Granule(rec).state"},
    {"num_aux", kInput, "num_aux is not what RMI_REC_AUX_COUNT says", "params.num_aux RecAuxCount(rd)"},
    {"aux_align", kInput, "an auxiliary granule is not granule aligned", "aux"},
    {"aux_alias", kInput, "an auxiliary granule is listed twice or is rec", "aux"},
    {"aux_state", kInput, "an auxiliary granule is not delegable or not DELEGATED", "aux Granule(aux).state"},
    {"realm_state", kRealm, "the realm is not NEW", "realm.state"},
    {"num_recs", kRealm, "the realm has the maximum number of RECs", "realm.num_recs features.max_recs_order"},
    {"mpidr_index", kInput, "mpidr is not that of the realm's next REC index",
     "RecIndex(params.mpidr) realm.rec_index"},
};
constexpr call::Before kBefore[] = {{"rd_bound rd_state", "realm_state num_recs"}};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_REC_CREATE",
                                 .fid = abi::v1_0::kRmiRecCreate,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect =
                                     "rec becomes a REC and the auxiliary granules REC_AUX; a runnable REC is "
                                     "measured into the RIM."};

// The granules to lock: RD, REC, then the auxiliary ones if the list can be used at all.
struct Wanted {
  std::array<core::WantedGranule, core::GranuleLocks::kMax> granules{};
  std::size_t count = 2;
  bool aux_exist = true;
};

Wanted wanted(const call::CallBase& c, abi::Pa rd, abi::Pa rec, const RecParams& p) {
  Wanted w;
  w.granules[0] = {granule(rd), GranuleState::kRd};
  w.granules[1] = {granule(rec), GranuleState::kDelegated};
  if (p.num_aux > p.aux.size()) return w;
  for (std::size_t i = 0; i < p.num_aux; ++i) {
    const abi::Pa aux{p.aux[i]};
    w.aux_exist = w.aux_exist && aligned(aux) && delegable(c, aux);
    w.granules[2 + i] = {granule(aux), GranuleState::kDelegated};
  }
  if (w.aux_exist) w.count += p.num_aux;
  return w;
}

bool aux_aligned(const RecParams& p) {
  return std::all_of(p.aux.begin(), p.aux.begin() + static_cast<std::ptrdiff_t>(p.num_aux),
                     [](std::uint64_t aux) { return aligned(abi::Pa{aux}); });
}

// B3.9 AuxAlias
bool aux_alias(abi::Pa rec, const RecParams& p) {
  auto sorted = p.aux;
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(p.num_aux);
  std::sort(sorted.begin(), end);
  return std::adjacent_find(sorted.begin(), end) != end || std::find(sorted.begin(), end, rec.value) != end;
}

bool aux_match(const core::GranuleLocks& locks, const Wanted& w) {
  bool match = w.aux_exist;
  for (std::size_t i = 2; i < w.count; ++i) match = match && locks.matches(i);
  return match;
}

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()}, rec{c.in<"rec">()}, params_ptr{c.in<"params_ptr">()};
  if (c.fails<"params_align">(!aligned(params_ptr))) return c.failed();
  if (c.fails<"params_bound">(!delegable(c, params_ptr))) return c.failed();
  if (c.fails<"rec_align">(!aligned(rec))) return c.failed();
  if (c.fails<"rec_bound">(!delegable(c, rec))) return c.failed();
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  std::array<std::byte, abi::Layout<RecParams>::kSize> wire{};
  if (c.fails<"params_pas">(!read_host(c, params_ptr, wire))) return c.failed();
  const auto p = abi::decode<RecParams>(wire);
  c.sees(p);

  const Wanted w = wanted(c, rd, rec, p);
  const core::GranuleLocks locks(c.core(), {w.granules.data(), w.count}, "rec_create");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  if (c.fails<"rec_state">(!locks.matches(1))) return c.failed();
  if (c.fails<"num_aux">(p.num_aux != c.limits.num_rec_aux)) return c.failed();
  if (c.fails<"aux_align">(!aux_aligned(p))) return c.failed();
  if (c.fails<"aux_alias">(aux_alias(rec, p))) return c.failed();
  if (c.fails<"aux_state">(!aux_match(locks, w))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const core::RealmState state = realm->state.load(c.platform.sync, "rec_create", rd.value);
  if (c.fails<"realm_state">(state != core::RealmState::kNew)) return c.failed();
  const std::uint32_t max_recs = (1U << c.limits.max_recs_order) - 1;
  if (c.fails<"num_recs">(realm->num_recs.load(c.platform.sync, "rec_create", rd.value) >= max_recs)) return c.failed();
  if (c.fails<"mpidr_index">(core::rec_index(p.mpidr) != realm->rec_index)) return c.failed();

  core::RecCreation creation(c.core(), realm, locks.as<GranuleState::kDelegated>(1), p, c.limits.num_rec_aux);
  for (std::size_t i = 2; i < w.count; ++i) creation.give(locks.as<GranuleState::kDelegated>(i));
  creation.commit();
  return c.done();
}

}  // namespace

constexpr Row kRecCreate = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
