// SPDX-License-Identifier: GPL-2.0-or-later
// Provocations: REC_CREATE, REC_DESTROY, REC_ENTER, PSCI_COMPLETE.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

namespace {

void prepare_create(Scene& s) {
  TestRealm& r = s.make_realm();
  s.x[1] = r.rd.value;
  s.x[2] = s.b.delegated().value;
  s.x[3] = s.b.ns().value;
  s.rec_params = r.rec_params();
  s.put_at(3, s.rec_params);
}
template <class Change>
void with_params(Scene& s, Change change) {
  change(s.rec_params);
  s.put_at(3, s.rec_params);
}

// An ACTIVE realm with a REC that runs, and a second one that is off.
void prepare_recs(Scene& s) {
  TestRealm& r = s.make_realm();
  s.rec = r.add_rec();
  s.other_rec = r.add_rec(false);
  r.activate();
}
void prepare_enter(Scene& s) {
  prepare_recs(s);
  s.x[1] = s.rec.value;
  s.x[2] = s.b.ns().value;
  s.put_at(2, RecEnter{});
}
void prepare_complete(Scene& s) {
  prepare_recs(s);
  s.b.rec(s.rec).psci = {.pending = true, .fid = kPsciCpuOn, .args = {1, kPage, 0}};
  s.x[1] = s.rec.value;
  s.x[2] = s.other_rec.value;
  s.x[3] = 0;
}
// The run page leaves the Non-secure PAS when the monitor accesses it in this direction.
void fault_at(Scene& s, bool at_write) {
  s.b.platform.memory.before_ns_access = [&s, at_write, page = s.x[2]](abi::Pa, bool write) {
    if (write == at_write) s.b.platform.gpt.force({page}, abi::Pas::kRealm);
  };
}

constexpr std::string_view kOneRun = "one REC would run twice at once";

std::vector<Provocation> create_provocations() {
  return {
      {"params_align", [](Scene& s) { s.x[3] += 8; }, unsafe(kCrosses)},
      {"params_bound",
       [](Scene& s) {
         s.x[3] = kOutsideDram;
         s.put_at(3, s.rec_params);
       },
       succeeds()},
      {"params_pas", [](Scene& s) { s.b.platform.gpt.force({s.x[3]}, abi::Pas::kRealm); }, unsafe(kUnread)},
      {"rec_align", [](Scene& s) { s.x[2] += 8; }, succeeds()},
      {"rec_bound", [](Scene& s) { s.x[2] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rec_state", [](Scene& s) { s.x[2] = s.b.ns().value; }, unsafe(kWrongState)},
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"realm_state", [](Scene& s) { s.set_realm_state(RealmState::kActive); }, succeeds(), "ACTIVE"},
      {"realm_state", [](Scene& s) { s.set_realm_state(RealmState::kSystemOff); }, succeeds(), "SYSTEM_OFF"},
      {"num_recs",
       [](Scene& s) {
         s.realm->add_rec();
         with_params(s, [](RecParams& p) { p.mpidr = 1; });
       },
       succeeds(),
       {},
       {.max_recs_order = 1}},
      {"mpidr_index", [](Scene& s) { with_params(s, [](RecParams& p) { p.mpidr = 1; }); }, succeeds()},
      {"num_aux", [](Scene& s) { with_params(s, [](RecParams& p) { p.num_aux = 1; }); },
       unsafe("the REC would lack a granule"), "too few"},
      {"num_aux",
       [](Scene& s) {
         with_params(s, [&](RecParams& p) {
           p.num_aux = 3;
           p.aux[2] = s.b.delegated().value;
         });
       },
       unsafe("the REC has no place for the granule"), "too many"},
      {"aux_align", [](Scene& s) { with_params(s, [](RecParams& p) { p.aux[1] += 8; }); }, fails("aux_state")},
      {"aux_alias", [](Scene& s) { with_params(s, [](RecParams& p) { p.aux[1] = p.aux[0]; }); },
       unsafe("one granule cannot be two"), "listed twice"},
      {"aux_alias", [](Scene& s) { with_params(s, [&](RecParams& p) { p.aux[1] = s.x[2]; }); },
       unsafe("one granule cannot be two"), "the REC itself"},
      {"aux_state", [](Scene& s) { with_params(s, [&](RecParams& p) { p.aux[1] = s.b.ns().value; }); },
       unsafe(kWrongState), "UNDELEGATED"},
      {"aux_state", [](Scene& s) { with_params(s, [](RecParams& p) { p.aux[1] = kOutsideDram; }); }, unsafe(kNoRecord),
       "not delegable"},
  };
}

std::vector<Provocation> enter_provocations() {
  return {
      {"run_align", [](Scene& s) { s.x[2] += 8; }, unsafe(kCrosses)},
      {"run_bound",
       [](Scene& s) {
         s.x[2] = kOutsideDram;
         s.put_at(2, RecEnter{});
       },
       succeeds()},
      {"run_pas", [](Scene& s) { s.b.platform.gpt.force({s.x[2]}, abi::Pas::kRealm); }, fails("_enter_fault")},
      {"_enter_fault", [](Scene& s) { fault_at(s, false); }, unsafe(kUnread)},
      {"rec_align", [](Scene& s) { s.x[1] += 8; }, unsafe("the REC exit names the REC by its address")},
      {"rec_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rec_gran_state", [](Scene& s) { s.x[1] = s.realm->rd.value; }, unsafe(kWrongState)},
      {"rec_state", [](Scene& s) { s.inside = true; }, unsafe(kOneRun)},
      {"realm_new", [](Scene& s) { s.set_realm_state(RealmState::kNew); }, succeeds()},
      {"system_off",
       [](Scene& s) {
         s.set_realm_state(RealmState::kSystemOff);
         s.index = 1;
       },
       succeeds()},
      {"rec_runnable", [](Scene& s) { s.b.rec(s.rec).runnable = rmm::port::Shared(false); }, succeeds()},
      {"rec_psci", [](Scene& s) { s.b.rec(s.rec).psci.pending = true; }, succeeds()},
      {"rec_mmio", [](Scene& s) { s.put_at(2, RecEnter{.flags = kEnterEmulMmio}); }, succeeds()},
      {"rec_gicv3", [](Scene& s) { s.put_at(2, RecEnter{.gicv3_hcr = abi::gic::kHcrEn}); }, succeeds(), "hcr"},
      {"rec_gicv3",
       [](Scene& s) {
         RecEnter enter;
         enter.gicv3_lrs[3] = (1ULL << abi::gic::kLrStateShift) | abi::gic::kLrHw | 40;
         s.put_at(2, enter);
       },
       succeeds(), "list register"},
      {"_exit_fault",
       [](Scene& s) {
         fault_at(s, true);
         s.rec_runs = true;
       },
       succeeds()},
  };
}

std::vector<Provocation> complete_provocations() {
  return {
      {"alias",
       [](Scene& s) {
         s.x[2] = s.x[1];
         s.b.rec(s.rec).psci.args[0] = 0;  // its own MPIDR: `target` does not hold
       },
       succeeds()},
      {"calling_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"calling_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"calling_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"target_align", [](Scene& s) { s.x[2] += 8; }, succeeds()},
      {"target_bound", [](Scene& s) { s.x[2] = kOutsideDram; }, unsafe(kNoRecord)},
      {"target_state", [](Scene& s) { s.x[2] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"pending", [](Scene& s) { s.b.rec(s.rec).psci.pending = false; }, succeeds()},
      {"owner",
       [](Scene& s) {
         TestRealm& r = s.make_other({.vmid = 7});
         r.add_rec(false);
         s.x[2] = r.add_rec(false).value;
       },
       succeeds()},
      {"target", [](Scene& s) { s.b.rec(s.rec).psci.args[0] = 2; }, succeeds()},
      {"status", [](Scene& s) { s.x[3] = 7; }, succeeds(), "not a status"},
      {"status",
       [](Scene& s) {
         s.b.rec(s.other_rec).runnable = rmm::port::Shared(true);
         s.x[3] = static_cast<std::uint64_t>(PsciStatus::kDenied);
       },
       succeeds(), "DENIED of a target that is on"},
      {"status",
       [](Scene& s) {
         s.b.rec(s.rec).psci.fid = kPsciAffinityInfo;
         s.x[3] = static_cast<std::uint64_t>(PsciStatus::kDenied);
       },
       succeeds(), "DENIED of AFFINITY_INFO"},
  };
}

}  // namespace

std::vector<Suite> rec_suites() {
  return {
      {"RMI_REC_CREATE", kRmiRecCreate, prepare_create, create_provocations()},
      {"RMI_REC_DESTROY",
       kRmiRecDestroy,
       [](Scene& s) {
         prepare_recs(s);
         s.x[1] = s.rec.value;
       },
       {{"rec_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"rec_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
        {"rec_gran_state", [](Scene& s) { s.x[1] = s.realm->rd.value; }, unsafe(kWrongState)},
        {"rec_state", [](Scene& s) { s.inside = true; }, unsafe("the running REC would lose its granules")}}},
      {"RMI_REC_ENTER", kRmiRecEnter, prepare_enter, enter_provocations()},
      {"RMI_PSCI_COMPLETE", kRmiPsciComplete, prepare_complete, complete_provocations()},
  };
}

}  // namespace conditions
