// SPDX-License-Identifier: GPL-2.0-or-later
// Invariants of granules, each broken on purpose.
#include <catch2/catch_test_macros.hpp>

#include "rmm/v1_0/commands.h"
#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace call = rmm::call;
namespace core = rmm::core;

namespace {

constexpr call::Parameter kDelegateIn[] = {{"addr", 1}};
constexpr call::Command kDelegate{.interface = rmm::port::Interface::kRmi,
                                  .name = "RMI_GRANULE_DELEGATE",
                                  .fid = kRmiGranuleDelegate,
                                  .in = kDelegateIn};
// Skips a state.
constexpr call::Row kDelegatesAsRec = call::make_row<kDelegate, [](call::Call<kDelegate>& c) {
  const auto granule = abi::GranulePa::containing({c.in<"addr">()});
  REQUIRE(c.platform.gpt.set_pas(granule, abi::Pas::kRealm));
  c.platform.observer->granule_transition({.granule = granule, .from = "UNDELEGATED", .to = "REC", .owner = {}});
  c.state.granules.at(granule).state = GranuleState::kRec;
  return c.done();
}>();

constexpr call::Parameter kRttDestroyIn[] = {{"rd", 1}, {"ipa", 2}, {"level", 3}};
constexpr call::Command kRttDestroy{
    .interface = rmm::port::Interface::kRmi, .name = "RMI_RTT_DESTROY", .fid = kRmiRttDestroy, .in = kRttDestroyIn};
// Does not ask whether the RTT is live.
constexpr call::Row kDestroysLiveTables = call::make_row<kRttDestroy, [](call::Call<kRttDestroy>& c) {
  const auto& rd = c.state.granules.at(abi::GranulePa::containing({c.in<"rd">()}));
  const auto parent =
      core::walk(c.core(), c.state.realms.at(rd.object), {c.in<"ipa">()}, static_cast<int>(c.in<"level">()) - 1);
  const auto table = abi::GranulePa::containing(parent.entry.address);
  c.platform.observer->granule_transition({.granule = table, .from = "RTT", .to = "DELEGATED", .owner = {}});
  c.state.granules.at(table).state = GranuleState::kDelegated;
  return c.done();
}>();

}  // namespace

TEST_CASE("I1: a delegated granule outside the Realm PAS is found by the sweep", "[broken]") {
  check_caught("I1",
               [](Watched& m) {
                 const abi::Pa granule = m.bench.delegated();
                 if (m.is_broken) m.bench.platform.gpt.force(granule, abi::Pas::kNonSecure);
                 m.sweep();
               },
               {"granule 0x80000000 is DELEGATED", "not in the Realm PAS"});
}

TEST_CASE("I1: a granule that is taken into use outside the Realm PAS is found at once, with the command", "[broken]") {
  check_caught("I1",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 const RecParams params = r.rec_params();
                 const abi::Pa rec = m.bench.delegated(), at = m.bench.ns();
                 m.bench.put(at, params);
                 if (m.is_broken) m.bench.platform.gpt.force({params.aux[0]}, abi::Pas::kNonSecure);
                 m.bench.succeeds(kRmiRecCreate, r.rd, rec, at);
               },
               {"became REC_AUX outside the Realm PAS", "during RMI_REC_CREATE(rd 0x", "on PE 0"});
}

TEST_CASE("I2: an auxiliary granule of two RECs is found", "[broken]") {
  check_caught("I2",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 const abi::Pa first = r.add_rec(), second = r.add_rec();
                 if (m.is_broken) m.bench.rec(second).aux[0] = m.bench.rec(first).aux[0];
                 m.sweep();
               },
               {"belongs to auxiliary granule 0 of REC", "and to auxiliary granule 0 of REC"});
}

TEST_CASE("I2: a granule in use that nothing refers to is found", "[broken]") {
  check_caught("I2",
               [](Watched& m) {
                 const abi::Pa granule = m.bench.delegated();
                 TestRealm r(m.bench);
                 if (m.is_broken) m.granule(granule).state = GranuleState::kRecAux;
                 m.sweep();
               },
               {"granule 0x80000000 is REC_AUX but nothing refers to it"});
}

TEST_CASE("I4: a protected entry that maps a granule outside the Realm PAS is found", "[broken]") {
  check_caught(
      "I4",
      [](Watched& m) {
        TestRealm r(m.bench);
        r.add_rtts(0);
        const abi::Pa data = m.bench.delegated();
        if (m.is_broken) m.bench.platform.gpt.force(data, abi::Pas::kNonSecure);
        m.bench.succeeds(kRmiDataCreateUnknown, r.rd, data, 0);
      },
      {"protected IPA 0x0 maps 0x80005000, which is not in the Realm PAS", "during RMI_DATA_CREATE_UNKNOWN(rd 0x"},
      {"I1"});
}

TEST_CASE("I5: a granule that skips a state is found", "[broken]") {
  check_caught("I5",
               [](Watched& m) {
                 m.replace(kDelegatesAsRec);
                 m.bench.succeeds(kRmiGranuleDelegate, m.bench.ns());
               },
               {"granule 0x80000000 went from UNDELEGATED to REC", "A2.2.3 does not allow",
                "during RMI_GRANULE_DELEGATE(addr 0x80000000) on PE 0"},
               {"I24"});
}

TEST_CASE("I6: a wrong reference count of an RTT, a REC, a realm, a DATA granule is found", "[broken]") {
  const auto scene = [](const std::function<void(Watched&, TestRealm&, abi::Pa rec, abi::Pa data)>& tamper) {
    return [tamper](Watched& m) {
      TestRealm r(m.bench);
      const abi::Pa rec = r.add_rec();
      r.add_rtts(0);
      const abi::Pa data = r.add_data_unknown(0);
      if (m.is_broken) tamper(m, r, rec, data);
      m.sweep();
    };
  };
  check_caught("I6", scene([](Watched& m, TestRealm& r, abi::Pa, abi::Pa) {
                 m.granule(m.bench.walk(r.rd, 0).table.pa()).refcount = 3;
               }),
               {"counts 3 references but has 1 live entries"});
  check_caught("I6", scene([](Watched& m, TestRealm&, abi::Pa rec, abi::Pa) { m.granule(rec).refcount = 1; }),
               {"counts 1 references but does not run"});
  check_caught("I6", scene([](Watched& m, TestRealm& r, abi::Pa, abi::Pa) {
                 m.bench.realm(r.rd).num_recs = rmm::port::Shared<std::uint32_t>(2);
               }),
               {"counts 2 RECs but has 1"});
  check_caught("I6", scene([](Watched& m, TestRealm&, abi::Pa, abi::Pa data) { m.granule(data).refcount = 1; }),
               {"is DATA with 1 references"});
}

TEST_CASE("I7: an RTT that is given back while entries refer to granules is found", "[broken]") {
  check_caught("I7",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 r.add_rtts(0);
                 r.add_data_unknown(0);
                 r.add_data_unknown(kPage);
                 m.bench.succeeds(kRmiDataDestroy, r.rd, 0);
                 m.replace(kDestroysLiveTables);
                 CHECK(m.bench.call(kRmiRttDestroy, r.rd, 0, 3).ok() == m.is_broken);
               },
               {"left RTT although 1 references to it are counted", "during RMI_RTT_DESTROY(rd 0x", "level 0x3)"},
               {"I24"});
}
