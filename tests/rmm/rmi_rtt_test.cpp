// SPDX-License-Identifier: GPL-2.0-or-later
#include <random>

#include "tests/rmm/rmi_bench.h"

using namespace rmi;
using rmm::core::RttEntry;
using rmm::core::RttState;

namespace {

constexpr std::uint64_t kNormalRw = (6ULL << 2) | (3ULL << 6);  // MemAttr Normal Write-Back, S2AP read-write

// Maps a whole table of 4 KiB pages at `ipa` to contiguous, aligned DATA granules. Returns the first.
abi::Pa fill_with_data(TestRealm& r, std::uint64_t ipa) {
  const abi::Pa base = r.b.delegated_run(512);
  for (std::uint64_t i = 0; i < 512; ++i) r.b.succeeds(kRmiDataCreateUnknown, r.rd, base + i * kPage, ipa + i * kPage);
  return base;
}

}  // namespace

TEST_CASE("descriptors and entries are each other's inverse, valid iff hardware may use them") {
  using rmm::core::decode;
  using rmm::core::encode;
  const abi::Pa address{0x1'4000'0000};
  const RttEntry entries[] = {
      {.state = RttState::kUnassigned, .ripas = Ripas::kEmpty},
      {.state = RttState::kUnassigned, .ripas = Ripas::kRam},
      {.state = RttState::kUnassigned, .ripas = Ripas::kDestroyed},
      {.state = RttState::kAssigned, .ripas = Ripas::kEmpty, .address = address},
      {.state = RttState::kAssigned, .ripas = Ripas::kRam, .address = address},
      {.state = RttState::kAssigned, .ripas = Ripas::kDestroyed, .address = address},
      {.state = RttState::kUnassignedNs},
      {.state = RttState::kAssignedNs, .address = address, .attributes = kNormalRw},
      {.state = RttState::kTable, .address = address},
  };
  for (const RttEntry& e : entries)
    for (int level = 0; level <= 3; ++level) {
      if (e.state == RttState::kTable && level == 3) continue;
      if (e.is_valid() && e.state != RttState::kTable && level == 0) continue;
      INFO(rmm::core::name(e.state) << " " << rmm::core::name(e.ripas) << " level " << level);
      CHECK(decode(encode(e, level), level) == e);
      CHECK((encode(e, level) & 1) == (e.is_valid() ? 1 : 0));
      CHECK(rmm::core::descriptor_is_live(encode(e, level)) == e.is_live());
    }
  CHECK(encode({.state = RttState::kAssigned, .ripas = Ripas::kRam, .address = address}, 3) ==
        (address.value | (1ULL << 10) | (3ULL << 8) | kNormalRw | 3));
  CHECK(encode({.state = RttState::kAssigned, .ripas = Ripas::kRam, .address = address}, 2) ==
        (address.value | (1ULL << 10) | (3ULL << 8) | kNormalRw | 1));
  // Non-cacheable is Outer Shareable.
  CHECK(encode({.state = RttState::kAssignedNs, .address = address, .attributes = (5ULL << 2) | (1ULL << 6)}, 3) ==
        ((1ULL << 55) | address.value | (1ULL << 10) | (2ULL << 8) | (5ULL << 2) | (1ULL << 6) | 3));
}

TEST_CASE("RMI_RTT_CREATE, protected and unprotected: the child repeats the parent") {
  Bench b;
  TestRealm r(b);
  r.init_ripas(0, kBlock1);
  const abi::Pa l2 = r.add_rtt(0, 2);
  CHECK(b.state_of(l2) == GranuleState::kRtt);
  CHECK(b.walk(r.rd, 0, 1).entry == RttEntry{.state = RttState::kTable, .address = l2});
  CHECK(b.refcount(r.rtt_base) == 1);
  for (const std::uint64_t ipa : {std::uint64_t{0}, kBlock1 - kBlock2})
    CHECK(b.walk(r.rd, ipa).entry == RttEntry{.state = RttState::kUnassigned, .ripas = Ripas::kRam});
  r.add_rtt(r.unprotected, 2);
  CHECK(b.walk(r.rd, r.unprotected + kBlock2).entry.state == RttState::kUnassignedNs);
  CHECK(b.walk(r.rd, r.unprotected).level == 2);
  CHECK(b.platform.tlb.log.empty());
}

