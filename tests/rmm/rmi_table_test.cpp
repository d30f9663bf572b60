// SPDX-License-Identifier: GPL-2.0-or-later
#include <set>

#include "rmm/call/version.h"
#include "rmm/v1_0/table.h"
#include "tests/rmm/condition_ids.h"
#include "tests/rmm/rmi_bench.h"

using namespace rmi;

namespace {

std::set<std::string> split(std::string_view ids) {
  std::set<std::string> out;
  rmm::call::for_each_id(ids, [&](std::string_view id) { out.emplace(id); });
  return out;
}

}  // namespace

TEST_CASE("the table has every RMI command with exactly the conditions of its page") {
  std::size_t conditions = 0;
  std::set<std::string> seen;
  for (const auto* row : rmm::v1_0::rmi_rows()) {
    const std::string name(row->command->name);
    INFO(name);
    REQUIRE(pages::kConditionIds.contains(name));
    std::set<std::string> ids;
    for (const auto& c : row->command->conditions)
      if (c.id.front() != '_') ids.emplace(c.id);
    CHECK(ids == split(pages::kConditionIds.at(name)));
    conditions += ids.size();
    seen.insert(name);
  }
  CHECK(seen.size() == 23);
  CHECK(conditions == 187);
}

TEST_CASE("rows are in ascending order of function id and say what success means") {
  std::uint32_t previous = 0;
  for (const auto* row : rmm::v1_0::rmi_rows()) {
    CHECK(row->command->fid > previous);
    CHECK_FALSE(row->command->effect.empty());
    for (const auto& c : row->command->conditions) CHECK_FALSE(c.meaning.empty());
    previous = row->command->fid;
  }
}

TEST_CASE("the mandated orders have the pages' number of pairs") {
  std::size_t pairs = 0;
  for (const auto* row : rmm::v1_0::rmi_rows())
    for (const auto& b : row->command->before) pairs += split(b.first).size() * split(b.then).size();
  CHECK(pairs == 135);
}

TEST_CASE("a function id outside the table answers NOT_SUPPORTED") {
  Bench b;
  for (const std::uint32_t fid : {0xC4000156U, 0xC4000160U, 0xC4000163U, 0xC400016AU, 0xC400018FU, 0x84000000U}) {
    const Answer a = b.call(fid);
    CHECK(a.x[0] == ~0ULL);
    CHECK(a.condition == "_unknown_fid");
  }
}

