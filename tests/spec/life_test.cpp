// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/spec/bench.h"

namespace rmm::spec {
using namespace abi::v1_0;

TEST_CASE("A realm's life from delegation to undelegation leaves nothing behind") {
  Bench bench;
  const Pa rd = bench.realm();
  CHECK(bench.state.realms.at(rd).state == RealmState::kNew);
  CHECK(bench.state.granule(rd) == GranuleState::kRd);
  const Pa rec = bench.rec(rd);
  CHECK(bench.state.recs.at(rec).owner == rd);
  CHECK(bench.state.realms.at(rd).num_recs == 1);
  bench.tables(rd, 0x200000);
  bench.init_ripas(rd, 0x200000, 0x203000);
  CHECK(bench.entry(rd, 0x202000) == Entry{EntryState::kUnassigned, Ripas::kRam, 0, 0, {}});
  CHECK(bench.entry(rd, 0x203000).ripas == Ripas::kEmpty);
  const Pa data = bench.data(rd, 0x200000);
  CHECK(bench.entry(rd, 0x200000) == Entry{EntryState::kAssigned, Ripas::kRam, 0, 0, data});
  bench.activate(rd);
  CHECK(bench.state.realms.at(rd).state == RealmState::kActive);

  const Outcome destroyed = bench.done(kRmiDataDestroy, {rd.value, 0x200000});
  CHECK(destroyed.regs.x[1] == data.value);
  CHECK(destroyed.regs.x[2] == 0x400000);  // nothing else is live in the table
  CHECK(bench.entry(rd, 0x200000) == Entry{EntryState::kUnassigned, Ripas::kDestroyed, 0, 0, {}});
  const Outcome level3 = bench.done(kRmiRttDestroy, {rd.value, 0x200000, 3});
  CHECK(level3.regs.x[2] == 0x40000000);
  const Outcome level2 = bench.done(kRmiRttDestroy, {rd.value, 0, 2});
  CHECK(level2.regs.x[2] == 512ULL << 30);  // the end of the first starting table
  CHECK(bench.entry(rd, 0).ripas == Ripas::kDestroyed);
  bench.done(kRmiRecDestroy, {rec.value});
  bench.done(kRmiRealmDestroy, {rd.value});
  CHECK(bench.state.realms.empty());
  CHECK(bench.state.recs.empty());
  CHECK(bench.state.tables.empty());
  std::vector<Pa> rest;
  for (const auto& [granule, state] : bench.state.granules) {
    CHECK(state == GranuleState::kDelegated);
    rest.push_back(granule);
  }
  CHECK(rest.size() == 9);  // rd, two starting tables, rec, two auxiliaries, two tables, data
  for (const Pa granule : rest) bench.done(kRmiGranuleUndelegate, {granule.value});
  CHECK(bench.state == State{});
}

TEST_CASE("A starting table is UNASSIGNED and EMPTY below, UNASSIGNED_NS above, and nothing outside the IPA space") {
  Bench bench;
  auto params = bench.realm_params();
  params.s2sz = 34;  // 16 entries of 1 GiB
  params.rtt_num_start = 1;
  const Pa rd = bench.realm(params);
  const Table& table = bench.state.tables.at({rd, 1, {0}});
  for (std::size_t i = 0; i < kEntries; ++i) {
    Entry expected;
    if (i >= 8 && i < 16) expected.state = EntryState::kUnassignedNs;
    CHECK(table.entries[i] == expected);
  }
}

TEST_CASE("A2.1.4: a realm is live by a REC alone and by a table alone, not by a mapping of Non-secure memory") {
  Bench bench;
  auto destroyable = [&bench](Pa rd) {
    return reported(bench.allowed(Bench::host(kRmiRealmDestroy, {rd.value})), "realm_live") == nullptr;
  };
  const Pa with_rec = bench.realm();
  const Pa rec = bench.rec(with_rec);
  CHECK(!destroyable(with_rec));
  bench.done(kRmiRecDestroy, {rec.value});
  CHECK(destroyable(with_rec));
  for (const std::uint64_t ipa : {0ULL, 1ULL << 39}) {  // in the first and in the last starting table
    const Pa with_table = bench.realm();
    bench.tables(with_table, ipa, 2);
    CHECK(!destroyable(with_table));
    bench.done(kRmiRttDestroy, {with_table.value, ipa, 2});
    CHECK(destroyable(with_table));
  }
  const Pa mapped = bench.realm();
  bench.done(kRmiRttMapUnprotected, {mapped.value, 1ULL << 39, 1, 0xc0000000 | (5ULL << 2)});
  CHECK(destroyable(mapped));
}

TEST_CASE("D1: X1 to X3 that are no output become zero, X4 and above keep their value") {
  Bench bench;
  const Pa pa = bench.granule();
  const auto outcomes = bench.allowed(Bench::host(kRmiGranuleDelegate, {pa.value}));
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].compared == kAllRegisters);
  for (std::size_t n = 0; n <= 3; ++n) CHECK(outcomes[0].regs.x[n] == 0);
  for (std::size_t n = 4; n < 18; ++n) CHECK(outcomes[0].regs.x[n] == 0x5a5a0000 + n);
}

TEST_CASE("A failing command has no next state") {
  Bench bench;
  const Pa rd = bench.realm();
  for (const Outcome& outcome : bench.allowed(Bench::host(kRmiGranuleDelegate, {rd.value}))) {
    CHECK(!outcome.condition.empty());
    CHECK(outcome.next.empty());
  }
}

TEST_CASE("A function identifier that nobody has answers NOT_SUPPORTED, also one of the other interface") {
  Bench bench;
  const Pa rd = bench.realm();
  const Pa rec = bench.rec(rd);
  for (const Call& call : {Bench::host(0xC4000160, {}), Bench::host(kRsiVersion, {0x10000}),
                           Bench::guest(rec, kRmiVersion, {0x10000}), Bench::guest(rec, 0xC4000005, {})}) {
    const auto outcomes = bench.allowed(call);
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].condition == "_unknown_fid");
    CHECK(outcomes[0].regs.x[0] == ~0ULL);
  }
}

TEST_CASE("A command prints as one line with its arguments by name") {
  Call call;
  call.regs.x = {kRmiRttCreate, 0x80001000, 0x80002000, 0x40000000, 3};
  CHECK(script_line(call) == "RMI_RTT_CREATE rd=0x80001000 rtt=0x80002000 ipa=0x40000000 level=3");
  call.regs.x = {kRmiRttReadEntry, 0x80001000, 0, ~0ULL};
  CHECK(script_line(call) == "RMI_RTT_READ_ENTRY rd=0x80001000 ipa=0x0 level=-1");
  call.regs.x = {kPsciCpuOn32, 1, 0x1000, 7};
  call.rec = {0x80003000};
  CHECK(script_line(call) == "PSCI_CPU_ON_32 target_cpu=0x1 entry_point_address=0x1000 context_id=0x7 rec=0x80003000");
}

}  // namespace rmm::spec
