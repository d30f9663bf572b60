// SPDX-License-Identifier: GPL-2.0-or-later
// Provocations: RTT_MAP_UNPROTECTED, RTT_UNMAP_UNPROTECTED.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

namespace {

constexpr std::uint64_t kNormalRw = (6ULL << 2) | (3ULL << 6);
constexpr std::uint64_t kReservedMemAttr = 4ULL << 2;

std::vector<Provocation> map_provocations() {
  return {
      {"attr_valid", [](Scene& s) { s.x[4] = (s.x[4] & ~(7ULL << 2)) | kReservedMemAttr; }, succeeds(), "MemAttr"},
      {"attr_valid", [](Scene& s) { s.x[4] |= 1ULL << 63; }, succeeds(), "a bit that is not the host's"},
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"level_bound", [](Scene& s) { s.x[3] = 4; }, fails("addr_align"), "below page level"},
      {"level_bound", [](Scene& s) { s.x[3] = 0; }, fails("addr_align"), "above the starting level"},
      {"addr_align",
       [](Scene& s) {
         s.x[2] += kBlock2;
         s.x[3] = 2;
         s.x[4] = (kBlock1 + kPage) | kNormalRw;
       },
       succeeds()},
      {"addr_bound", [](Scene& s) { s.x[4] |= 1ULL << 48; }, succeeds()},
      {"ipa_align",
       [](Scene& s) {
         s.x[2] += kBlock2 + kPage;
         s.x[3] = 2;
         s.x[4] = kBlock1 | kNormalRw;
       },
       succeeds()},
      {"ipa_bound", [](Scene& s) { s.x[2] = 0; }, fails("rtt_walk"), "Protected"},
      {"ipa_bound", [](Scene& s) { s.x[2] = 1ULL << 33; }, unsafe(kNoEntry), "outside"},
      {"rtt_walk",
       [](Scene& s) {
         s.x[2] += kBlock1;
         s.index = 1;
       },
       unsafe(kWrongEntry)},
      {"rtte_state",
       [](Scene& s) {
         s.b.succeeds(kRmiRttMapUnprotected, s.x[1], s.x[2], s.x[3], s.x[4]);
         s.index = 3;
       },
       unsafe(kWrongEntry)},
  };
}

std::vector<Provocation> unmap_provocations() {
  return {
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
      {"level_bound", [](Scene& s) { s.x[3] = 4; }, fails("ipa_align"), "below page level"},
      {"level_bound", [](Scene& s) { s.x[3] = 0; }, fails("ipa_align"), "above the starting level"},
      {"ipa_align",
       [](Scene& s) {
         s.x[2] += kBlock2;
         s.x[3] = 2;
         s.b.succeeds(kRmiRttMapUnprotected, s.x[1], s.x[2], s.x[3], kBlock1 | kNormalRw);
         s.x[2] += kPage;
       },
       succeeds()},
      {"ipa_bound", [](Scene& s) { s.x[2] = 0; }, fails("rtt_walk"), "Protected"},
      {"ipa_bound", [](Scene& s) { s.x[2] = 1ULL << 33; }, unsafe(kNoEntry), "outside"},
      {"rtt_walk",
       [](Scene& s) {
         s.x[2] = s.realm->unprotected;
         s.index = 1;
         s.top = s.realm->unprotected + kBlock1;  // the next live entry
       },
       fails("rtte_state")},
      {"rtte_state",
       [](Scene& s) {
         s.x[2] += kPage;
         s.index = 3;
         s.top = s.realm->unprotected + kBlock1 + kBlock2;  // no live entry up to the end of the table
       },
       unsafe(kWrongEntry)},
  };
}

}  // namespace

std::vector<Suite> unprotected_suites() {
  return {
      {"RMI_RTT_MAP_UNPROTECTED", kRmiRttMapUnprotected,
       [](Scene& s) {
         TestRealm& r = s.make_realm();
         r.add_rtts(r.unprotected);
         s.x[1] = r.rd.value;
         s.x[2] = r.unprotected;
         s.x[3] = 3;
         s.x[4] = s.b.ns().value | kNormalRw;
       },
       map_provocations()},
      {"RMI_RTT_UNMAP_UNPROTECTED", kRmiRttUnmapUnprotected,
       [](Scene& s) {
         TestRealm& r = s.make_realm();
         s.x[1] = r.rd.value;
         s.x[2] = r.unprotected + kBlock1;
         s.x[3] = 3;
         r.add_rtts(s.x[2]);
         s.b.succeeds(kRmiRttMapUnprotected, s.x[1], s.x[2], s.x[3], s.b.ns().value | kNormalRw);
       },
       unmap_provocations()},
  };
}

}  // namespace conditions
