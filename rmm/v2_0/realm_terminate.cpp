// SPDX-License-Identifier: GPL-2.0-or-later
// RMM 2.0-bet1 RMI_REALM_TERMINATE. No state of the realm forbids it: a ZOMBIE stays one.
#include "rmm/core/realm_lifecycle.h"
#include "rmm/v2_0/commands.h"

namespace rmm::v2_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}};
constexpr call::Condition kConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned"},
    {"rd_bound", kUntracked, "rd is not delegable"},
    {"rd_state", kInput, "rd is not an RD"},
    {"rec_running", kRealm, "a REC of the realm is running"},
};
constexpr call::Before kBefore[] = {{"rd_align rd_bound rd_state", "rec_running"}};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_REALM_TERMINATE",
                                 .fid = abi::v2_0::kRmiRealmTerminate,
                                 .versions = call::kVersion20,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "The realm becomes ZOMBIE: its RECs never run again, it may be destroyed."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()};
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  const core::GranuleLocks locks(c.core(), {{granule(rd), GranuleState::kRd}}, "realm_terminate");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  if (c.fails<"rec_running">(!core::terminate_realm(c.core(), realm))) return c.failed();
  return c.done();
}

}  // namespace

constexpr Row kRealmTerminate = make_row<kCommand, handle>();

}  // namespace rmm::v2_0
