// SPDX-License-Identifier: GPL-2.0-or-later
// Provocations: DATA_CREATE, DATA_CREATE_UNKNOWN, DATA_DESTROY.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

namespace {

// The part that both creating commands share: X1 rd, X2 data, X3 ipa.
void prepare_create(Scene& s) {
  TestRealm& r = s.make_realm();
  r.add_rtts(0);
  s.x[1] = r.rd.value;
  s.x[2] = s.b.delegated().value;
  s.x[3] = kPage;
}

std::vector<Provocation> create_provocations(Without unaligned_data) {
  return {
      {"data_align", [](Scene& s) { s.x[2] += 8; }, unaligned_data},
      {"data_bound", [](Scene& s) { s.x[2] = kOutsideDram; }, unsafe(kNoRecord)},
      {"data_state", [](Scene& s) { s.x[2] = s.b.ns().value; }, unsafe(kWrongState)},
      {"data_bound2",
       [](Scene& s) {
         s.x[2] = fake::kHighDram.value;
         s.b.succeeds(kRmiGranuleDelegate, s.x[2]);
       },
       succeeds()},
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"ipa_align", [](Scene& s) { s.x[3] += 8; }, succeeds()},
      {"ipa_bound", [](Scene& s) { s.x[3] = s.realm->unprotected; }, fails("rtt_walk"), "Unprotected"},
      {"ipa_bound", [](Scene& s) { s.x[3] = 2 * s.realm->unprotected; }, unsafe(kNoEntry), "outside"},
      {"rtt_walk",
       [](Scene& s) {
         s.x[3] = kBlock1;
         s.index = 1;
       },
       unsafe(kWrongEntry)},
      {"rtte_state",
       [](Scene& s) {
         s.realm->add_data_unknown(s.x[3]);
         s.index = 3;
       },
       unsafe(kWrongEntry)},
  };
}

std::vector<Provocation> data_create_provocations() {
  auto list = create_provocations(unsafe("the copy would cross into the next granule"));
  const Provocation more[] = {
      {"src_align", [](Scene& s) { s.x[4] += 8; }, unsafe("the copy would cross into the next granule")},
      {"src_bound", [](Scene& s) { s.x[4] = kOutsideDram; }, succeeds()},
      {"src_pas", [](Scene& s) { s.x[4] = s.b.delegated().value; }, unsafe(kUnread)},
      {"realm_state", [](Scene& s) { s.set_realm_state(RealmState::kActive); }, succeeds(), "ACTIVE"},
      {"realm_state", [](Scene& s) { s.set_realm_state(RealmState::kSystemOff); }, succeeds(), "SYSTEM_OFF"},
  };
  list.insert(list.end(), std::begin(more), std::end(more));
  return list;
}

}  // namespace

std::vector<Suite> data_suites() {
  return {
      {"RMI_DATA_CREATE", kRmiDataCreate,
       [](Scene& s) {
         prepare_create(s);
         s.x[4] = s.b.ns().value;
         s.x[5] = 0;
       },
       data_create_provocations()},
      {"RMI_DATA_CREATE_UNKNOWN", kRmiDataCreateUnknown, prepare_create, create_provocations(succeeds())},
      {"RMI_DATA_DESTROY",
       kRmiDataDestroy,
       [](Scene& s) {
         TestRealm& r = s.make_realm();
         s.x[1] = r.rd.value;
         s.x[2] = kBlock1 + kPage;
         r.add_rtts(s.x[2]);
         r.add_data_unknown(s.x[2]);
       },
       {{"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
        {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
        {"ipa_align", [](Scene& s) { s.x[2] += 8; }, succeeds()},
        {"ipa_bound", [](Scene& s) { s.x[2] = s.realm->unprotected; }, fails("rtt_walk"), "Unprotected"},
        {"ipa_bound", [](Scene& s) { s.x[2] = 2 * s.realm->unprotected; }, unsafe(kNoEntry), "outside"},
        {"rtt_walk",
         [](Scene& s) {
           s.x[2] = 0;
           s.index = 1;
           s.top = kBlock1;  // the next live entry
         },
         fails("rtte_state"), "at level 1"},
        {"rtte_state",
         [](Scene& s) {
           s.x[2] = kBlock1;
           s.index = 3;
           s.top = kBlock1 + kPage;
         },
         unsafe(kWrongEntry), "UNASSIGNED"},
        {"rtt_walk",
         [](Scene& s) {
           s.x[2] = kBlock1 + kBlock2;
           s.index = 2;
           s.top = 2 * kBlock1;  // no live entry up to the end of the table
         },
         fails("rtte_state"), "at level 2"}}},
  };
}

}  // namespace conditions
