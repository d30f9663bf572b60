// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/psci/psci.h"

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/core/realm_lifecycle.h"
#include "rmm/core/rec_lifecycle.h"
#include "rmm/run/exit.h"
#include "rmm/run/realm_memory.h"

namespace rmm::run::psci {
namespace {

namespace ids = abi::v1_0;

// The call's end, for the observer: the result is in X0 already.
void tell_end(const Context& c, std::uint32_t fid, const call::Command& row) {
  abi::SmcRegs regs;
  regs.x[0] = fid;
  const call::CallBase call(row, c.environment, c.pe, regs, c.rec_pa());
  call.tell_end({.x0 = c.cpu.x(0)});
}

}  // namespace

const core::Rec* find_rec(const Context& c, std::uint64_t mpidr) {
  return core::rec_from_mpidr(c.environment.state, c.realm, abi::Mpidr{mpidr});
}

Next leave(Context& c, const call::CallBase& call, std::uint64_t mpidr) {
  const std::uint32_t fid = call.registers().fid();
  c.rec.last_exit.psci_fid = fid;
  advance_pc(c.cpu);
  return exit_psci(c, fid, mpidr);
}

Next exit_pending(Context& c, const call::CallBase& call, const std::array<std::uint64_t, 3>& args) {
  call.tell_begin();
  c.rec.psci = {.pending = true, .fid = call.registers().fid(), .args = args};
  return leave(c, call, args[0]);
}

Next exit_system_off(Context& c, const call::CallBase& call) {
  call.tell_begin();
  {
    const core::GranuleLocks rd(core_context(c), {{c.rec.owner, core::GranuleState::kRd}}, "system_off");
    // Another REC may have been faster: SYSTEM_OFF is final (I15).
    if (c.realm.state.load(c.sync(), "system_off", c.rec.owner.pa().value) == core::RealmState::kActive)
      core::set_realm_state(core_context(c), c.realm, core::RealmState::kSystemOff);
  }
  return leave(c, call, 0);
}

void finish_at_entry(const Context& c, std::uint32_t fid) {
  switch (fid) {
    case ids::kPsciCpuOn:
    case ids::kPsciCpuOn32: tell_end(c, fid, kCpuOn); break;
    case ids::kPsciAffinityInfo:
    case ids::kPsciAffinityInfo32: tell_end(c, fid, kAffinityInfo); break;
    case ids::kPsciCpuSuspend:
    case ids::kPsciCpuSuspend32: tell_end(c, fid, kCpuSuspend); break;
    default: break;
  }
}

}  // namespace rmm::run::psci