TEST_CASE("RMI_RTT_CREATE fails by its conditions") {
  Bench b;
  TestRealm r(b);
  const abi::Pa rtt = b.delegated();
  const auto create = [&](const char* id, abi::Pa rd, abi::Pa t, std::uint64_t ipa, std::int64_t level) {
    b.fails_input(id, kRmiRttCreate, rd, t, ipa, level);
  };
  create("rd_align", r.rd + 8, rtt, 0, 2);
  create("rd_bound", abi::Pa{0}, rtt, 0, 2);
  create("rd_state", rtt, rtt, 0, 2);
  create("rtt_align", r.rd, rtt + 8, 0, 2);
  create("rtt_bound", r.rd, abi::Pa{0}, 0, 2);
  create("rtt_state", r.rd, r.rtt_base, 0, 2);
  create("rtt_state", r.rd, r.rd, 0, 2);  // M7
  b.succeeds(kRmiGranuleDelegate, fake::kHighDram);
  create("rtt_bound2", r.rd, fake::kHighDram, 0, 2);
  for (const std::int64_t level :
       {std::int64_t{1}, std::int64_t{0}, std::int64_t{-1}, std::int64_t{4}, std::int64_t{1} << 32 | 2})
    create("level_bound", r.rd, rtt, 0, level);
  create("ipa_align", r.rd, rtt, kBlock2, 2);
  create("ipa_align", r.rd, rtt, kPage, 3);
  create("ipa_bound", r.rd, rtt, 2 * r.unprotected, 2);
  b.fails("rtt_walk", RmiStatus::kErrorRtt, 1, kRmiRttCreate, r.rd, rtt, 0, 3);
  r.add_rtt(0, 2);
  b.fails("rtte_state", RmiStatus::kErrorRtt, 1, kRmiRttCreate, r.rd, rtt, 0, 2);
}

TEST_CASE("walks go through concatenated starting tables") {
  Bench b;
  TestRealm r(b, {.s2sz = 34, .level = 2, .tables = 16});
  for (std::uint64_t i = 0; i < 16; ++i) {
    const std::uint64_t ipa = i * kBlock1 + 7 * kBlock2;
    const auto w = b.walk(r.rd, ipa);
    CHECK(w.table.pa() == r.rtt_base + i * kPage);
    CHECK(w.index == 7);
    CHECK(w.ipa.value == ipa);
  }
  const std::uint64_t last = 8 * kBlock1 - kBlock2;
  r.add_rtt(last, 3);
  CHECK(b.refcount(r.rtt_base + 7 * kPage) == 1);
  r.add_data_unknown(last);
  b.fails("realm_live", RmiStatus::kErrorRealm, 0, kRmiRealmDestroy, r.rd);
}

TEST_CASE("D12: RMI_RTT_DESTROY makes the entry DESTROYED, or UNASSIGNED_NS, and invalidates its whole range") {
  Bench b;
  TestRealm r(b);
  const abi::Pa l2 = r.add_rtt(0, 2);
  const abi::Pa ns = r.add_rtt(r.unprotected, 2);
  b.succeeds(kRmiRttMapUnprotected, r.rd, r.unprotected, 2, kBlock1 | kNormalRw);
  b.platform.tlb.log.clear();
  Answer a = b.succeeds(kRmiRttDestroy, r.rd, 0, 2);
  CHECK(a.x[1] == l2.value);
  CHECK(a.x[2] == r.unprotected);  // next live entry: the other table
  CHECK(b.state_of(l2) == GranuleState::kDelegated);
  CHECK(b.walk(r.rd, 0).entry == RttEntry{.state = RttState::kUnassigned, .ripas = Ripas::kDestroyed});
  // ASSIGNED_NS entries do not keep a table alive (A5.5.8), but their translations must go.
  a = b.succeeds(kRmiRttDestroy, r.rd, r.unprotected, 2);
  CHECK(a.x[1] == ns.value);
  CHECK(a.x[2] == 512 * kBlock1);
  CHECK(b.walk(r.rd, r.unprotected).entry == RttEntry{.state = RttState::kUnassignedNs});
  CHECK(b.platform.tlb.log ==
        std::vector<fake::Invalidation>{{{1}, {{0}, {kBlock1}}}, {{1}, {{r.unprotected}, {r.unprotected + kBlock1}}}});
  CHECK(b.refcount(r.rtt_base) == 0);
}

