// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rmm/v2_bench.h"

using namespace abi::v2_0;
using rmi::GranuleState;
using rmi::kPage;
using v2::Bench;

TEST_CASE("2.0 GRANULE_RANGE_DELEGATE and UNDELEGATE move a range to the Realm PAS and back, wiped") {
  Bench b;
  const abi::Pa base = fake::kDram;
  const abi::Pa top = base + 3 * kPage;
  *b.platform.memory.bytes(base + kPage) = std::byte{0x77};
  CHECK(b.succeeds2(kRmiGranuleRangeDelegate, base, top) == top.value);
  for (abi::Pa pa = base; pa < top; pa += kPage) {
    CHECK(b.state_of(pa) == GranuleState::kDelegated);
    CHECK(b.platform.gpt.pas(abi::GranulePa::containing(pa)) == abi::Pas::kRealm);
    CHECK(*b.platform.memory.bytes(pa) == std::byte{0});
  }
  CHECK(b.state_of(top) == GranuleState::kUndelegated);
  CHECK(b.succeeds2(kRmiGranuleRangeUndelegate, base, top) == top.value);
  for (abi::Pa pa = base; pa < top; pa += kPage) {
    CHECK(b.state_of(pa) == GranuleState::kUndelegated);
    CHECK(b.platform.gpt.pas(abi::GranulePa::containing(pa)) == abi::Pas::kNonSecure);
  }
}

TEST_CASE("2.0 range commands stop before the first granule that fails, and name its error when called there") {
  Bench b;
  const abi::Pa base = fake::kDram + 0x10'0000;
  const abi::Pa used = base + 2 * kPage;
  const abi::Pa top = base + 4 * kPage;
  b.succeeds2(kRmiGranuleRangeDelegate, used, used + kPage);
  CHECK(b.succeeds2(kRmiGranuleRangeDelegate, base, top) == used.value);
  b.fails2_input("gran_state", kRmiGranuleRangeDelegate, used, top);
  CHECK(b.succeeds2(kRmiGranuleRangeDelegate, used + kPage, top) == top.value);

  const abi::Pa before = b.ns();
  rmi::TestRealm r(b);
  REQUIRE(r.rd == before + kPage);
  b.fails2_input("gran_state", kRmiGranuleRangeUndelegate, before, r.rd + kPage);
  b.succeeds2(kRmiGranuleRangeDelegate, before, r.rd);
  CHECK(b.succeeds2(kRmiGranuleRangeUndelegate, before, r.rd + kPage) == r.rd.value);
  CHECK(b.state_of(r.rd) == GranuleState::kRd);
}

TEST_CASE("2.0 range commands do bounded work: a long range takes several calls") {
  Bench b;
  const abi::Pa base = fake::kDram;
  const abi::Pa top = base + 1200 * kPage;
  int calls = 0;
  abi::Pa at = base;
  while (at < top) {
    const abi::Pa next{b.succeeds2(kRmiGranuleRangeDelegate, at, top)};
    REQUIRE(next > at);
    at = next;
    ++calls;
  }
  CHECK(at == top);
  CHECK(calls == 3);
  CHECK(b.state_of(top - kPage) == GranuleState::kDelegated);
}

TEST_CASE("2.0 GRANULE_RANGE_DELEGATE and UNDELEGATE fail by their conditions") {
  Bench b;
  const abi::Pa pa = b.ns();
  const abi::Pa end{fake::kDram.value + fake::kDramSize};
  for (const std::uint32_t fid : {kRmiGranuleRangeDelegate, kRmiGranuleRangeUndelegate}) {
    b.fails2_input("base_align", fid, pa + 8, pa + kPage);
    b.fails2_input("top_align", fid, pa, pa + kPage + 1);
    b.fails2_input("size_valid", fid, pa, pa);
    b.fails2_input("size_valid", fid, pa + kPage, pa);
    b.fails2("gran_bound", {kUntrackedGranule}, fid, end, end + kPage);
  }
  b.fails2_input("gran_state", kRmiGranuleRangeUndelegate, pa, pa + kPage);
  b.platform.gpt.force(pa, abi::Pas::kRoot);
  b.fails2_input("_gran_gpt", kRmiGranuleRangeDelegate, pa, pa + kPage);
  CHECK(b.succeeds2(kRmiGranuleRangeDelegate, end - kPage, end + kPage) == end.value);
}
