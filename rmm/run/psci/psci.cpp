// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/psci/psci.h"

#include <algorithm>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/exit.h"
#include "rmm/run/realm_memory.h"

namespace rmm::run::psci {
namespace {

namespace ids = abi::v1_0;

// The call's end, for the observer: the result is in X0 already.
void tell_end(const Context& c, const call::Command& row) {
  abi::SmcRegs regs;
  regs.x[0] = c.rec.psci.fid;
  const call::CallBase call(row, c.environment, c.pe, regs, c.rec_pa());
  call.tell_end({.x0 = c.cpu.x(0)});
}

}  // namespace

bool mpidr_is_used(const Context& c, abi::Mpidr mpidr) {
  const auto& recs = c.environment.state.recs;
  return std::any_of(recs.begin(), recs.end(), [&](const auto& entry) {
    return entry.second.realm == c.rec.realm && entry.second.mpidr == mpidr;
  });
}

Next exit_pending(Context& c, const call::CallBase& call, const std::array<std::uint64_t, 3>& args) {
  call.tell_begin();
  c.rec.psci = {.pending = true, .fid = call.registers().fid(), .args = args};
  advance_pc(c.cpu);
  return exit_psci(c, c.rec.psci.fid, args[0]);
}

Next exit_system_off(Context& c, const call::CallBase& call) {
  call.tell_begin();
  {
    const core::GranuleLocks rd(core_context(c), {{c.rec.owner, core::GranuleState::kRd}}, "system_off");
    const core::RealmState before = c.realm.state.peek();
    c.realm.state.store(c.sync(), core::RealmState::kSystemOff, "system_off", c.rec.owner.pa().value);
    if (port::Observer* observer = c.platform().observer)
      observer->realm_state(c.rec.owner.pa(), core::name(before), core::name(core::RealmState::kSystemOff));
  }
  advance_pc(c.cpu);
  return exit_psci(c, call.registers().fid(), 0);
}

void finish_at_entry(Context& c) {
  const std::uint32_t fid = c.rec.psci.fid;
  if (fid == 0) return;
  switch (fid) {
    case ids::kPsciCpuOn:
    case ids::kPsciCpuOn32: tell_end(c, kCpuOn); break;
    case ids::kPsciAffinityInfo:
    case ids::kPsciAffinityInfo32: tell_end(c, kAffinityInfo); break;
    case ids::kPsciCpuSuspend:
    case ids::kPsciCpuSuspend32: tell_end(c, kCpuSuspend); break;
    default: break;
  }
  c.rec.psci = {};
}

}  // namespace rmm::run::psci