TEST_CASE("RMI_RTT_DESTROY fails by its conditions and says where to go on") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  b.fails_input("rd_align", kRmiRttDestroy, r.rd + 8, 0, 2);
  b.fails_input("rd_bound", kRmiRttDestroy, 0, 0, 2);
  b.fails_input("rd_state", kRmiRttDestroy, r.rtt_base, 0, 2);
  b.fails_input("level_bound", kRmiRttDestroy, r.rd, 0, 1);
  b.fails_input("level_bound", kRmiRttDestroy, r.rd, 0, 4);
  b.fails_input("ipa_align", kRmiRttDestroy, r.rd, kPage, 3);
  CHECK(b.fails_input("ipa_bound", kRmiRttDestroy, r.rd, 2 * r.unprotected, 2).x[2] == 0);
  Answer a = b.fails("rtt_live", RmiStatus::kErrorRtt, 2, kRmiRttDestroy, r.rd, 0, 2);
  CHECK(a.x[2] == 0);
  a = b.fails("rtte_state", RmiStatus::kErrorRtt, 2, kRmiRttDestroy, r.rd, kBlock2, 3);
  CHECK(a.x[1] == 0);
  CHECK(a.x[2] == kBlock1);
  a = b.fails("rtt_walk", RmiStatus::kErrorRtt, 1, kRmiRttDestroy, r.rd, kBlock1, 3);
  CHECK(a.x[2] == 512 * kBlock1);
  r.add_data_unknown(9 * kPage);
  a = b.fails("rtt_live", RmiStatus::kErrorRtt, 3, kRmiRttDestroy, r.rd, 0, 3);
  CHECK(a.x[2] == 0);
}

TEST_CASE("RMI_RTT_READ_ENTRY shows state, address and RIPAS, at the starting level too") {
  Bench b;
  TestRealm r(b);
  const abi::Pa l2 = r.add_rtt(0, 2);
  const auto read = [&](std::uint64_t ipa, int level) { return b.succeeds(kRmiRttReadEntry, r.rd, ipa, level).x; };
  auto x = read(0, 1);
  CHECK(x[1] == 1);
  CHECK(x[2] == static_cast<std::uint64_t>(RmiRttEntryState::kTable));
  CHECK(x[3] == l2.value);
  CHECK(x[4] == 0);
  r.init_ripas(0, kBlock2);
  x = read(0, 3);
  CHECK(x[1] == 2);
  CHECK(x[2] == static_cast<std::uint64_t>(RmiRttEntryState::kUnassigned));
  CHECK(x[3] == 0);
  CHECK(x[4] == static_cast<std::uint64_t>(Ripas::kRam));
  r.add_rtt(0, 3);
  const abi::Pa data = r.add_data_unknown(kPage);
  x = read(kPage, 3);
  CHECK(x[1] == 3);
  CHECK(x[2] == static_cast<std::uint64_t>(RmiRttEntryState::kAssigned));
  CHECK(x[3] == data.value);
  CHECK(x[4] == static_cast<std::uint64_t>(Ripas::kRam));
  b.succeeds(kRmiRttMapUnprotected, r.rd, r.unprotected, 1, 5 * kBlock1 | kNormalRw);
  x = read(r.unprotected, 3 - 2);
  CHECK(x[2] == static_cast<std::uint64_t>(RmiRttEntryState::kAssigned));
  CHECK(x[3] == (5 * kBlock1 | kNormalRw));
  CHECK(x[4] == static_cast<std::uint64_t>(Ripas::kEmpty));
  x = read(r.unprotected + kBlock1, 3);
  CHECK(x[2] == static_cast<std::uint64_t>(RmiRttEntryState::kUnassigned));
  CHECK(x[5] == 0x5a5a);
}

TEST_CASE("RMI_RTT_READ_ENTRY fails by its conditions") {
  Bench b;
  TestRealm r(b);
  b.fails_input("rd_align", kRmiRttReadEntry, r.rd + 8, 0, 1);
  b.fails_input("rd_bound", kRmiRttReadEntry, 0, 0, 1);
  b.fails_input("rd_state", kRmiRttReadEntry, r.rtt_base, 0, 1);
  b.fails_input("level_bound", kRmiRttReadEntry, r.rd, 0, 0);
  b.fails_input("level_bound", kRmiRttReadEntry, r.rd, 0, 4);
  b.fails_input("ipa_align", kRmiRttReadEntry, r.rd, kPage, 2);
  CHECK(b.fails_input("ipa_bound", kRmiRttReadEntry, r.rd, 2 * r.unprotected, 1).x[4] == 0);
}

