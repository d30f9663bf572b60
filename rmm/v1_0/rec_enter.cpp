// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.14 RMI_REC_ENTER. What happens between entry and exit is rmm/run.
#include "rmm/abi/v1_0/structures.h"
#include "rmm/core/rec_lifecycle.h"
#include "rmm/run/enter.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using abi::v1_0::RecEnter;
using abi::v1_0::RecExit;
using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rec", 1}, {"run_ptr", 2}};
constexpr call::Condition kConditions[] = {
    {"run_align", kInput, "run_ptr is not granule aligned", "run_ptr"},
    {"run_bound", kInput, "run_ptr is not delegable", "run_ptr"},
    {"rec_align", kInput, "rec is not granule aligned", "rec"},
    {"rec_bound", kInput, "rec is not delegable", "rec"},
    {"run_pas", kInput, "run_ptr is not accessible in the Non-secure PAS", "run_ptr Granule(run_ptr).gpt"},
    {"_enter_fault", kInput, "granule protection fault when reading the entry structure; nothing ran",
     "run_ptr Granule(run_ptr).gpt"},
    {"rec_gran_state", kInput, "rec is not a REC", "rec Granule(rec).state"},
    {"rec_state", kRec, "the REC is running", "rec.state"},
    {"realm_new", kRealm, "the realm is NEW; index 0", "realm.state"},
    {"system_off", kRealm, "the realm is SYSTEM_OFF; index 1", "realm.state"},
    {"rec_runnable", kRec, "the REC is not runnable", "rec.flags.runnable"},
    {"rec_psci", kRec, "a PSCI request waits for RMI_PSCI_COMPLETE", "rec.psci_pending"},
    {"rec_mmio", kRec, "emulated MMIO is offered, but the last exit was no Emulatable Data Abort",
     "enter.flags rec.emulatable_abort"},
    {"rec_gicv3", kRec, "gicv3_hcr or a list register is invalid", "enter.gicv3_hcr enter.gicv3_lrs"},
    {"_exit_fault", kInput, "granule protection fault when writing the exit structure; the REC has run",
     "run_ptr Granule(run_ptr).gpt"},
};
constexpr call::Before kBefore[] = {{"rec_align rec_bound rec_gran_state run_pas run_bound run_align",
                                     "rec_state rec_runnable rec_mmio realm_new system_off rec_gicv3 rec_psci"}};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_REC_ENTER",
                                 .fid = abi::v1_0::kRmiRecEnter,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .before = kBefore,
                                 .effect = "The REC runs until its next exit, which the run object describes."};

// Writes the exit structure. Reserved bytes are zero (I20).
bool write_exit(const call::CallBase& c, abi::Pa run_ptr, const RecExit& exit) {
  std::array<std::byte, abi::Layout<RecExit>::kSize> wire{};
  abi::encode(exit, wire);
  return c.platform.memory.write_ns(run_ptr + abi::v1_0::kRecRunExitOffset, wire).has_value();
}

// The REC is READY again once its exit is visible; until then nobody else may enter or destroy it.
void leave(const call::CallBase& c, abi::Pa rec) {
  const core::GranuleLocks locks(c.core(), {{granule(rec), GranuleState::kRec}}, "rec_exit");
  core::set_rec_state(c.core(), locks.as<GranuleState::kRec>(0), core::RecState::kReady);
}

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rec_pa{c.in<"rec">()}, run_ptr{c.in<"run_ptr">()};
  if (c.fails<"run_align">(!aligned(run_ptr))) return c.failed();
  if (c.fails<"run_bound">(!delegable(c, run_ptr))) return c.failed();
  if (c.fails<"rec_align">(!aligned(rec_pa))) return c.failed();
  if (c.fails<"rec_bound">(!delegable(c, rec_pa))) return c.failed();
  if (c.fails<"run_pas">(c.platform.gpt.pas(granule(run_ptr)) != abi::Pas::kNonSecure)) return c.failed();
  // A4.2.2: the entry structure is read once.
  std::array<std::byte, abi::Layout<RecEnter>::kSize> wire{};
  if (c.fails<"_enter_fault">(!read_host(c, run_ptr + abi::v1_0::kRecRunEnterOffset, wire))) return c.failed();
  const auto enter = abi::decode<RecEnter>(wire);
  c.sees(enter);

  core::GranuleLocks locks(c.core(), {{granule(rec_pa), GranuleState::kRec}}, "rec_enter");
  if (c.fails<"rec_gran_state">(!locks.matches(0))) return c.failed();
  const auto locked = locks.as<GranuleState::kRec>(0);
  core::Rec& rec = c.state.recs.at(locked.record().object);
  port::Sync& sync = c.platform.sync;
  if (c.fails<"rec_state">(rec.state.load(sync, "rec_enter", rec_pa.value) == core::RecState::kRunning))
    return c.failed();
  core::Realm& realm = c.state.realms.at(rec.realm);
  const core::RealmState realm_state = realm.state.load(sync, "rec_enter", realm.rd.pa().value);
  if (c.fails<"realm_new">(realm_state == core::RealmState::kNew))
    return c.failed(call::Index{abi::v1_0::kErrorRealmIndexNew});
  if (c.fails<"system_off">(realm_state == core::RealmState::kSystemOff))
    return c.failed(call::Index{abi::v1_0::kErrorRealmIndexSystemOff});
  if (c.fails<"rec_runnable">(!rec.runnable.load(sync, "rec_enter", rec_pa.value))) return c.failed();
  if (c.fails<"rec_psci">(rec.psci.pending)) return c.failed();
  if (c.fails<"rec_mmio">(!run::mmio_entry_valid(enter, rec))) return c.failed();
  if (c.fails<"rec_gicv3">(!run::gicv3_entry_valid(enter, c.limits))) return c.failed();

  core::set_rec_state(c.core(), locked, core::RecState::kRunning);
  locks.release();
  RecExit exit{};
  run::enter(c.environment, c.pe, rec, realm, enter, exit);
  const bool written = write_exit(c, run_ptr, exit);
  leave(c, rec_pa);
  if (c.fails<"_exit_fault">(!written)) return c.failed();
  return c.done();
}

}  // namespace

constexpr Row kRecEnter = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
