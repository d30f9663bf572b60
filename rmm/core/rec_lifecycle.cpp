// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/rec_lifecycle.h"

#include <fmt/core.h>

#include <cstdlib>

#include "rmm/core/granule_state.h"
#include "rmm/core/index.h"
#include "rmm/core/measurement.h"

namespace rmm::core {

Rec* rec_from_mpidr(MonitorState& state, const Realm& realm, abi::Mpidr mpidr) {
  for (auto& [index, rec] : state.recs)
    if (rec.owner == realm.rd && rec.mpidr == mpidr) return &rec;
  return nullptr;
}

RecCreation::RecCreation(const Context& context, const LockedRealm& realm,
                         const LockedGranule<GranuleState::kDelegated>& rec, const abi::v1_0::RecParams& params,
                         unsigned num_aux)
    : context_(context), realm_(realm), rec_(rec.granule()), params_(params), num_aux_(num_aux) {}

void RecCreation::give(const LockedGranule<GranuleState::kDelegated>& aux) {
  if (needed() == 0) {
    fmt::print(stderr, "ccasim bug: REC {:#x} is given more than {} auxiliary granules\n", rec_.pa().value, num_aux_);
    std::abort();
  }
  aux_[given_++] = aux.granule();
}

void RecCreation::commit() {
  if (needed() != 0) {
    fmt::print(stderr, "ccasim bug: REC {:#x} still needs {} auxiliary granules\n", rec_.pa().value, needed());
    std::abort();
  }
  MonitorState& state = context_.state;
  const abi::Pa rd = realm_->rd.pa();
  const std::uint32_t index = lowest_free_index(state.recs);
  Rec& rec = state.recs[index];
  rec.granule = rec_;
  rec.owner = realm_->rd;
  rec.realm = state.granules.at(realm_->rd).object;
  rec.mpidr = mpidr_el1(params_.mpidr);
  const bool runnable = (params_.flags & abi::v1_0::kRecFlagRunnable) != 0;
  rec.runnable = port::Shared<bool>(runnable);
  rec.aux = aux_;
  rec.num_aux = static_cast<std::uint8_t>(num_aux_);

  rec.cpu = context_.platform.cpus.create();
  port::RealmCpu& cpu = context_.platform.cpus.at(rec.cpu);
  cpu.reset(rec.mpidr);
  for (unsigned i = 0; i < params_.gprs.size(); ++i) cpu.set_x(i, params_.gprs[i]);
  cpu.set_pc(params_.pc);

  set_state(context_, rec_, GranuleState::kRec, rd);
  state.granules.at(rec_).object = index;
  for (unsigned i = 0; i < num_aux_; ++i) set_state(context_, aux_[i], GranuleState::kRecAux, rd);
  if (runnable) extend_rim_rec(*realm_, params_);
  ++realm_->rec_index;
  realm_->num_recs.add(context_.platform.sync, 1, "rec_create", rd.value);
  ++state.granules.at(realm_->rd).refcount;
}

void destroy_rec(const Context& context, const LockedGranule<GranuleState::kRec>& granule) {
  MonitorState& state = context.state;
  const std::uint32_t index = granule.record().object;
  const Rec rec = state.recs.at(index);
  context.platform.cpus.destroy(rec.cpu);
  for (unsigned i = 0; i < rec.num_aux; ++i) {
    const port::LockGuard guard(context.platform.sync, state.granules.at(rec.aux[i]).lock, "rec_destroy",
                                rec.aux[i].pa().value);
    set_state(context, rec.aux[i], GranuleState::kDelegated, {});
  }
  set_state(context, granule.granule(), GranuleState::kDelegated, {});
  // Last, and in one Step: the realm's calls don't find the REC any more, and the host may destroy the realm.
  state.realms.at(rec.realm).num_recs.add(context.platform.sync, static_cast<std::uint32_t>(-1), "rec_destroy",
                                          rec.owner.pa().value);
  state.recs.erase(index);
  --state.granules.at(rec.owner).refcount;
}

void set_rec_state(const Context& context, const LockedGranule<GranuleState::kRec>& granule, RecState to) {
  Rec& rec = context.state.recs.at(granule.record().object);
  rec.state.store(context.platform.sync, to, "rec_state", granule.pa().value);
  granule.record().refcount = to == RecState::kRunning ? 1 : 0;
}

}  // namespace rmm::core
