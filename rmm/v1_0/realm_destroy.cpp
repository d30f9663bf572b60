// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.10 RMI_REALM_DESTROY
#include "rmm/core/realm_lifecycle.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"rd_state", kInput, "rd is not an RD", "rd Granule(rd).state"},
    {"realm_live", kRealm, "the realm has RECs, or a starting table with TABLE or ASSIGNED entries",
     "realm.num_recs realm.live_entries"},
};
constexpr call::Before kBefore[] = {{"rd_bound rd_state", "realm_live"}};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_REALM_DESTROY",
                                 .fid = abi::v1_0::kRmiRealmDestroy,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "RD and starting tables become DELEGATED, wiped; the VMID is free."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}}, "realm_destroy");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  const auto locked = locks.as<GranuleState::kRd>(0);
  if (c.fails<"realm_live">(core::realm_is_live(c.core(), core::LockedRealm(c.core(), locked)))) return c.failed();
  core::destroy_realm(c.core(), locked);
  return c.done();
}

}  // namespace

constexpr Row kRealmDestroy = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
