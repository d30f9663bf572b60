// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.5 RMI_GRANULE_DELEGATE
#include "rmm/core/granule_locks.h"
#include "rmm/core/granule_state.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

constexpr call::Parameter kIn[] = {{"addr", 1}};
constexpr call::Condition kConditions[] = {
    {"gran_align", kInput, "addr is not granule aligned", "addr"},
    {"gran_bound", kInput, "addr is not delegable", "addr"},
    {"gran_state", kInput, "the granule is not UNDELEGATED", "addr Granule(addr).state"},
    {"gran_gpt", kInput, "the granule is not in the Non-secure PAS", "addr Granule(addr).gpt"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_GRANULE_DELEGATE",
                                 .fid = abi::v1_0::kRmiGranuleDelegate,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .effect = "The granule becomes DELEGATED, in the Realm PAS."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa addr{c.in<"addr">()};
  if (c.fails<"gran_align">(!aligned(addr))) return c.failed();
  if (c.fails<"gran_bound">(!delegable(c, addr))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(addr), core::GranuleState::kUndelegated}}, "granule_delegate");
  if (c.fails<"gran_state">(!locks.matches(0))) return c.failed();
  if (c.fails<"gran_gpt">(!core::delegate(c.core(), granule(addr)))) return c.failed();
  return c.done();
}

}  // namespace

constexpr Row kGranuleDelegate = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
