// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/enter.h"

#include <optional>

#include "rmm/abi/v1_0/types.h"
#include "rmm/run/context.h"
#include "rmm/run/emulated_access.h"
#include "rmm/run/exit.h"
#include "rmm/run/loop.h"
#include "rmm/run/psci/psci.h"
#include "rmm/run/rsi/rsi.h"
#include "rmm/run/vgic.h"

namespace rmm::run {
namespace {

namespace v1_0 = abi::v1_0;

// What the last exit left open (I19: at most one of these). kExit: the entry ended before the realm ran.
Next complete(Context& c, const v1_0::RecEnter& enter) {
  const std::uint32_t psci_fid = c.rec.last_exit.psci_fid;
  complete_last_exit(c, enter);
  psci::finish_at_entry(c, psci_fid);
  if (c.rec.ripas.awaits_entry) {
    const bool rejects = (enter.flags & v1_0::kEnterRipasResponse) != 0;
    rsi::finish_ipa_state_set(c, rejects ? v1_0::RmiResponse::kReject : v1_0::RmiResponse::kAccept);
  }
  if (c.rec.host_call_pending) return rsi::finish_host_call(c, enter.gprs);
  return Next::kResume;
}

}  // namespace

void enter(const call::Environment& environment, port::Pe& pe, core::Rec& rec, core::Realm& realm,
           const v1_0::RecEnter& enter, v1_0::RecExit& exit) {
  exit = {};
  Context c{.environment = environment,
            .pe = pe,
            .rec = rec,
            .realm = realm,
            .cpu = environment.platform.cpus.at(rec.cpu),
            .exit = exit,
            .controls = {.stage2 = realm.stage2(),
                         .trap_wfi = (enter.flags & v1_0::kEnterTrapWfi) != 0,
                         .trap_wfe = (enter.flags & v1_0::kEnterTrapWfe) != 0,
                         .pmu_counters = realm.pmu ? std::optional(realm.pmu_num_ctrs) : std::nullopt}};
  if (port::Observer* observer = c.platform().observer)
    observer->rec_enter({.rec = rec.granule.pa(), .pe = pe.id(), .flags = enter.flags});
  load_vgic(c, enter);
  if (complete(c, enter) == Next::kResume) run_until_exit(c);
  finish_exit(c);
}

}  // namespace rmm::run
