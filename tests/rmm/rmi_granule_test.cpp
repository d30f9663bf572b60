// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/granule_locks.h"
#include "rmm/core/granule_state.h"
#include "tests/rmm/rmi_bench.h"

using namespace rmi;

TEST_CASE("RMI_GRANULE_DELEGATE moves a granule to the Realm PAS and wipes it") {
  Bench b;
  const abi::Pa pa = b.ns();
  *b.platform.memory.bytes(pa) = std::byte{0x77};
  b.succeeds(kRmiGranuleDelegate, pa);
  CHECK(b.state_of(pa) == GranuleState::kDelegated);
  CHECK(b.platform.gpt.pas(abi::GranulePa::containing(pa)) == abi::Pas::kRealm);
  CHECK(*b.platform.memory.bytes(pa) == std::byte{0});
  CHECK(b.recorder.transitions == std::vector<std::string>{"UNDELEGATED>DELEGATED"});
}

TEST_CASE("RMI_GRANULE_DELEGATE fails by its conditions") {
  Bench b;
  const abi::Pa pa = b.ns();
  b.fails_input("gran_align", kRmiGranuleDelegate, pa.value + 8);
  b.fails_input("gran_bound", kRmiGranuleDelegate, 0x1000);
  b.fails_input("gran_bound", kRmiGranuleDelegate, fake::kDram.value + fake::kDramSize);
  b.platform.gpt.force(pa, abi::Pas::kRoot);
  b.fails_input("gran_gpt", kRmiGranuleDelegate, pa);
  b.platform.gpt.force(pa, abi::Pas::kSecure);
  b.fails_input("gran_gpt", kRmiGranuleDelegate, pa);
  b.platform.gpt.force(pa, abi::Pas::kRealm);  // firmware would not refuse that one
  b.fails_input("gran_gpt", kRmiGranuleDelegate, pa);
  b.fails_input("gran_state", kRmiGranuleDelegate, b.delegated());
}

TEST_CASE("RMI_GRANULE_UNDELEGATE returns a granule without contents") {
  Bench b;
  const abi::Pa pa = b.delegated();
  b.succeeds(kRmiGranuleUndelegate, pa);
  CHECK(b.state_of(pa) == GranuleState::kUndelegated);
  CHECK(b.platform.gpt.pas(abi::GranulePa::containing(pa)) == abi::Pas::kNonSecure);
  b.succeeds(kRmiGranuleDelegate, pa);
}

TEST_CASE("RMI_GRANULE_UNDELEGATE fails by its conditions") {
  Bench b;
  TestRealm r(b);
  const abi::Pa rec = r.add_rec();
  b.fails_input("gran_align", kRmiGranuleUndelegate, b.delegated().value + 1);
  b.fails_input("gran_bound", kRmiGranuleUndelegate, 0);
  b.fails_input("gran_state", kRmiGranuleUndelegate, b.ns());
  for (const abi::Pa used : {r.rd, r.rtt_base, rec, b.rec(rec).aux[0].pa()})
    b.fails_input("gran_state", kRmiGranuleUndelegate, used);
}

TEST_CASE("the state graph has exactly the edges to and from DELEGATED") {
  using enum GranuleState;
  const GranuleState all[] = {kUndelegated, kDelegated, kRd, kRec, kRecAux, kData, kRtt};
  int edges = 0;
  for (const auto from : all)
    for (const auto to : all) edges += rmm::core::transition_is_legal(from, to) ? 1 : 0;
  CHECK(edges == 12);
  CHECK_FALSE(rmm::core::transition_is_legal(kUndelegated, kData));
  CHECK_FALSE(rmm::core::transition_is_legal(kData, kUndelegated));
  CHECK_FALSE(rmm::core::transition_is_legal(kDelegated, kDelegated));
}

TEST_CASE("granules of one command are locked in ascending order, whatever the order of its arguments") {
  Bench b;
  const abi::Pa low = b.delegated();
  TestRealm r(b);
  const abi::Pa high = b.delegated();
  for (const abi::Pa rtt : {low, high}) {
    b.platform.sync.order.clear();
    b.succeeds(kRmiRttCreate, r.rd, rtt, rtt == low ? 0 : kBlock1, 2);
    REQUIRE(b.platform.sync.order.size() >= 2);
    CHECK(b.platform.sync.order[0] == std::min(r.rd, rtt).value);
    CHECK(b.platform.sync.order[1] == std::max(r.rd, rtt).value);
  }
}

TEST_CASE("of several granules all are kept locked, or none once one is in another state") {
  Bench b;
  TestRealm r(b);
  const auto rd = abi::GranulePa::containing(r.rd), spare = abi::GranulePa::containing(b.delegated());
  rmm::port::Platform ports = b.platform.ports(nullptr);
  const rmm::core::Context context{ports, b.state};
  {
    rmm::core::GranuleLocks both(context, {{rd, GranuleState::kRd}, {spare, GranuleState::kDelegated}}, "test");
    CHECK(b.platform.sync.held == 2);
    CHECK((both.matches(0) && both.matches(1)));
    both.release();
    CHECK(b.platform.sync.held == 0);
  }
  for (const auto& wanted :
       {std::array{GranuleState::kRec, GranuleState::kDelegated}, std::array{GranuleState::kRd, GranuleState::kData}}) {
    const rmm::core::GranuleLocks none(context, {{rd, wanted[0]}, {spare, wanted[1]}}, "test");
    CHECK(b.platform.sync.held == 0);
    CHECK(none.matches(0) == (wanted[0] == GranuleState::kRd));
    CHECK(none.matches(1) == (wanted[1] == GranuleState::kDelegated));
  }
  CHECK(b.platform.sync.held == 0);
}

TEST_CASE("the granule table is sparse, ordered and a value") {
  const std::array<rmm::port::MemoryBank, 2> banks{{{abi::Pa{0x1000'0000}, 0x20'3000}, {abi::Pa{0x9000'0000}, 0x1000}}};
  rmm::core::GranuleTable table(banks);
  CHECK(table.is_delegable(abi::Pa{0x1020'2fff}));
  CHECK_FALSE(table.is_delegable(abi::Pa{0x1020'3000}));
  CHECK(table.is_delegable(abi::Pa{0x9000'0000}));
  table.at(abi::GranulePa::containing(abi::Pa{0x9000'0000})).state = GranuleState::kRd;
  table.at(abi::GranulePa::containing(abi::Pa{0x1020'2000})).state = GranuleState::kData;
  const rmm::core::GranuleTable copy = table;
  table.at(abi::GranulePa::containing(abi::Pa{0x1020'2000})).state = GranuleState::kUndelegated;
  std::vector<std::uint64_t> seen;
  copy.for_each_delegated([&](abi::GranulePa pa, const rmm::core::Granule&) { seen.push_back(pa.pa().value); });
  CHECK(seen == std::vector<std::uint64_t>{0x1020'2000, 0x9000'0000});
}