TEST_CASE("the observer hears name, arguments, status and failed condition of a command") {
  Bench b;
  b.call(kRmiGranuleDelegate, 0x8000'0001ULL);
  CHECK(b.recorder.begun == "RMI_GRANULE_DELEGATE");
  CHECK(b.recorder.ended == "RMI_GRANULE_DELEGATE");
  REQUIRE(b.recorder.args.size() == 1);
  CHECK(b.recorder.args[0].name == "addr");
  CHECK(b.recorder.args[0].value == 0x8000'0001ULL);
  CHECK(b.recorder.status == "RMI_ERROR_INPUT");
  CHECK(b.recorder.condition == "gran_align");
}

TEST_CASE("D1: undefined outputs of RMI in X1 to X3 are zero, X4 and above keep their value") {
  Bench b;
  const Answer a = b.succeeds(kRmiGranuleDelegate, fake::kDram);
  CHECK(a.x[1] == 0);
  CHECK(a.x[2] == 0);
  CHECK(a.x[3] == 0);
  for (std::size_t i = 4; i < a.x.size(); ++i) CHECK(a.x[i] == 0x5a5a);
}

TEST_CASE("a condition that is switched off no longer fails") {
  Bench b;
  b.monitor.switches().turn_off(kRmiRealmActivate, "realm_state");
  TestRealm r(b);
  r.activate();
  b.monitor.switches().restore();
  b.fails("realm_state", RmiStatus::kErrorRealm, 0, kRmiRealmActivate, r.rd);
}

TEST_CASE("RMI_VERSION: the supported revision succeeds, lower and higher ones are ERROR_INPUT with outputs") {
  Bench b;
  Answer a = b.succeeds(kRmiVersion, 0x10000);
  CHECK(a.x[1] == 0x10000);
  CHECK(a.x[2] == 0x10000);
  a = b.fails_input("_version_lower", kRmiVersion, 0x10001);
  CHECK(a.x[1] == 0x10000);
  CHECK(a.x[2] == 0x10000);
  a = b.fails_input("_version_lower", kRmiVersion, 0x20000);
  CHECK(a.x[1] == 0x10000);
  a = b.fails_input("_version_higher", kRmiVersion, 0x00001);
  CHECK(a.x[1] == 0x10000);
  CHECK(a.x[2] == 0x10000);
}

TEST_CASE("B2 RMI scenarios: revision negotiation gives all fifteen outcomes", "[easily-skipped]") {
  using rmm::call::Agreement;
  using rmm::call::Revision;
  using V = std::vector<Revision>;
  const auto r = [](std::uint64_t major, std::uint64_t minor) { return Revision::of(major, minor); };
  struct Scenario {
    V supported;
    Revision requested;
    Agreement agreement;
    Revision lower, higher;
  };
  const Scenario scenarios[] = {
      {{r(1, 0)}, r(1, 0), Agreement::kCompatible, r(1, 0), r(1, 0)},
      {{r(1, 0), r(1, 1)}, r(1, 0), Agreement::kCompatible, r(1, 0), r(1, 1)},
      {{r(1, 0), r(2, 0)}, r(1, 0), Agreement::kCompatible, r(1, 0), r(2, 0)},
      {{r(1, 0)}, r(1, 1), Agreement::kOnlyLower, r(1, 0), r(1, 0)},
      {{r(1, 0), r(1, 1)}, r(1, 2), Agreement::kOnlyLower, r(1, 1), r(1, 1)},
      {{r(1, 0), r(1, 1)}, r(2, 0), Agreement::kOnlyLower, r(1, 1), r(1, 1)},
      {{r(1, 0), r(1, 1), r(1, 3)}, r(1, 2), Agreement::kOnlyLower, r(1, 1), r(1, 3)},
      {{r(1, 0)}, r(2, 0), Agreement::kOnlyLower, r(1, 0), r(1, 0)},
      {{r(1, 0)}, r(2, 1), Agreement::kOnlyLower, r(1, 0), r(1, 0)},
      {{r(1, 0), r(1, 1)}, r(2, 0), Agreement::kOnlyLower, r(1, 1), r(1, 1)},
      {{r(1, 0), r(1, 1)}, r(2, 1), Agreement::kOnlyLower, r(1, 1), r(1, 1)},
      {{r(1, 0), r(1, 1), r(2, 0)}, r(2, 1), Agreement::kOnlyLower, r(2, 0), r(2, 0)},
      {{r(2, 0)}, r(1, 0), Agreement::kOnlyHigher, r(2, 0), r(2, 0)},
      {{r(2, 0)}, r(1, 1), Agreement::kOnlyHigher, r(2, 0), r(2, 0)},
      {{r(2, 0), r(2, 1)}, r(1, 0), Agreement::kOnlyHigher, r(2, 1), r(2, 1)},
  };
  for (const Scenario& s : scenarios) {
    const auto n = rmm::call::negotiate(s.supported, s.requested.raw);
    CHECK(n.agreement == s.agreement);
    CHECK(n.lower == s.lower);
    CHECK(n.higher == s.higher);
  }
}

TEST_CASE("RMI_FEATURES: register 0 says what the platform offers, all others are zero") {
  Bench b;
  const auto f = FeatureRegister0::from_raw(b.succeeds(kRmiFeatures, 0).x[1]);
  CHECK(f.s2sz == 48);
  CHECK_FALSE(f.lpa2);
  CHECK_FALSE(f.sve);
  CHECK_FALSE(f.pmu);
  CHECK(f.num_bps == 1);
  CHECK(f.num_wps == 1);
  CHECK(f.hash_sha_256);
  CHECK(f.hash_sha_512);
  CHECK(f.gicv3_num_lrs == 15);
  CHECK(f.max_recs_order == 9);
  CHECK(b.succeeds(kRmiFeatures, 1).x[1] == 0);
  CHECK(b.succeeds(kRmiFeatures, ~0ULL).x[1] == 0);
}
