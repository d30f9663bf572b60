// SPDX-License-Identifier: GPL-2.0-or-later
// Provocations: RSI and PSCI calls of a REC that runs on a scripted CPU.
#include "tests/rmm/conditions_suite.h"

namespace conditions {

using namespace rmi;

namespace {

// RAM with memory at IPA 0, EMPTY above; a second REC (MPIDR 1) is off.
void prepare_running_realm(Scene& s) {
  TestRealm& r = s.make_realm();
  r.add_rtts(0);
  r.init_ripas(0, kPage);
  r.add_data_unknown(0);
  s.rec = r.add_rec();
  s.other_rec = r.add_rec(false);
  r.activate();
}

constexpr std::uint64_t kEmptyIpa = kPage;
constexpr std::string_view kNotMapped = "there is no memory behind the address";

std::vector<Suite> information_suites() {
  return {
      {"RSI_VERSION",
       kRsiVersion,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = kInterfaceVersion10;
       },
       {{"_version_lower", [](Scene& s) { s.x[1] = 0x10001; }, succeeds()},
        {"_version_higher", [](Scene& s) { s.x[1] = 0xffff; }, succeeds()}}},
      {"RSI_MEASUREMENT_READ",
       kRsiMeasurementRead,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = 0;
       },
       {{"index_bound", [](Scene& s) { s.x[1] = 5; }, unsafe("there is no such measurement")}}},
      {"RSI_MEASUREMENT_EXTEND",
       kRsiMeasurementExtend,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = 1;
         s.x[2] = 32;
       },
       {{"index_bound", [](Scene& s) { s.x[1] = 0; }, succeeds(), "the RIM"},
        {"index_bound", [](Scene& s) { s.x[1] = 5; }, unsafe("there is no such measurement"), "above the last"},
        {"size_bound", [](Scene& s) { s.x[2] = 65; }, unsafe("registers hold 64 bytes")}}},
      {"RSI_REALM_CONFIG",
       kRsiRealmConfig,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = 0;
       },
       {{"addr_align", [](Scene& s) { s.x[1] += 8; }, unsafe(kCrosses)},
        {"addr_bound", [](Scene& s) { s.x[1] = s.realm->unprotected; }, unsafe(kNotMapped)},
        {"_addr_empty", [](Scene& s) { s.x[1] = kEmptyIpa; }, succeeds()}}},
      {"RSI_HOST_CALL",
       kRsiHostCall,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = 0;
       },
       {{"addr_align", [](Scene& s) { s.x[1] += 8; }, succeeds()},
        {"addr_bound", [](Scene& s) { s.x[1] = s.realm->unprotected; }, unsafe(kNotMapped)},
        {"_addr_empty", [](Scene& s) { s.x[1] = kEmptyIpa; }, succeeds()}}},
  };
}

std::vector<Suite> ripas_call_suites() {
  return {
      {"RSI_IPA_STATE_SET",
       kRsiIpaStateSet,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = 0;
         s.x[2] = kPage;
         s.x[3] = static_cast<std::uint64_t>(Ripas::kRam);
         s.x[4] = 0;
       },
       {{"base_align", [](Scene& s) { s.x[1] = 8; }, succeeds()},
        {"top_align", [](Scene& s) { s.x[2] += 8; }, succeeds()},
        {"size_valid", [](Scene& s) { s.x[1] = s.x[2]; }, succeeds()},
        {"rgn_bound", [](Scene& s) { s.x[2] = s.realm->unprotected + kPage; }, succeeds()},
        {"ripas_valid", [](Scene& s) { s.x[3] = static_cast<std::uint64_t>(Ripas::kDestroyed); }, succeeds(),
         "DESTROYED"},
        {"ripas_valid", [](Scene& s) { s.x[3] = 3; }, succeeds(), "reserved"}}},
      {"RSI_IPA_STATE_GET",
       kRsiIpaStateGet,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = 0;
         s.x[2] = kPage;
       },
       {{"base_align", [](Scene& s) { s.x[1] = 8; }, succeeds()},
        {"end_align", [](Scene& s) { s.x[2] += 8; }, succeeds()},
        {"size_valid", [](Scene& s) { s.x[1] = s.x[2]; }, succeeds()},
        {"rgn_bound", [](Scene& s) { s.x[2] = s.realm->unprotected + kPage; }, succeeds()}}},
  };
}

// A token operation of which 16 bytes have been taken.
Suite token_suite() {
  constexpr std::string_view kToken = "the token would leave the granule";
  return {"RSI_ATTESTATION_TOKEN_CONTINUE",
          kRsiAttestationTokenContinue,
          [](Scene& s) {
            prepare_running_realm(s);
            s.prelude = {{kRsiAttestationTokenInit}, {kRsiAttestationTokenContinue, 0, 0, 16}};
            s.x[1] = 0;
            s.x[2] = 0;
            s.x[3] = kPage;
          },
          {{"addr_align", [](Scene& s) { s.x[1] += 8; }, unsafe(kToken)},
           {"addr_bound", [](Scene& s) { s.x[1] = s.realm->unprotected; }, unsafe(kNotMapped)},
           {"offset_bound",
            [](Scene& s) {
              s.x[2] = kPage;
              s.x[3] = 0;
            },
            succeeds()},
           {"size_overflow",
            [](Scene& s) {
              s.x[2] = 0x10;
              s.x[3] = ~0ULL;
            },
            unsafe(kToken)},
           {"size_bound",
            [](Scene& s) {
              s.x[2] = 8;
              s.x[3] = kPage;
            },
            unsafe(kToken)},
           {"state", [](Scene& s) { s.prelude.clear(); }, unsafe("there is no token")},
           {"unknown",
            [](Scene& s) {
              s.prelude = {{kRsiAttestationTokenInit}};
              s.b.platform.attestation.fails = true;
            },
            unsafe("there is no token")},
           {"_addr_empty",
            [](Scene& s) {
              s.prelude = {{kRsiAttestationTokenInit}};
              s.x[1] = kEmptyIpa;
            },
            unsafe("the realm would make the call again for ever")}}};
}

std::vector<Suite> psci_suites() {
  return {
      {"PSCI_CPU_ON",
       kPsciCpuOn,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = 1;
         s.x[2] = 0;
         s.x[3] = 0;
       },
       {{"entry", [](Scene& s) { s.x[2] = s.realm->unprotected; }, succeeds()},
        {"mpidr", [](Scene& s) { s.x[1] = 9; }, unsafe("there is no such REC")},
        {"runnable", [](Scene& s) { s.x[1] = 0; }, succeeds()}}},
      {"PSCI_AFFINITY_INFO",
       kPsciAffinityInfo,
       [](Scene& s) {
         prepare_running_realm(s);
         s.x[1] = 1;
         s.x[2] = 0;
       },
       {{"target_bound", [](Scene& s) { s.x[2] = 1; }, succeeds()},
        {"target_match", [](Scene& s) { s.x[1] = 9; }, unsafe("there is no such REC")}}},
  };
}

}  // namespace

std::vector<Suite> realm_call_suites() {
  std::vector<Suite> all;
  for (const auto& part : {information_suites(), ripas_call_suites(), psci_suites()})
    all.insert(all.end(), part.begin(), part.end());
  all.push_back(token_suite());
  return all;
}

}  // namespace conditions
