// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rmm/rmi_bench.h"

using namespace rmi;
using rmm::core::RttState;

TEST_CASE("RMI_DATA_CREATE maps a copy of the source with RIPAS RAM") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  const abi::Pa data = b.delegated(), src = b.ns();
  b.platform.memory.bytes(src)[5] = std::byte{0x42};
  b.recorder.ns_reads = 0;
  b.succeeds(kRmiDataCreate, r.rd, data, 3 * kPage, src, 0);
  CHECK(b.recorder.ns_reads == 1);
  CHECK(b.state_of(data) == GranuleState::kData);
  CHECK(b.platform.memory.bytes(data)[5] == std::byte{0x42});
  const auto w = b.walk(r.rd, 3 * kPage);
  CHECK(w.entry.state == RttState::kAssigned);
  CHECK(w.entry.ripas == Ripas::kRam);
  CHECK(w.entry.address == data);
  CHECK(b.refcount(w.table.pa()) == 1);
}

TEST_CASE("RMI_DATA_CREATE fails by its conditions") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  const abi::Pa data = b.delegated(), src = b.ns();
  const auto create = [&](const char* id, abi::Pa rd, abi::Pa d, std::uint64_t ipa, abi::Pa s) {
    b.fails_input(id, kRmiDataCreate, rd, d, ipa, s, 0);
  };
  create("src_align", r.rd, data, 0, src + 8);
  create("src_bound", r.rd, data, 0, abi::Pa{0});
  create("src_pas", r.rd, data, 0, data);  // M7
  create("data_align", r.rd, data + 8, 0, src);
  create("data_bound", r.rd, abi::Pa{0}, 0, src);
  create("data_state", r.rd, b.ns(), 0, src);
  create("data_state", r.rd, r.rd, 0, src);  // M7
  b.succeeds(kRmiGranuleDelegate, fake::kHighDram);
  create("data_bound2", r.rd, fake::kHighDram, 0, src);
  create("rd_align", r.rd + 8, data, 0, src);
  create("rd_bound", abi::Pa{0}, data, 0, src);
  create("rd_state", data, data, 0, src);
  create("ipa_align", r.rd, data, 8, src);
  create("ipa_bound", r.rd, data, r.unprotected, src);
  b.fails("rtt_walk", RmiStatus::kErrorRtt, 1, kRmiDataCreate, r.rd, data, kBlock1, src, 0);
  b.fails("rtt_walk", RmiStatus::kErrorRtt, 2, kRmiDataCreate, r.rd, data, kBlock2, src, 0);
  r.add_data_unknown(0);
  b.fails("rtte_state", RmiStatus::kErrorRtt, 3, kRmiDataCreate, r.rd, data, 0, src, 0);
  r.activate();
  b.fails("realm_state", RmiStatus::kErrorRealm, 0, kRmiDataCreate, r.rd, data, kPage, src, 0);
  b.realm(r.rd).state = rmm::port::Shared(rmm::core::RealmState::kSystemOff);
  b.fails("realm_state", RmiStatus::kErrorRealm, 0, kRmiDataCreate, r.rd, data, kPage, src, 0);
}

TEST_CASE("B4.3.2 DATA_CREATE_UNKNOWN: maps a wiped granule in NEW, ACTIVE and SYSTEM_OFF and keeps RIPAS",
          "[easily-skipped]") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  const abi::Pa dirty = b.ns();
  b.platform.memory.bytes(dirty)[9] = std::byte{0x66};
  b.succeeds(kRmiGranuleDelegate, dirty);
  b.succeeds(kRmiDataCreateUnknown, r.rd, dirty, 0);
  CHECK(b.platform.memory.bytes(dirty)[9] == std::byte{0});
  CHECK(b.walk(r.rd, 0).entry == rmm::core::RttEntry{.state = RttState::kAssigned, .address = dirty});
  r.init_ripas(kPage, 2 * kPage);
  r.activate();
  r.add_data_unknown(kPage);
  CHECK(b.walk(r.rd, kPage).entry.ripas == Ripas::kRam);
  b.realm(r.rd).state = rmm::port::Shared(rmm::core::RealmState::kSystemOff);
  r.add_data_unknown(2 * kPage);
}

