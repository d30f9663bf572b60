// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rmm/v2_bench.h"

using namespace abi::v2_0;
using rmi::GranuleState;
using rmi::kPage;
using rmm::core::RttState;
using v2::Bench;

namespace {

constexpr std::uint64_t kSingle = ProtMapFlags{.oaddr_type = 1}.raw();
constexpr std::uint64_t list_of(std::uint16_t count) {
  return ProtMapFlags{.oaddr_type = 2, .list_count = count}.raw();
}
AddressRange pages(abi::Pa base, std::uint16_t count) { return {.block = 0, .count = count, .base = base}; }

void put_list(Bench& b, abi::Pa at, std::initializer_list<AddressRange> ranges) {
  for (const AddressRange& range : ranges) {
    const std::uint64_t word = range.raw();
    std::memcpy(b.platform.memory.bytes(at), &word, sizeof word);
    at += sizeof word;
  }
}

// A realm with page tables for its first 4 MiB.
struct MappedRealm : rmi::TestRealm {
  explicit MappedRealm(Bench& bench) : rmi::TestRealm(bench) {
    add_rtts(0);
    add_rtts(rmi::kBlock2);
  }
};

}  // namespace

TEST_CASE("2.0 RTT_DATA_MAP maps a range of pages wiped, leaving RIPAS and RIM alone") {
  Bench b;
  MappedRealm r(b);
  r.init_ripas(0, 2 * kPage);
  const auto rim = b.realm(r.rd).measurements[0];
  const abi::Pa data = b.delegated_run(4);
  CHECK(b.succeeds2(kRmiRttDataMap, r.rd, 0, 4 * kPage, kSingle, pages(data, 4)) == 4 * kPage);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const auto walk = b.walk(r.rd, i * kPage);
    CHECK(walk.entry.state == RttState::kAssigned);
    CHECK(walk.entry.address == data + i * kPage);
    CHECK(walk.entry.ripas == (i < 2 ? abi::v1_0::Ripas::kRam : abi::v1_0::Ripas::kEmpty));
    CHECK(b.state_of(data + i * kPage) == GranuleState::kData);
  }
  CHECK(b.realm(r.rd).measurements[0] == rim);
}

TEST_CASE("2.0 RTT_DATA_MAP of one page does exactly what DATA_CREATE_UNKNOWN of 1.0 does") {
  const auto state_after = [](bool with_2_0) {
    Bench b;
    MappedRealm r(b);
    const abi::Pa data = b.delegated();
    if (with_2_0)
      b.succeeds2(kRmiRttDataMap, r.rd, kPage, 2 * kPage, kSingle, pages(data, 1));
    else
      b.succeeds(rmi::kRmiDataCreateUnknown, r.rd, data, kPage);
    return b.fingerprint();
  };
  CHECK(state_after(true) == state_after(false));
}

TEST_CASE("2.0 RTT_DATA_MAP takes a list of ranges, crossing granules of the list and tables of the realm") {
  Bench b;
  MappedRealm r(b);
  const abi::Pa first = b.delegated_run(2), second = b.delegated();
  const abi::Pa list = b.ns();
  REQUIRE(b.ns() == list + kPage);
  const abi::Pa last_word = list + kPage - 8;
  put_list(b, last_word, {pages(second, 1), pages(first, 2)});
  const std::uint64_t base = rmi::kBlock2 - kPage;
  const unsigned reads = b.recorder.ns_reads;
  CHECK(b.succeeds2(kRmiRttDataMap, r.rd, base, base + 3 * kPage, list_of(2), last_word) == base + 3 * kPage);
  CHECK(b.recorder.ns_reads - reads == 2);
  CHECK(b.walk(r.rd, base).entry.address == second);
  CHECK(b.walk(r.rd, base + kPage).entry.address == first);
  CHECK(b.walk(r.rd, base + 2 * kPage).entry.address == first + kPage);
}

