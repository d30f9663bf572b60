// SPDX-License-Identifier: GPL-2.0-or-later
// Provocations: RTT_INIT_RIPAS, RTT_SET_RIPAS.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

namespace {

void prepare_set(Scene& s) {
  s.make_other({.vmid = 7});
  TestRealm& r = s.make_realm();
  s.rec = r.add_rec();
  r.activate();
  r.open_window(s.rec, kBlock1, 3 * kBlock1, Ripas::kRam, false);
  s.x[1] = r.rd.value;
  s.x[2] = s.rec.value;
  s.x[3] = kBlock1;
  s.x[4] = 2 * kBlock1;
}

std::vector<Provocation> init_provocations() {
  return {
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"size_valid", [](Scene& s) { s.x[2] = s.x[3]; }, fails("no_progress")},
      {"top_bound", [](Scene& s) { s.x[3] = s.realm->unprotected + kBlock1; }, succeeds()},
      {"realm_state", [](Scene& s) { s.set_realm_state(RealmState::kActive); }, succeeds(), "ACTIVE"},
      {"realm_state", [](Scene& s) { s.set_realm_state(RealmState::kSystemOff); }, succeeds(), "SYSTEM_OFF"},
      {"base_align",
       [](Scene& s) {
         s.x[2] = kPage;
         s.index = 1;
       },
       succeeds(), "in a block's entry"},
      {"base_align",
       [](Scene& s) {
         s.x[2] = 8;
         s.index = 1;
       },
       succeeds(), "not granule aligned"},
      {"rtte_state",
       [](Scene& s) {
         s.realm->add_rtts(0);
         s.realm->add_data_unknown(0);
         s.index = 3;
       },
       unsafe(kWrongEntry)},
      {"top_gran_align", [](Scene& s) { s.x[3] += 8; }, succeeds()},
      {"no_progress",
       [](Scene& s) {
         s.x[3] = kPage;
         s.index = 1;
       },
       succeeds()},
  };
}

std::vector<Provocation> set_provocations() {
  return {
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"rec_align", [](Scene& s) { s.x[2] += 8; }, succeeds()},
      {"rec_bound", [](Scene& s) { s.x[2] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rec_gran_state", [](Scene& s) { s.x[2] = s.realm->rtt_base.value; }, unsafe(kWrongState)},
      {"rec_state",
       [](Scene& s) {
         s.inside = true;
         s.b.rec(s.rec).ripas.awaits_entry = false;  // the window would close with the entry
       },
       succeeds()},
      {"rec_owner", [](Scene& s) { s.x[1] = s.other->rd.value; }, succeeds()},
      {"size_valid", [](Scene& s) { s.x[4] = s.x[3]; }, fails("no_progress")},
      {"base_bound",
       [](Scene& s) {
         s.x[3] = 0;
         s.x[4] = kBlock1;
       },
       succeeds()},
      {"top_bound", [](Scene& s) { s.x[4] = 4 * kBlock1; }, succeeds()},
      {"base_align",
       [](Scene& s) {
         s.x[3] += kPage;
         s.b.rec(s.rec).ripas.addr = {s.x[3]};
         s.index = 1;
       },
       fails("no_progress")},
      {"top_gran_align", [](Scene& s) { s.x[4] += 8; }, succeeds()},
      {"no_progress",
       [](Scene& s) {
         s.x[4] = s.x[3] + kPage;
         s.index = 1;
       },
       succeeds()},
  };
}

}  // namespace

std::vector<Suite> ripas_suites() {
  return {
      {"RMI_RTT_INIT_RIPAS", kRmiRttInitRipas,
       [](Scene& s) {
         s.x[1] = s.make_realm().rd.value;
         s.x[2] = 0;
         s.x[3] = kBlock1;
       },
       init_provocations()},
      {"RMI_RTT_SET_RIPAS", kRmiRttSetRipas, prepare_set, set_provocations()},
  };
}

}  // namespace conditions
