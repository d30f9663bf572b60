// SPDX-License-Identifier: GPL-2.0-or-later
// Provocations: REALM_CREATE, REALM_ACTIVATE, REALM_DESTROY, REC_AUX_COUNT.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

namespace {

void prepare_create(Scene& s) {
  s.x[1] = s.b.delegated().value;
  s.x[2] = s.b.ns().value;
  s.realm_params = rmi::realm_params({}, s.b.delegated());
  s.put_at(2, s.realm_params);
}
// Applies a change to the parameters and stores them again.
template <class Change>
void with_params(Scene& s, Change change) {
  change(s.realm_params);
  s.put_at(2, s.realm_params);
}
void prepare_new_realm(Scene& s) { s.x[1] = s.make_realm().rd.value; }

std::vector<Provocation> create_provocations() {
  return {
      {"params_align", [](Scene& s) { s.x[2] += 8; }, unsafe(kCrosses)},
      {"params_bound",
       [](Scene& s) {
         s.x[2] = kOutsideDram;
         s.put_at(2, s.realm_params);
       },
       succeeds()},
      {"params_pas", [](Scene& s) { s.b.platform.gpt.force({s.x[2]}, abi::Pas::kRealm); }, unsafe(kUnread)},
      {"params_valid", [](Scene& s) { with_params(s, [](RealmParams& p) { p.hash_algo = 7; }); },
       unsafe("there is no such hash")},
      {"params_supp", [](Scene& s) { with_params(s, [](RealmParams& p) { p.flags = kRealmFlagLpa2; }); }, succeeds(),
       "LPA2"},
      {"params_supp", [](Scene& s) { with_params(s, [](RealmParams& p) { p.flags = kRealmFlagSve; }); }, succeeds(),
       "SVE"},
      {"params_supp", [](Scene& s) { with_params(s, [](RealmParams& p) { p.flags = kRealmFlagPmu; }); }, succeeds(),
       "PMU"},
      {"params_supp", [](Scene& s) { with_params(s, [](RealmParams& p) { p.num_bps = 2; }); }, succeeds(),
       "breakpoints"},
      {"params_supp", [](Scene& s) { with_params(s, [](RealmParams& p) { p.num_wps = 2; }); }, succeeds(),
       "watchpoints"},
      {"params_supp", [](Scene& s) { with_params(s, [](RealmParams& p) { p.s2sz = 31; }); }, succeeds(),
       "IPA width too small"},
      {"params_supp",
       [](Scene& s) { with_params(s, [](RealmParams& p) { p.hash_algo = 1; }); },
       succeeds(),
       "hash not offered",
       {.sha512 = false}},
      {"alias", [](Scene& s) { with_params(s, [&](RealmParams& p) { p.rtt_base = s.x[1]; }); },
       unsafe("one granule cannot be both")},
      {"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
      {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
      {"rd_state", [](Scene& s) { s.x[1] = s.b.ns().value; }, unsafe(kWrongState)},
      {"rtt_align", [](Scene& s) { with_params(s, [](RealmParams& p) { p.rtt_base += 8; }); },
       unsafe("tables are aligned to granules")},
      {"rtt_num_level",
       [](Scene& s) {
         with_params(s, [&](RealmParams& p) {
           p.rtt_base = s.b.delegated_run(2).value;
           p.rtt_num_start = 2;
         });
       },
       succeeds()},
      {"rtt_state", [](Scene& s) { with_params(s, [&](RealmParams& p) { p.rtt_base = s.b.ns().value; }); },
       unsafe(kWrongState), "UNDELEGATED"},
      {"rtt_state", [](Scene& s) { with_params(s, [](RealmParams& p) { p.rtt_base = 2 * kOutsideDram; }); },
       unsafe(kNoRecord), "not delegable"},
      {"vmid_valid",
       [](Scene& s) { with_params(s, [](RealmParams& p) { p.vmid = 0x100; }); },
       succeeds(),
       "upper byte without FEAT_VMID16",
       {.vmid16 = false}},
      {"vmid_valid", [](Scene& s) { s.make_other({.vmid = s.realm_params.vmid}); }, succeeds(), "in use"},
  };
}

}  // namespace

std::vector<Suite> realm_suites() {
  return {
      {"RMI_REALM_CREATE", kRmiRealmCreate, prepare_create, create_provocations()},
      {"RMI_REALM_ACTIVATE",
       kRmiRealmActivate,
       prepare_new_realm,
       {{"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
        {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
        {"realm_state", [](Scene& s) { s.set_realm_state(RealmState::kActive); },
         unsafe("a realm that is not NEW has no transition to ACTIVE"), "ACTIVE"},
        {"realm_state", [](Scene& s) { s.set_realm_state(RealmState::kSystemOff); },
         unsafe("a realm that is not NEW has no transition to ACTIVE"), "SYSTEM_OFF"}}},
      {"RMI_REALM_DESTROY",
       kRmiRealmDestroy,
       prepare_new_realm,
       {{"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
        {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, unsafe(kWrongState)},
        {"realm_live", [](Scene& s) { s.realm->add_rec(); }, unsafe("the REC would lose its realm"), "REC"},
        {"realm_live", [](Scene& s) { s.realm->add_rtt(0, 2); }, unsafe("the table would lose its realm"), "RTT"}}},
      {"RMI_REC_AUX_COUNT",
       kRmiRecAuxCount,
       prepare_new_realm,
       {{"rd_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"rd_bound", [](Scene& s) { s.x[1] = kOutsideDram; }, unsafe(kNoRecord)},
        {"rd_state", [](Scene& s) { s.x[1] = s.b.delegated().value; }, succeeds()}}},
  };
}

}  // namespace conditions