TEST_CASE("2.0 RTT_DATA_MAP stops at the first page that fails and reports it when called there") {
  Bench b;
  MappedRealm r(b);
  r.add_data_unknown(2 * kPage);
  const abi::Pa data = b.delegated_run(4);
  CHECK(b.succeeds2(kRmiRttDataMap, r.rd, 0, 4 * kPage, kSingle, pages(data, 4)) == 2 * kPage);
  CHECK(b.state_of(data + 2 * kPage) == GranuleState::kDelegated);
  b.fails2("rtte_state", RmiResult::at_level(RmiStatus::kErrorRtt, 3), kRmiRttDataMap, r.rd, 2 * kPage, 4 * kPage,
           kSingle, pages(data + 2 * kPage, 2));

  const abi::Pa hole = b.delegated();
  CHECK(b.succeeds2(kRmiRttDataMap, r.rd, 4 * kPage, 6 * kPage, kSingle, pages(hole, 2)) == 5 * kPage);
  b.fails2_input("data_state", kRmiRttDataMap, r.rd, 5 * kPage, 6 * kPage, kSingle, pages(hole + kPage, 1));
}

TEST_CASE("2.0 RTT_DATA_MAP asks for a table where the walk ends above page level, with the level as data") {
  Bench b;
  MappedRealm r(b);
  const abi::Pa data = b.delegated();
  for (const auto& [ipa, level] : {std::pair{2 * rmi::kBlock2, 2}, std::pair{rmi::kBlock1, 1}})
    b.fails2("rtte_size", RmiResult::at_level(RmiStatus::kErrorRtt, level), kRmiRttDataMap, r.rd, ipa, ipa + kPage,
             kSingle, pages(data, 1));
}

TEST_CASE("2.0 RTT_DATA_MAP is legal in ACTIVE and ZOMBIE realms as in NEW ones") {
  Bench b;
  MappedRealm r(b);
  r.activate();
  b.succeeds2(kRmiRttDataMap, r.rd, 0, kPage, kSingle, pages(b.delegated(), 1));
  b.succeeds2(kRmiRealmTerminate, r.rd);
  b.succeeds2(kRmiRttDataMap, r.rd, kPage, 2 * kPage, kSingle, pages(b.delegated(), 1));
}

TEST_CASE("2.0 RTT_DATA_MAP fails by its conditions") {
  Bench b;
  MappedRealm r(b);
  const abi::Pa data = b.delegated();
  const auto one = pages(data, 1);
  const auto fails = [&](const char* condition, auto... args) { b.fails2_input(condition, kRmiRttDataMap, args...); };
  fails("rd_align", r.rd + 1, 0, kPage, kSingle, one);
  b.fails2("rd_bound", {kUntrackedGranule}, kRmiRttDataMap, 0x1000, 0, kPage, kSingle, one);
  fails("base_align", r.rd, 8, kPage, kSingle, one);
  fails("top_align", r.rd, 0, kPage + 8, kSingle, one);
  fails("size_valid", r.rd, kPage, kPage, kSingle, one);
  fails("oaddr_type", r.rd, 0, kPage, 0, one);
  fails("oaddr_type", r.rd, 0, kPage, 3, one);
  fails("oaddr_align", r.rd, 0, rmi::kBlock2, kSingle, AddressRange{.block = 1, .count = 1, .base = data});
  fails("oaddr_size", r.rd, 0, 2 * kPage, kSingle, one);
  fails("oaddr_size", r.rd, 0, kPage, list_of(0), b.ns());
  fails("list_align", r.rd, 0, kPage, list_of(1), b.ns() + 4);
  fails("list_pas", r.rd, 0, kPage, list_of(1), data);
  b.fails2("data_bound", {RmiStatus::kErrorTracking}, kRmiRttDataMap, r.rd, 0, kPage, kSingle,
           pages(abi::Pa{0x1000}, 1));
  fails("rd_state", data, 0, kPage, kSingle, one);
  fails("data_state", r.rd, 0, kPage, kSingle, pages(b.ns(), 1));
  fails("rgn_bound", r.rd, r.unprotected, r.unprotected + kPage, kSingle, one);
  fails("rgn_bound", r.rd, r.unprotected - kPage, r.unprotected + kPage, kSingle, pages(data, 2));
  b.succeeds(rmi::kRmiGranuleDelegate, fake::kHighDram);
  fails("data_bound2", r.rd, 0, kPage, kSingle, pages(fake::kHighDram, 1));
}
