// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.8 RMI_REALM_ACTIVATE
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
    {"realm_state", kRealm, "the realm is not NEW", "realm.state"},
};
constexpr call::Before kBefore[] = {{"rd_bound rd_state", "realm_state"}};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_REALM_ACTIVATE",
                                 .fid = abi::v1_0::kRmiRealmActivate,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "The realm becomes ACTIVE: its RIM is final and its RECs may run."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}}, "realm_activate");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const core::RealmState state = realm->state.load(c.platform.sync, "realm_activate", rd.value);
  if (c.fails<"realm_state">(state != core::RealmState::kNew)) return c.failed();
  core::set_realm_state(c.core(), *realm, core::RealmState::kActive);
  return c.done();
}

}  // namespace

constexpr Row kRealmActivate = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
