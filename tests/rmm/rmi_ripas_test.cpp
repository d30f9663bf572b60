// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rmm/rmi_bench.h"

using namespace rmi;
using rmm::core::RttState;

TEST_CASE("D5: RMI_RTT_INIT_RIPAS changes entries up to top, a table, data, or the table's end") {
  Bench b;
  TestRealm r(b);
  CHECK(b.succeeds(kRmiRttInitRipas, r.rd, 0, 2 * kBlock1).x[1] == 2 * kBlock1);
  CHECK(b.walk(r.rd, kBlock1).entry.ripas == Ripas::kRam);
  CHECK(b.walk(r.rd, 2 * kBlock1).entry.ripas == Ripas::kEmpty);
  r.add_rtts(kBlock1);
  // A table ends the range; base - top not a multiple of the entry: the last whole entry ends it.
  CHECK(b.succeeds(kRmiRttInitRipas, r.rd, 0, 3 * kBlock1).x[1] == kBlock1);
  CHECK(b.succeeds(kRmiRttInitRipas, r.rd, 2 * kBlock1, 3 * kBlock1 + kPage).x[1] == 3 * kBlock1);
  CHECK(b.succeeds(kRmiRttInitRipas, r.rd, kBlock1, 2 * kBlock1).x[1] == kBlock1 + kBlock2);
  r.add_data_unknown(kBlock1 + 4 * kPage);
  CHECK(b.succeeds(kRmiRttInitRipas, r.rd, kBlock1, 2 * kBlock1).x[1] == kBlock1 + 4 * kPage);
}

TEST_CASE("D5: RMI_RTT_INIT_RIPAS turns DESTROYED into RAM and measures RAM again") {
  Bench b;
  TestRealm r(b);
  r.add_rtt(0, 2);
  b.succeeds(kRmiRttDestroy, r.rd, 0, 2);
  REQUIRE(b.walk(r.rd, 0).entry.ripas == Ripas::kDestroyed);
  const auto rim = b.realm(r.rd).measurements[0];
  r.init_ripas(0, kBlock1);
  CHECK(b.walk(r.rd, 0).entry.ripas == Ripas::kRam);
  const auto once = b.realm(r.rd).measurements[0];
  CHECK(once != rim);
  b.recorder.rtt_writes.clear();
  r.init_ripas(0, kBlock1);
  CHECK(b.recorder.rtt_writes.empty());
  CHECK(b.realm(r.rd).measurements[0] != once);
}

TEST_CASE("RMI_RTT_INIT_RIPAS fails by its conditions") {
  Bench b;
  TestRealm r(b);
  const auto init = [&](const char* id, abi::Pa rd, std::uint64_t base, std::uint64_t top) {
    CHECK(b.fails_input(id, kRmiRttInitRipas, rd, base, top).x[1] == 0);
  };
  init("rd_align", r.rd + 8, 0, kBlock1);
  init("rd_bound", abi::Pa{0}, 0, kBlock1);
  init("rd_state", r.rtt_base, 0, kBlock1);
  init("size_valid", r.rd, kBlock1, kBlock1);
  init("size_valid", r.rd, kBlock1, 0);
  init("top_bound", r.rd, 0, r.unprotected + kPage);
  init("top_bound", r.rd, 0, 0x800);
  init("top_bound", r.rd, 0, ~0xfffULL);
  init("top_gran_align", r.rd, 0, kBlock1 + 8);
  const auto rtt = [&](const char* id, unsigned level, std::uint64_t base, std::uint64_t top) {
    b.fails(id, RmiStatus::kErrorRtt, level, kRmiRttInitRipas, r.rd, base, top);
  };
  rtt("base_align", 1, kBlock2, kBlock1);
  rtt("base_align", 1, 8, kBlock1);
  rtt("no_progress", 1, 0, kBlock2);
  r.add_rtts(0);
  r.add_data_unknown(0);
  rtt("rtte_state", 3, 0, kPage);
  rtt("base_align", 3, 8, kPage);
  r.activate();
  b.fails("realm_state", RmiStatus::kErrorRealm, 0, kRmiRttInitRipas, r.rd, kPage, 2 * kPage);
  b.realm(r.rd).state = rmm::port::Shared(rmm::core::RealmState::kSystemOff);
  b.fails("realm_state", RmiStatus::kErrorRealm, 0, kRmiRttInitRipas, r.rd, kPage, 2 * kPage);
}

TEST_CASE("RMI_RTT_SET_RIPAS changes unassigned and assigned entries inside the window and moves it") {
  Bench b;
  TestRealm r(b);
  const abi::Pa rec = r.add_rec();
  r.add_rtts(0);
  r.init_ripas(0, kPage);
  const abi::Pa data = r.add_data_unknown(0);
  r.activate();
  r.open_window(rec, 0, kBlock2, Ripas::kEmpty, false);
  b.platform.tlb.log.clear();
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, 0, 4 * kPage).x[1] == 4 * kPage);
  CHECK(b.rec(rec).ripas.addr.value == 4 * kPage);
  const auto entry = b.walk(r.rd, 0).entry;
  CHECK(entry == rmm::core::RttEntry{.state = RttState::kAssigned, .ripas = Ripas::kEmpty, .address = data});
  CHECK(b.platform.tlb.log == std::vector<fake::Invalidation>{{{1}, {{0}, {kPage}}}});
  REQUIRE(b.recorder.ripas_changes.size() == 2);  // INIT_RIPAS, and RAM -> EMPTY of one page
  CHECK(b.recorder.ripas_changes[1].range == abi::IpaRange{{0}, {kPage}});
  CHECK(b.recorder.ripas_changes[1].from == "RAM");

  r.open_window(rec, 0, kBlock2, Ripas::kRam, false);
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, 0, kBlock2).x[1] == kBlock2);
  CHECK(b.walk(r.rd, 0).entry.ripas == Ripas::kRam);
  CHECK(b.walk(r.rd, kBlock2 - kPage).entry.ripas == Ripas::kRam);
  CHECK(b.platform.tlb.log.size() == 1);  // nothing valid went away
}