TEST_CASE("RMI_RTT_MAP_UNPROTECTED maps pages and blocks; UNMAP removes them and invalidates") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(r.unprotected);
  const std::uint64_t block2 = r.unprotected + kBlock2, block1 = r.unprotected + kBlock1;
  struct Map {
    std::uint64_t ipa;
    int level;
    std::uint64_t address;
    std::uint64_t top;  // after the unmap
  };
  // The last address is nowhere in DRAM: no condition tests it.
  for (const Map& m : {Map{r.unprotected, 3, 0x8123'4000, r.unprotected + kBlock2}, Map{block2, 2, 0x8120'0000, block1},
                       Map{block1, 1, 0x40'0000'0000, 512 * kBlock1}}) {
    b.succeeds(kRmiRttMapUnprotected, r.rd, m.ipa, m.level, m.address | kNormalRw);
    const auto w = b.walk(r.rd, m.ipa);
    CHECK(w.level == m.level);
    CHECK(w.entry == RttEntry{.state = RttState::kAssignedNs, .address = {m.address}, .attributes = kNormalRw});
    CHECK(b.fails("rtte_state", RmiStatus::kErrorRtt, static_cast<unsigned>(m.level), kRmiRttMapUnprotected, r.rd,
                  m.ipa, m.level, m.address | kNormalRw)
              .x[1] == 0);
    b.platform.tlb.log.clear();
    const Answer a = b.succeeds(kRmiRttUnmapUnprotected, r.rd, m.ipa, m.level);
    CHECK(a.x[1] == m.top);
    CHECK(b.platform.tlb.log == std::vector<fake::Invalidation>{{{1}, w.range()}});
    CHECK(b.walk(r.rd, m.ipa).entry.state == RttState::kUnassignedNs);
  }
}

TEST_CASE("RMI_RTT_MAP_UNPROTECTED fails by its conditions") {
  Bench b;
  TestRealm r(b);
  const auto map = [&](const char* id, abi::Pa rd, std::uint64_t ipa, std::int64_t level, std::uint64_t desc) {
    b.fails_input(id, kRmiRttMapUnprotected, rd, ipa, level, desc);
  };
  const std::uint64_t u = r.unprotected;
  map("attr_valid", r.rd, u, 1, (4ULL << 2) | (3ULL << 6));
  for (const unsigned bit : {0U, 1U, 5U, 8U, 9U, 10U, 11U, 50U, 53U, 54U, 55U, 63U})
    map("attr_valid", r.rd, u, 1, kNormalRw | (1ULL << bit));
  map("rd_align", r.rd + 8, u, 1, kNormalRw);
  map("rd_bound", abi::Pa{0}, u, 1, kNormalRw);
  map("rd_state", r.rtt_base, u, 1, kNormalRw);
  map("level_bound", r.rd, u, 0, kNormalRw);
  map("level_bound", r.rd, u, 4, kNormalRw);
  map("addr_align", r.rd, u, 1, kNormalRw | kBlock2);
  map("addr_bound", r.rd, u, 1, kNormalRw | (1ULL << 48));
  map("ipa_align", r.rd, u + kBlock2, 1, kNormalRw);
  map("ipa_bound", r.rd, 0, 1, kNormalRw);
  map("ipa_bound", r.rd, 2 * u, 1, kNormalRw);
  b.fails("rtt_walk", RmiStatus::kErrorRtt, 1, kRmiRttMapUnprotected, r.rd, u, 3, kNormalRw);
  r.add_rtt(u, 2);
  b.fails("rtte_state", RmiStatus::kErrorRtt, 1, kRmiRttMapUnprotected, r.rd, u, 1, kNormalRw);
  Bench narrow;
  TestRealm start2(narrow, {.s2sz = 33, .level = 2, .tables = 8});
  narrow.fails_input("level_bound", kRmiRttMapUnprotected, start2.rd, start2.unprotected, 1, kNormalRw);
}