TEST_CASE("RMI_DATA_CREATE_UNKNOWN fails by its conditions") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  const abi::Pa data = b.delegated();
  const auto create = [&](const char* id, abi::Pa rd, abi::Pa d, std::uint64_t ipa) {
    b.fails_input(id, kRmiDataCreateUnknown, rd, d, ipa);
  };
  create("data_align", r.rd, data + 8, 0);
  create("data_bound", r.rd, abi::Pa{0}, 0);
  create("data_state", r.rd, b.ns(), 0);
  b.succeeds(kRmiGranuleDelegate, fake::kHighDram);
  create("data_bound2", r.rd, fake::kHighDram, 0);
  create("rd_align", r.rd + 8, data, 0);
  create("rd_bound", abi::Pa{0}, data, 0);
  create("rd_state", b.ns(), data, 0);
  create("ipa_align", r.rd, data, 8);
  create("ipa_bound", r.rd, data, r.unprotected);
  create("ipa_bound", r.rd, data, ~0xfffULL);
  b.fails("rtt_walk", RmiStatus::kErrorRtt, 2, kRmiDataCreateUnknown, r.rd, data, kBlock2);
  r.add_data_unknown(0);
  b.fails("rtte_state", RmiStatus::kErrorRtt, 3, kRmiDataCreateUnknown, r.rd, data, 0);
}

TEST_CASE("RMI_DATA_DESTROY returns the granule wiped; RAM becomes DESTROYED, EMPTY stays") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  r.init_ripas(0, kPage);
  const abi::Pa ram = r.add_data_unknown(0), empty = r.add_data_unknown(kPage);
  b.platform.memory.bytes(ram)[0] = std::byte{0x99};
  b.platform.tlb.log.clear();
  Answer a = b.succeeds(kRmiDataDestroy, r.rd, 0);
  CHECK(a.x[1] == ram.value);
  CHECK(a.x[2] == kPage);  // the next live entry
  CHECK(b.state_of(ram) == GranuleState::kDelegated);
  CHECK(b.platform.memory.bytes(ram)[0] == std::byte{0});
  CHECK(b.walk(r.rd, 0).entry == rmm::core::RttEntry{.state = RttState::kUnassigned, .ripas = Ripas::kDestroyed});
  CHECK(b.platform.tlb.log == std::vector<fake::Invalidation>{{{1}, {{0}, {kPage}}}});
  a = b.succeeds(kRmiDataDestroy, r.rd, kPage);
  CHECK(a.x[1] == empty.value);
  CHECK(a.x[2] == kBlock2);
  CHECK(b.walk(r.rd, kPage).entry == rmm::core::RttEntry{.state = RttState::kUnassigned, .ripas = Ripas::kEmpty});
  CHECK(b.platform.tlb.log.size() == 1);  // the descriptor was not valid
  CHECK(b.recorder.invalidations == b.platform.tlb.log);
  CHECK(b.refcount(b.walk(r.rd, 0).table.pa()) == 0);
}

TEST_CASE("RMI_DATA_DESTROY fails by its conditions and says where to go on") {
  Bench b;
  TestRealm r(b);
  r.add_rtts(0);
  CHECK(b.fails_input("rd_align", kRmiDataDestroy, r.rd + 8, 0).x[2] == 0);
  b.fails_input("rd_bound", kRmiDataDestroy, 0, 0);
  b.fails_input("rd_state", kRmiDataDestroy, b.delegated(), 0);
  b.fails_input("ipa_align", kRmiDataDestroy, r.rd, 8);
  CHECK(b.fails_input("ipa_bound", kRmiDataDestroy, r.rd, r.unprotected).x[2] == 0);
  Answer a = b.fails("rtt_walk", RmiStatus::kErrorRtt, 2, kRmiDataDestroy, r.rd, kBlock2 + kPage);
  CHECK(a.x[1] == 0);
  CHECK(a.x[2] == kBlock1);
  r.add_data_unknown(5 * kPage);
  a = b.fails("rtte_state", RmiStatus::kErrorRtt, 3, kRmiDataDestroy, r.rd, kPage);
  CHECK(a.x[2] == 5 * kPage);
}