TEST_CASE("D6: RMI_RTT_SET_RIPAS stops at DESTROYED unless the realm allowed it, and at a table") {
  Bench b;
  TestRealm r(b);
  const abi::Pa rec = r.add_rec();
  r.add_rtts(0);
  r.init_ripas(2 * kPage, 3 * kPage);
  r.add_data_unknown(2 * kPage);
  b.succeeds(kRmiDataDestroy, r.rd, 2 * kPage);
  r.add_rtt(2 * kBlock2, 3);
  r.activate();
  r.open_window(rec, 0, kBlock1, Ripas::kRam, false);
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, 0, kBlock2).x[1] == 2 * kPage);
  b.fails("no_progress", RmiStatus::kErrorRtt, 3, kRmiRttSetRipas, r.rd, rec, 2 * kPage, kBlock2);
  r.open_window(rec, 2 * kPage, kBlock1, Ripas::kRam, true);
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, 2 * kPage, kBlock2).x[1] == kBlock2);
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, kBlock2, kBlock1).x[1] == 2 * kBlock2);
}

TEST_CASE("D6: RMI_RTT_SET_RIPAS makes progress inside an entry whose RIPAS is as requested already") {
  Bench b;
  TestRealm r(b);
  const abi::Pa rec = r.add_rec();
  r.init_ripas(0, kBlock1);
  r.activate();
  r.open_window(rec, 0, kBlock1, Ripas::kRam, false);
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, 0, kPage).x[1] == kPage);
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, kPage, kBlock1).x[1] == kBlock1);
  r.open_window(rec, kPage, kBlock1, Ripas::kEmpty, false);
  b.fails("base_align", RmiStatus::kErrorRtt, 1, kRmiRttSetRipas, r.rd, rec, kPage, kBlock1);
  r.open_window(rec, 0, kBlock1, Ripas::kEmpty, false);
  b.fails("no_progress", RmiStatus::kErrorRtt, 1, kRmiRttSetRipas, r.rd, rec, 0, kPage);
}

TEST_CASE("RMI_RTT_SET_RIPAS fails by its conditions") {
  Bench b;
  TestRealm other(b, {.vmid = 4});
  TestRealm r(b);
  const abi::Pa rec = r.add_rec();
  r.activate();
  const auto set = [&](const char* id, abi::Pa rd, abi::Pa p, std::uint64_t base, std::uint64_t top) {
    CHECK(b.fails_input(id, kRmiRttSetRipas, rd, p, base, top).x[1] == 0);
  };
  set("top_bound", r.rd, rec, 0, kBlock1);  // no window is open
  r.open_window(rec, kBlock1, 2 * kBlock1, Ripas::kRam, false);
  set("rd_align", r.rd + 8, rec, kBlock1, 2 * kBlock1);
  set("rd_bound", abi::Pa{0}, rec, kBlock1, 2 * kBlock1);
  set("rd_state", rec, rec, kBlock1, 2 * kBlock1);  // M7
  set("rec_align", r.rd, rec + 8, kBlock1, 2 * kBlock1);
  set("rec_bound", r.rd, abi::Pa{0}, kBlock1, 2 * kBlock1);
  set("rec_gran_state", r.rd, r.rtt_base, kBlock1, 2 * kBlock1);
  set("size_valid", r.rd, rec, kBlock1, kBlock1);
  set("base_bound", r.rd, rec, 0, 2 * kBlock1);
  set("top_bound", r.rd, rec, kBlock1, 2 * kBlock1 + kPage);
  set("top_gran_align", r.rd, rec, kBlock1, kBlock1 + 8);
  b.fails("rec_owner", RmiStatus::kErrorRec, 0, kRmiRttSetRipas, other.rd, rec, kBlock1, 2 * kBlock1);
  b.realm(r.rd).state = rmm::port::Shared(rmm::core::RealmState::kSystemOff);
  CHECK(b.succeeds(kRmiRttSetRipas, r.rd, rec, kBlock1, 2 * kBlock1).x[1] == 2 * kBlock1);
}

TEST_CASE("the observer hears of a RIPAS change as one range for each run of entries that were alike") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  r.init_ripas(0, 2 * kPage);
  r.init_ripas(4 * kPage, 5 * kPage);
  b.recorder.ripas_changes.clear();
  r.init_ripas(0, 8 * kPage);
  const auto& changes = b.recorder.ripas_changes;
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].range == abi::IpaRange{abi::Ipa{2 * kPage}, abi::Ipa{4 * kPage}});
  CHECK(changes[1].range == abi::IpaRange{abi::Ipa{5 * kPage}, abi::Ipa{8 * kPage}});
  for (const auto& change : changes) {
    CHECK(change.rd == r.rd);
    CHECK(change.from == "EMPTY");
    CHECK(change.to == "RAM");
  }
}