TEST_CASE("RMI_RTT_UNMAP_UNPROTECTED fails by its conditions and says where to go on") {
  Bench b;
  TestRealm r(b);
  const std::uint64_t u = r.unprotected;
  b.fails_input("rd_align", kRmiRttUnmapUnprotected, r.rd + 8, u, 1);
  b.fails_input("rd_bound", kRmiRttUnmapUnprotected, 0, u, 1);
  b.fails_input("rd_state", kRmiRttUnmapUnprotected, r.rtt_base, u, 1);
  b.fails_input("level_bound", kRmiRttUnmapUnprotected, r.rd, u, 0);
  b.fails_input("ipa_align", kRmiRttUnmapUnprotected, r.rd, u + kPage, 1);
  b.fails_input("ipa_bound", kRmiRttUnmapUnprotected, r.rd, 0, 1);
  CHECK(b.fails_input("ipa_bound", kRmiRttUnmapUnprotected, r.rd, 2 * u, 1).x[1] == 0);
  b.succeeds(kRmiRttMapUnprotected, r.rd, u + kBlock1, 1, kNormalRw);
  Answer a = b.fails("rtt_walk", RmiStatus::kErrorRtt, 1, kRmiRttUnmapUnprotected, r.rd, u + kBlock2, 2);
  CHECK(a.x[1] == u + kBlock1);
  a = b.fails("rtt_walk", RmiStatus::kErrorRtt, 1, kRmiRttUnmapUnprotected, r.rd, u + kBlock1 + kBlock2, 2);
  CHECK(a.x[1] == u + kBlock1 + kBlock2);  // mapped as a block: top equals ipa
  a = b.fails("rtte_state", RmiStatus::kErrorRtt, 1, kRmiRttUnmapUnprotected, r.rd, u, 1);
  CHECK(a.x[1] == u + kBlock1);
}

TEST_CASE("RMI_RTT_FOLD makes a 2 MiB block of a table of contiguous data, RMI_RTT_CREATE takes it apart again") {
  Bench b;
  TestRealm r(b);
  r.init_ripas(0, kBlock1);
  r.add_rtts(0);
  const abi::Pa rtt = b.walk(r.rd, 0).table.pa(), parent = b.walk(r.rd, 0, 2).table.pa();
  const abi::Pa data = fill_with_data(r, 0);
  CHECK(b.refcount(rtt) == 512);
  b.platform.tlb.log.clear();
  CHECK(b.succeeds(kRmiRttFold, r.rd, 0, 3).x[1] == rtt.value);
  auto w = b.walk(r.rd, 17 * kPage);
  CHECK(w.level == 2);
  CHECK(w.entry == RttEntry{.state = RttState::kAssigned, .ripas = Ripas::kRam, .address = data});
  CHECK(b.state_of(rtt) == GranuleState::kDelegated);
  CHECK(b.refcount(parent) == 1);
  CHECK(b.platform.tlb.log == std::vector<fake::Invalidation>{{{1}, {{0}, {kBlock2}}}});
  CHECK(b.fails("rtt_walk", RmiStatus::kErrorRtt, 2, kRmiDataDestroy, r.rd, 3 * kPage).x[2] == 3 * kPage);

  b.succeeds(kRmiRttCreate, r.rd, rtt, 0, 3);
  CHECK(b.platform.tlb.log.size() == 2);
  CHECK(b.refcount(rtt) == 512);
  for (const std::uint64_t i : {0U, 1U, 511U}) {
    w = b.walk(r.rd, i * kPage);
    CHECK(w.level == 3);
    CHECK(w.entry == RttEntry{.state = RttState::kAssigned, .ripas = Ripas::kRam, .address = data + i * kPage});
  }
}

TEST_CASE("D13: RMI_RTT_FOLD makes 1 GiB blocks of unprotected tables, and none of 512 GiB") {
  Bench b;
  TestRealm r(b, {.s2sz = 48, .level = 0});
  r.add_rtts(r.unprotected, 2);
  for (std::uint64_t i = 0; i < 512; ++i)
    b.succeeds(kRmiRttMapUnprotected, r.rd, r.unprotected + i * kBlock2, 2, (i * kBlock2) | kNormalRw);
  b.succeeds(kRmiRttFold, r.rd, r.unprotected, 2);
  auto w = b.walk(r.rd, r.unprotected);
  CHECK(w.level == 1);
  CHECK(w.entry == RttEntry{.state = RttState::kAssignedNs, .attributes = kNormalRw});
  for (std::uint64_t i = 1; i < 512; ++i)
    b.succeeds(kRmiRttMapUnprotected, r.rd, r.unprotected + i * kBlock1, 1, (i * kBlock1) | kNormalRw);
  b.fails("rtt_homo", RmiStatus::kErrorRtt, 1, kRmiRttFold, r.rd, r.unprotected, 1);
}

