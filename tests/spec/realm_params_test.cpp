// SPDX-License-Identifier: GPL-2.0-or-later
// Which realm parameters the implementation's features support (A3.1, B3.34), at each limit.
#include <functional>

#include "tests/spec/scene.h"

namespace rmm::spec {
namespace {
using namespace abi::v1_0;

struct Case {
  std::string_view what;
  std::function<void(FeatureRegister0&)> offer;
  std::function<void(RealmParams&)> ask;
  bool supported;
};

const std::vector<Case>& cases() {
  auto nothing = [](FeatureRegister0&) {};
  auto sve = [](FeatureRegister0& f) { f.sve = true, f.sve_vl = 3; };
  auto pmu = [](FeatureRegister0& f) { f.pmu = true, f.pmu_num_ctrs = 6; };
  auto debug = [](FeatureRegister0& f) { f.num_bps = 5, f.num_wps = 3; };
  static const std::vector<Case> all{
      {"SVE absent", nothing, [](RealmParams& p) { p.flags = kRealmFlagSve; }, false},
      {"vector length without SVE", nothing, [](RealmParams& p) { p.sve_vl = 9; }, true},
      {"longest vector", sve, [](RealmParams& p) { p.flags = kRealmFlagSve, p.sve_vl = 3; }, true},
      {"longer vector", sve, [](RealmParams& p) { p.flags = kRealmFlagSve, p.sve_vl = 4; }, false},
      {"PMU absent", nothing, [](RealmParams& p) { p.flags = kRealmFlagPmu; }, false},
      {"counters without PMU", nothing, [](RealmParams& p) { p.pmu_num_ctrs = 9; }, true},
      {"all counters", pmu, [](RealmParams& p) { p.flags = kRealmFlagPmu, p.pmu_num_ctrs = 6; }, true},
      {"more counters", pmu, [](RealmParams& p) { p.flags = kRealmFlagPmu, p.pmu_num_ctrs = 7; }, false},
      {"LPA2 absent", nothing, [](RealmParams& p) { p.flags = kRealmFlagLpa2; }, false},
      {"LPA2", [](FeatureRegister0& f) { f.lpa2 = true; }, [](RealmParams& p) { p.flags = kRealmFlagLpa2; }, true},
      {"D3: SBZ flags", nothing, [](RealmParams& p) { p.flags = ~7ULL; }, true},
      {"all breakpoints", debug, [](RealmParams& p) { p.num_bps = 5, p.num_wps = 3; }, true},
      {"more breakpoints", debug, [](RealmParams& p) { p.num_bps = 6, p.num_wps = 3; }, false},
      {"more watchpoints", debug, [](RealmParams& p) { p.num_bps = 5, p.num_wps = 4; }, false},
      {"reserved number of breakpoints", debug, [](RealmParams& p) { p.num_bps = 0; }, false},
      {"reserved number of watchpoints", debug, [](RealmParams& p) { p.num_wps = 0; }, false},
      {"widest IPA space", nothing, [](RealmParams& p) { p.s2sz = 48, p.rtt_level_start = 0, p.rtt_num_start = 1; },
       true},
      {"wider IPA space", nothing, [](RealmParams& p) { p.s2sz = 49, p.rtt_level_start = 0, p.rtt_num_start = 2; },
       false},
      {"beyond 48 bits without LPA2", [](FeatureRegister0& f) { f.s2sz = 52, f.lpa2 = true; },
       [](RealmParams& p) { p.s2sz = 49, p.rtt_level_start = 0, p.rtt_num_start = 2; }, false},
      {"narrowest IPA space", nothing, [](RealmParams& p) { p.s2sz = 32, p.rtt_num_start = 1; }, true},
      {"narrower IPA space", nothing, [](RealmParams& p) { p.s2sz = 31, p.rtt_num_start = 1; }, false},
      {"SHA-512", nothing, [](RealmParams& p) { p.hash_algo = 1; }, true},
      {"SHA-256 absent", [](FeatureRegister0& f) { f.hash_sha_256 = false; }, [](RealmParams&) {}, false},
      {"SHA-512 absent", [](FeatureRegister0& f) { f.hash_sha_512 = false; }, [](RealmParams& p) { p.hash_algo = 1; },
       false},
  };
  return all;
}

TEST_CASE("params_supp holds beyond each limit that RMI_FEATURES shows, and at none of them") {
  for (const Case& c : cases()) {
    INFO(c.what);
    Bench bench;
    c.offer(bench.platform.features);
    RealmParams params = bench.realm_params();
    c.ask(params);
    const Pa page = bench.granule();
    bench.show(page, params);
    const auto outcomes = bench.allowed(Bench::host(kRmiRealmCreate, {bench.delegated().value, page.value}));
    CHECK((reported(outcomes, "params_supp") == nullptr) == c.supported);
    CHECK((reported(outcomes, "") != nullptr) == c.supported);
  }
}

TEST_CASE("Whether REALM_CREATE refuses a reserved number of breakpoints is the platform's to say") {
  Bench bench;
  bench.platform.zero_bps_reserved = false;
  RealmParams params = bench.realm_params();
  params.num_bps = params.num_wps = 0;
  const Pa page = bench.granule();
  bench.show(page, params);
  const auto outcomes = bench.allowed(Bench::host(kRmiRealmCreate, {bench.delegated().value, page.value}));
  CHECK(reported(outcomes, "params_supp") == nullptr);
}

TEST_CASE("A realm takes its attributes from its parameters") {
  Bench bench;
  RealmParams params = bench.realm_params();
  params.hash_algo = 1;
  params.rpv.fill(3);
  const Pa rd = bench.realm(params);
  const Realm& realm = bench.state.realms.at(rd);
  CHECK(!realm.lpa2);
  CHECK(realm.ipa_width == 40);
  CHECK(realm.hash_algo == HashAlgorithm::kSha512);
  CHECK(realm.rtt_base == Pa{params.rtt_base});
  CHECK(realm.rtt_level_start == 1);
  CHECK(realm.rtt_num_start == 2);
  CHECK(realm.vmid == params.vmid);
  CHECK(realm.rpv == params.rpv);
  CHECK(realm.rec_index == 0);
  CHECK(realm.num_recs == 0);
  CHECK(bench.state.tables.at({rd, 1, {512ULL << 30}}).granule == Pa{params.rtt_base + kPage});
  CHECK(bench.state.tables.at({rd, 1, {512ULL << 30}}).entries[0].state == EntryState::kUnassignedNs);
}

}  // namespace
}  // namespace rmm::spec
