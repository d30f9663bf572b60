// SPDX-License-Identifier: GPL-2.0-or-later
// Provocations: RTT_CREATE, RTT_DESTROY, RTT_FOLD, RTT_READ_ENTRY. The realm starts at level 1, its IPA width is 33.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

namespace {

constexpr std::uint64_t kEnd = 1ULL << 33;  // of the IPA space

// X1 rd, X2 ipa, X3 level name a level 2 table without anything in it.
void prepare_table(Scene& s) {
  TestRealm& r = s.make_realm();
  s.x[1] = r.rd.value;
  s.x[2] = kBlock1;
  s.x[3] = 2;
  r.add_rtt(kBlock1, 2);
}

std::vector<Provocation> create_provocations() {
  return {
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"level_bound", [](Scene& s) { s.x[4] = 4; }, fails("rtt_walk"), "below page level"},
      {"level_bound", [](Scene& s) { s.x[4] = 1; }, unsafe(kWrongEntry), "starting level"},
      {"ipa_align", [](Scene& s) { s.x[3] = kPage; }, succeeds()},
      {"ipa_bound", [](Scene& s) { s.x[3] = kEnd; }, unsafe(kNoEntry)},
      {"rtt_align", [](Scene& s) { s.x[2] += 8; }, succeeds()},
      {"rtt_bound", [](Scene& s) { s.x[2] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rtt_state", [](Scene& s) { s.x[2] = s.b.ns().value; }, unsafe(kWrongState)},
      {"rtt_bound2",
       [](Scene& s) {
         s.x[2] = fake::kHighDram.value;
         s.b.succeeds(kRmiGranuleDelegate, s.x[2]);
       },
       succeeds()},
      {"rtt_walk",
       [](Scene& s) {
         s.x[4] = 3;
         s.index = 1;
       },
       unsafe(kWrongEntry)},
      {"rtte_state",
       [](Scene& s) {
         s.realm->add_rtt(0, 2);
         s.index = 1;
       },
       unsafe(kWrongEntry)},
  };
}

std::vector<Provocation> destroy_provocations() {
  return {
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"level_bound", [](Scene& s) { s.x[3] = 4; }, fails("rtt_walk"), "below page level"},
      {"level_bound", [](Scene& s) { s.x[3] = 1; }, unsafe(kWrongEntry), "starting level"},
      {"ipa_align", [](Scene& s) { s.x[2] += kPage; }, succeeds()},
      {"ipa_bound", [](Scene& s) { s.x[2] = kEnd; }, unsafe(kNoEntry)},
      {"rtt_walk",
       [](Scene& s) {
         s.x[2] = 0;
         s.x[3] = 3;
         s.index = 1;
         s.top = kBlock1;  // the next live entry
       },
       fails("rtte_state")},
      {"rtte_state",
       [](Scene& s) {
         s.x[2] = 0;
         s.index = 1;
         s.top = kBlock1;
       },
       unsafe(kWrongEntry)},
  };
}

std::vector<Provocation> with(std::vector<Provocation> list, const Provocation& one) {
  list.push_back(one);
  return list;
}

}  // namespace

std::vector<Suite> rtt_suites() {
  return {
      {"RMI_RTT_CREATE", kRmiRttCreate,
       [](Scene& s) {
         s.x[1] = s.make_realm().rd.value;
         s.x[2] = s.b.delegated().value;
         s.x[3] = 0;
         s.x[4] = 2;
       },
       create_provocations()},
      {"RMI_RTT_DESTROY", kRmiRttDestroy, prepare_table,
       with(destroy_provocations(), {"rtt_live",
                                     [](Scene& s) {
                                       s.realm->add_rtt(kBlock1, 3);
                                       s.index = 2;
                                       s.top = kBlock1;  // ipa itself
                                     },
                                     unsafe("the table below would lose its parent")})},
      {"RMI_RTT_FOLD", kRmiRttFold, prepare_table,
       with(destroy_provocations(), {"rtt_homo",
                                     [](Scene& s) {
                                       s.realm->add_rtt(kBlock1, 3);
                                       s.index = 2;
                                     },
                                     unsafe("the table below would lose its parent")})},
      {"RMI_RTT_READ_ENTRY",
       kRmiRttReadEntry,
       [](Scene& s) {
         s.x[1] = s.make_realm().rd.value;
         s.x[2] = 0;
         s.x[3] = 1;
       },
       {{"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
        {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
        {"level_bound", [](Scene& s) { s.x[3] = 0; }, succeeds(), "above the starting level"},
        {"level_bound", [](Scene& s) { s.x[3] = 4; }, fails("ipa_align"), "below page level"},
        {"ipa_align", [](Scene& s) { s.x[2] = kPage; }, succeeds()},
        {"ipa_bound", [](Scene& s) { s.x[2] = kEnd; }, unsafe(kNoEntry)}}},
  };
}

}  // namespace conditions