TEST_CASE("RMI_RTT_FOLD of unassigned tables keeps RIPAS") {
  Bench b;
  TestRealm r(b);
  r.init_ripas(0, kBlock1);
  r.add_rtts(0);
  b.succeeds(kRmiRttFold, r.rd, 0, 3);
  b.succeeds(kRmiRttFold, r.rd, 0, 2);
  CHECK(b.walk(r.rd, 0).entry == RttEntry{.state = RttState::kUnassigned, .ripas = Ripas::kRam});
  CHECK(b.walk(r.rd, 0).level == 1);
  r.add_rtts(r.unprotected, 2);
  b.succeeds(kRmiRttFold, r.rd, r.unprotected, 2);
  CHECK(b.walk(r.rd, r.unprotected).entry == RttEntry{.state = RttState::kUnassignedNs});
  CHECK(b.refcount(r.rtt_base) == 0);
}

TEST_CASE("RMI_RTT_FOLD fails by its conditions") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  b.fails_input("rd_align", kRmiRttFold, r.rd + 8, 0, 3);
  b.fails_input("rd_bound", kRmiRttFold, 0, 0, 3);
  b.fails_input("rd_state", kRmiRttFold, r.rtt_base, 0, 3);
  b.fails_input("level_bound", kRmiRttFold, r.rd, 0, 1);
  b.fails_input("ipa_align", kRmiRttFold, r.rd, kPage, 3);
  b.fails_input("ipa_bound", kRmiRttFold, r.rd, 2 * r.unprotected, 2);
  b.fails("rtt_walk", RmiStatus::kErrorRtt, 1, kRmiRttFold, r.rd, kBlock1, 3);
  b.fails("rtte_state", RmiStatus::kErrorRtt, 2, kRmiRttFold, r.rd, kBlock2, 3);
  CHECK(b.fails("rtt_homo", RmiStatus::kErrorRtt, 2, kRmiRttFold, r.rd, 0, 2).x[1] == 0);  // a TABLE entry
  r.init_ripas(kPage, 2 * kPage);
  b.fails("rtt_homo", RmiStatus::kErrorRtt, 3, kRmiRttFold, r.rd, 0, 3);  // RIPAS differs
}

TEST_CASE("tables of data fold only when addresses are contiguous, aligned and RIPAS is the same") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  r.init_ripas(0, kBlock2);
  const abi::Pa base = fill_with_data(r, 0);
  b.succeeds(kRmiDataDestroy, r.rd, 0);
  b.fails("rtt_homo", RmiStatus::kErrorRtt, 3, kRmiRttFold, r.rd, 0, 3);  // one entry UNASSIGNED
  b.succeeds(kRmiDataCreateUnknown, r.rd, base, 0);
  b.fails("rtt_homo", RmiStatus::kErrorRtt, 3, kRmiRttFold, r.rd, 0, 3);  // one entry DESTROYED
  // Shift the whole table by one granule: contiguous, but not aligned.
  Bench shifted;
  TestRealm s(shifted);
  s.add_rtts(0);
  const abi::Pa first = shifted.delegated_run(512) + kPage;
  shifted.delegated();
  for (std::uint64_t i = 0; i < 512; ++i) shifted.succeeds(kRmiDataCreateUnknown, s.rd, first + i * kPage, i * kPage);
  shifted.fails("rtt_homo", RmiStatus::kErrorRtt, 3, kRmiRttFold, s.rd, 0, 3);
}

TEST_CASE("fold and unfold keep the map from IPA to PA, RIPAS and attributes") {
  std::mt19937 random(20240607);
  for (int round = 0; round < 20; ++round) {
    Bench b;
    TestRealm r(b);
    const bool is_protected = random() % 2 == 0;
    const std::uint64_t base = is_protected ? 0 : r.unprotected;
    r.add_rtts(base, 2);
    if (!is_protected)
      b.succeeds(kRmiRttMapUnprotected, r.rd, base, 2,
                 (random() % 64 + 1) * kBlock2 | (random() % 2 ? kNormalRw : 0x40));
    else if (random() % 2 == 0)
      r.init_ripas(base, base + kBlock2);
    const auto view = [&] {
      std::vector<std::array<std::uint64_t, 4>> map;
      for (std::uint64_t i = 0; i < 512; i += 37) {
        const auto w = b.walk(r.rd, base + i * kPage);
        const std::uint64_t pa = w.entry.is_live() ? w.entry.address.value + (base + i * kPage - w.ipa.value) : 0;
        map.push_back({static_cast<std::uint64_t>(w.entry.state), static_cast<std::uint64_t>(w.entry.ripas), pa,
                       w.entry.attributes});
      }
      return map;
    };
    const auto before = view();
    r.add_rtt(base, 3);
    CHECK(view() == before);
    b.succeeds(kRmiRttFold, r.rd, base, 3);
    CHECK(view() == before);
  }
}
