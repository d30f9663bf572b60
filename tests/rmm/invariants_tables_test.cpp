// SPDX-License-Identifier: GPL-2.0-or-later
// I2, I6, I8 and I11 at each RTT entry that is written, without a sweep; broken on purpose.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace call = rmm::call;
namespace core = rmm::core;

namespace {

constexpr call::Parameter kDataIn[] = {{"rd", 1}, {"data", 2}, {"ipa", 3}};
constexpr call::Command kData{.interface = rmm::port::Interface::kRmi,
                              .name = "RMI_DATA_CREATE_UNKNOWN",
                              .fid = kRmiDataCreateUnknown,
                              .in = kDataIn};
// Maps the granule and does not count the reference.
constexpr call::Row kForgetsToCount = call::make_row<kData, [](call::Call<kData>& c) {
  const core::GranuleLocks locks(c.core(),
                                 {{GranulePa::containing({c.in<"rd">()}), GranuleState::kRd},
                                  {GranulePa::containing({c.in<"data">()}), GranuleState::kDelegated}},
                                 "data_create_unknown");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const auto walk = core::walk(c.core(), *realm, {c.in<"ipa">()}, core::kPageLevel);
  core::map_data(c.core(), realm, walk, locks.as<GranuleState::kDelegated>(1), walk.entry.ripas);
  --c.state.granules.at(walk.table).refcount;
  return c.done();
}>();

}  // namespace

TEST_CASE("I6: a reference that is not counted is found with the command that forgot it", "[broken]") {
  check_caught("I6",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 realm.add_rtts(0);
                 m.replace(kForgetsToCount);
                 realm.add_data_unknown(0);
               },
               {"counts 0 references but has 1 live entries"});
}

TEST_CASE("I11: a granule that a second entry maps is found with the write", "[broken]") {
  check_caught(
      "I11",
      [](Watched& m) {
        TestRealm realm(m.bench);
        realm.add_rtts(0);
        const abi::Pa data = realm.add_data_unknown(0);
        if (!m.is_broken) return;
        const auto walk = m.bench.walk(realm.rd, kPage);
        m.invariants->rtt_write({.rd = realm.rd,
                                 .entry = walk.descriptor_pa(),
                                 .ipa = {kPage},
                                 .level = 3,
                                 .before = core::encode({}, 3),
                                 .after = core::encode({.state = core::RttState::kAssigned, .address = data}, 3)});
      },
      {"is mapped at IPA 0x0 and at IPA 0x1000"});
}

TEST_CASE("I2: a table that gets a second parent is found with the write", "[broken]") {
  check_caught(
      "I2",
      [](Watched& m) {
        TestRealm realm(m.bench);
        const abi::Pa table = realm.add_rtt(0, 2);
        if (!m.is_broken) return;
        const auto walk = m.bench.walk(realm.rd, kBlock1, 1);
        m.invariants->rtt_write({.rd = realm.rd,
                                 .entry = walk.descriptor_pa(),
                                 .ipa = {kBlock1},
                                 .level = 1,
                                 .before = core::encode({}, 1),
                                 .after = core::encode({.state = core::RttState::kTable, .address = table}, 1)});
      },
      {"has two parents"});
}

TEST_CASE("I8: an entry that points at something that is no table is found with the write", "[broken]") {
  check_caught(
      "I8",
      [](Watched& m) {
        TestRealm realm(m.bench);
        realm.add_rtt(0, 2);
        const abi::Pa granule = m.bench.delegated();
        if (!m.is_broken) return;
        const auto walk = m.bench.walk(realm.rd, kBlock1, 1);
        m.invariants->rtt_write({.rd = realm.rd,
                                 .entry = walk.descriptor_pa(),
                                 .ipa = {kBlock1},
                                 .level = 1,
                                 .before = core::encode({}, 1),
                                 .after = core::encode({.state = core::RttState::kTable, .address = granule}, 1)});
      },
      {"as at an RTT; it is DELEGATED"});
}

TEST_CASE("I6: an RD or REC that counts wrongly is found when its lock is let go", "[broken]") {
  const bool of_rec = GENERATE(false, true);
  check_caught("I6",
               [of_rec](Watched& m) {
                 TestRealm realm(m.bench);
                 const abi::Pa rec = realm.add_rec();
                 if (m.is_broken) ++m.bench.state.granules.at(GranulePa::containing(of_rec ? rec : realm.rd)).refcount;
                 if (of_rec)
                   m.bench.call(kRmiRecEnter, rec, m.bench.ns());  // the realm is NEW
                 else
                   m.bench.succeeds(kRmiRecAuxCount, realm.rd);
               },
               {of_rec ? "counts 1 references but does not run" : "counts 2 references but has 1 RECs"});
}

TEST_CASE("I19: a REC that leaves with two requests is found at the exit", "[broken]") {
  Watched m(true);
  TestRealm realm(m.bench);
  const abi::Pa rec = realm.add_rec();
  realm.add_rec(false);
  realm.activate();
  m.bench.cpu(rec).script.push_back([&m, rec](fake::RealmCpu&) {
    m.bench.rec(rec).ripas.awaits_entry = true;
    return abi::Exception{.esr = abi::esr::make(abi::esr::Ec::kHvc64, 0)};
  });
  m.smc(rec, {kPsciCpuOn, 1, 0x1000, 5});
  m.enter(rec);
  // Nobody asked for the first request, which is a finding of its own.
  CHECK(ids(m.findings.found()) == std::set<std::string>{"I19", "I24"});
  CHECK_THAT(m.findings.found().back(), Catch::Matchers::ContainsSubstring("left with 2 requests pending at once"));
}

TEST_CASE("checks that are told of another state begin anew") {
  Watched m(false);
  TestRealm realm(m.bench);
  realm.add_rtts(0);
  realm.add_data_unknown(0);
  // As a restored snapshot would have it: the realm was activated, and its page lies elsewhere in the table.
  m.bench.realm(realm.rd).measurements[0][0] ^= 1;
  m.bench.realm(realm.rd).state = rmm::port::Shared(core::RealmState::kActive);
  m.invariants->state_was_replaced();
  realm.add_data_unknown(kPage);
  m.bench.succeeds(kRmiDataDestroy, realm.rd, 0);
  m.sweep();
  for (const std::string& finding : m.findings.found()) FAIL_CHECK(finding);
}
