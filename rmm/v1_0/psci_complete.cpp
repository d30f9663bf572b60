// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.7 RMI_PSCI_COMPLETE
#include "rmm/core/psci.h"

#include "rmm/core/granule_locks.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using core::GranuleState;

constexpr call::Parameter kIn[] = {{"calling_rec", 1}, {"target_rec", 2}, {"status", 3}};
constexpr call::Condition kConditions[] = {
    {"alias", kInput, "calling_rec and target_rec are the same", "calling_rec target_rec"},
    {"calling_align", kInput, "calling_rec is not granule aligned", "calling_rec"},
    {"calling_bound", kInput, "calling_rec is not delegable", "calling_rec"},
    {"target_align", kInput, "target_rec is not granule aligned", "target_rec"},
    {"target_bound", kInput, "target_rec is not delegable", "target_rec"},
    {"calling_state", kInput, "calling_rec is not a REC", "calling_rec Granule(calling_rec).state"},
    {"target_state", kInput, "target_rec is not a REC", "target_rec Granule(target_rec).state"},
    {"pending", kInput, "the calling REC has no PSCI request pending",
     "Rec(calling_rec).psci_pending Rec(calling_rec).state"},
    {"owner", kInput, "the RECs belong to different realms", "Rec(target_rec).owner Rec(calling_rec).owner"},
    {"target", kInput, "the target's MPIDR is not the one requested", "Rec(target_rec).mpidr Rec(calling_rec).gprs[1]"},
    {"status", kInput, "the status is not permitted for the request",
     "status Rec(calling_rec).gprs[0] Rec(target_rec).flags.runnable"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_PSCI_COMPLETE",
                                 .fid = abi::v1_0::kRmiPsciComplete,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .effect = "The calling REC's PSCI request is answered; CPU_ON starts the target."};

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa calling_rec{c.in<"calling_rec">()}, target_rec{c.in<"target_rec">()};
  const std::uint64_t status = c.in<"status">();
  if (c.fails<"alias">(calling_rec == target_rec)) return c.failed();
  if (c.fails<"calling_align">(!aligned(calling_rec))) return c.failed();
  if (c.fails<"calling_bound">(!delegable(c, calling_rec))) return c.failed();
  if (c.fails<"target_align">(!aligned(target_rec))) return c.failed();
  if (c.fails<"target_bound">(!delegable(c, target_rec))) return c.failed();

  const core::GranuleLocks locks(
      c.core(), {{granule(calling_rec), GranuleState::kRec}, {granule(target_rec), GranuleState::kRec}},
      "psci_complete");
  if (c.fails<"calling_state">(!locks.matches(0))) return c.failed();
  if (c.fails<"target_state">(!locks.matches(1))) return c.failed();
  core::Rec& calling = c.state.recs.at(locks.as<GranuleState::kRec>(0).record().object);
  core::Rec& target = c.state.recs.at(locks.as<GranuleState::kRec>(1).record().object);
  // A request becomes pending for the host with the REC exit: a REC that still runs has none.
  const core::RecState state = calling.state.load(c.platform.sync, "psci_complete", calling_rec.value);
  if (c.fails<"pending">(state == core::RecState::kRunning || !calling.psci.pending)) return c.failed();
  if (c.fails<"owner">(target.owner != calling.owner)) return c.failed();
  if (c.fails<"target">(target.mpidr.value != calling.psci.args[0])) return c.failed();
  if (c.fails<"status">(!core::psci_status_is_permitted(c.core(), calling, target, status))) return c.failed();
  core::complete_psci(c.core(), calling, target, static_cast<abi::v1_0::PsciStatus>(status));
  return c.done();
}

}  // namespace

constexpr Row kPsciComplete = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
