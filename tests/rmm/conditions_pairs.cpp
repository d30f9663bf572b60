// SPDX-License-Identifier: GPL-2.0-or-later
// Mandated ordered pairs that need a change of their own to hold together, and those that cannot hold together.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

namespace {

// A realm of 41 bits that starts at level 0, where an entry is neither block nor page. Nothing else is at fault.
void at_level_0(Scene& s) {
  TestRealm& r = s.make_other({.s2sz = 41, .level = 0, .vmid = 7});
  s.x[1] = r.rd.value;
  s.x[2] = r.unprotected;
  s.x[3] = 0;
  r.add_rtt(r.unprotected, 1);
}
void unprotected_page_entry(Scene& s, unsigned reg) {
  s.realm->add_rtts(s.realm->unprotected);
  s.x[reg] = s.realm->unprotected;
}

}  // namespace

const std::vector<Together>& together() {
  static const std::vector<Together> list = {
      {"RMI_DATA_CREATE", "ipa_bound", "rtt_walk", [](Scene& s) { s.x[3] = s.realm->unprotected; }},
      {"RMI_DATA_CREATE", "ipa_bound", "rtte_state", [](Scene& s) { unprotected_page_entry(s, 3); }},
      {"RMI_DATA_CREATE_UNKNOWN", "ipa_bound", "rtt_walk", [](Scene& s) { s.x[3] = s.realm->unprotected; }},
      {"RMI_DATA_CREATE_UNKNOWN", "ipa_bound", "rtte_state", [](Scene& s) { unprotected_page_entry(s, 3); }},
      {"RMI_DATA_DESTROY", "ipa_bound", "rtt_walk", [](Scene& s) { s.x[2] = s.realm->unprotected; }},
      {"RMI_DATA_DESTROY", "ipa_bound", "rtte_state", [](Scene& s) { unprotected_page_entry(s, 2); }},
      {"RMI_RTT_CREATE", "level_bound", "rtt_walk", [](Scene& s) { s.x[4] = 4; }},
      {"RMI_RTT_DESTROY", "level_bound", "rtt_walk", [](Scene& s) { s.x[3] = 4; }},
      {"RMI_RTT_DESTROY", "level_bound", "rtte_state",
       [](Scene& s) {
         s.realm->add_rtts(kBlock1);
         s.x[3] = 4;
       }},
      {"RMI_RTT_FOLD", "level_bound", "rtt_walk", [](Scene& s) { s.x[3] = 4; }},
      {"RMI_RTT_FOLD", "level_bound", "rtte_state",
       [](Scene& s) {
         s.realm->add_rtts(kBlock1);
         s.x[3] = 4;
       }},
      {"RMI_RTT_MAP_UNPROTECTED", "level_bound", "rtt_walk", [](Scene& s) { s.x[3] = 4; }, {"addr_align", "ipa_align"}},
      {"RMI_RTT_MAP_UNPROTECTED", "level_bound", "rtte_state",
       [](Scene& s) {
         at_level_0(s);
         s.x[4] &= 0xfff;  // address 0
       }},
      {"RMI_RTT_MAP_UNPROTECTED", "ipa_bound", "rtt_walk", [](Scene& s) { s.x[2] = 0; }},
      {"RMI_RTT_MAP_UNPROTECTED", "ipa_bound", "rtte_state",
       [](Scene& s) {
         s.realm->add_rtts(0);
         s.x[2] = 0;
       }},
      {"RMI_RTT_UNMAP_UNPROTECTED", "level_bound", "rtt_walk", [](Scene& s) { s.x[3] = 4; }, {"ipa_align"}},
      {"RMI_RTT_UNMAP_UNPROTECTED", "level_bound", "rtte_state", at_level_0},
      {"RMI_RTT_UNMAP_UNPROTECTED", "ipa_bound", "rtt_walk", [](Scene& s) { s.x[2] = 0; }},
      {"RMI_RTT_UNMAP_UNPROTECTED", "ipa_bound", "rtte_state",
       [](Scene& s) {
         s.realm->add_rtts(0);
         s.x[2] = 0;
       }},
      {"RMI_RTT_INIT_RIPAS", "top_gran_align", "no_progress", [](Scene& s) { s.x[3] = kPage + 8; }},
      {"RMI_RTT_SET_RIPAS", "base_bound", "base_align", [](Scene& s) { s.x[3] += kPage; }},
      {"RMI_RTT_SET_RIPAS", "top_gran_align", "no_progress", [](Scene& s) { s.x[4] = s.x[3] + kPage + 8; }},
  };
  return list;
}

const std::vector<Impossible>& impossible_pairs() {
  static const std::vector<Impossible> list = {
      {"", "rd_bound rd_state",
       "realm_state realm_live num_recs rtt_walk rtte_state rtt_live rtt_homo base_align no_progress",
       "without an RD there is no realm whose state, RECs or tables could be at fault"},
      {"RMI_REC_DESTROY RMI_RTT_SET_RIPAS", "rec_bound rec_gran_state", "rec_state rec_owner",
       "without a REC there is no state and no owner of it"},
      {"RMI_REC_ENTER", "rec_bound rec_gran_state", "rec_state rec_runnable rec_mmio realm_new system_off rec_psci",
       "without a REC there is no state of it, no last exit and no realm"},
      {"RMI_REC_ENTER", "run_pas", "rec_mmio rec_gicv3", "what the entry structure says cannot be read"},
      {"RMI_RTT_CREATE RMI_RTT_DESTROY RMI_RTT_FOLD", "ipa_bound", "rtt_walk rtte_state",
       "outside the IPA space there is no entry to which a walk could lead"},
      {"RMI_RTT_CREATE", "level_bound", "rtte_state",
       "below page level the parent is a page entry, never a TABLE; a starting table has no parent"},
  };
  return list;
}

}  // namespace conditions
