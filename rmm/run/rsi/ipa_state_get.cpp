// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_IPA_STATE_GET (B5.3.5).
#include <algorithm>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/core/granule_locks.h"
#include "rmm/core/rtt_walk.h"
#include "rmm/run/realm_memory.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"base", 1}, {"top", 2}};
constexpr call::Parameter kOut[] = {{"out_top", 1}, {"ripas", 2}};
constexpr call::Condition kConditions[] = {
    {"base_align", kErrorInput, "base is not aligned to a granule", "base"},
    {"end_align", kErrorInput, "top is not aligned to a granule", "top"},
    {"size_valid", kErrorInput, "top is not above base", "base top"},
    {"rgn_bound", kErrorInput, "the region is not in Protected IPA space", "base top realm.ipa_width"},
};

struct Region {
  abi::Ipa top;
  abi::v1_0::Ripas ripas = abi::v1_0::Ripas::kEmpty;
};

// The longest prefix of [base, top) with one RIPAS, within the table where the walk from `base` ends: the work of a
// call is bounded (I25), the realm asks again for the rest.
Region region_of_one_ripas(const Context& c, abi::Ipa base, abi::Ipa top) {
  const core::Context core = core_context(c);
  const core::GranuleLocks rd(core, {{c.rec.owner, core::GranuleState::kRd}}, "ipa_state_get");
  core::RttWalk walk = core::walk(core, c.realm, base, core::kPageLevel);
  const abi::v1_0::Ripas ripas = walk.entry.ripas;
  const abi::GranulePa table = walk.table;
  abi::Ipa end = walk.range().top;
  while (end < top) {
    walk = core::walk(core, c.realm, end, core::kPageLevel);
    if (walk.table != table || walk.entry.ripas != ripas) break;
    end = walk.range().top;
  }
  return {.top = std::min(end, top), .ripas = ripas};
}

}  // namespace

constexpr call::Command kIpaStateGet{.interface = port::Interface::kRsi,
                                     .name = "RSI_IPA_STATE_GET",
                                     .fid = abi::v1_0::kRsiIpaStateGet,
                                     .in = kIn,
                                     .out = kOut,
                                     .conditions = kConditions,
                                     .effect = "Returns the RIPAS at base and the top of the region that has it."};

Next ipa_state_get(Context& c, const abi::SmcRegs& regs) {
  call::Call<kIpaStateGet> call(c.environment, c.pe, regs, c.rec_pa());
  const abi::Ipa base{call.in<"base">()};
  const abi::Ipa top{call.in<"top">()};
  if (call.fails<"base_align">(!abi::is_granule_aligned(base))) return answer(c, call, call.failed());
  if (call.fails<"end_align">(!abi::is_granule_aligned(top))) return answer(c, call, call.failed());
  if (call.fails<"size_valid">(top <= base)) return answer(c, call, call.failed());
  if (call.fails<"rgn_bound">(!range_is_protected(c.realm, base, top))) return answer(c, call, call.failed());
  const Region region = region_of_one_ripas(c, base, top);
  return answer(c, call, call.done(region.top.value, region.ripas));
}

}  // namespace rmm::run::rsi
