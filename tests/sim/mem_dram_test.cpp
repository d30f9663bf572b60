// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <stdexcept>

#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"

namespace {

using abi::GranulePa;
using sim::Dram;

constexpr std::uint64_t kBase = 0x80000000;
constexpr std::uint64_t kSecond = 0x8'80000000;

std::vector<sim::MemoryBank> banks() { return {{{kBase}, 0x400000}, {{kSecond}, 0x200000}}; }
GranulePa granule(std::uint64_t pa) { return GranulePa::containing({pa}); }
void fill(Dram& dram, std::uint64_t pa, int byte) { std::memset(dram.write_native(granule(pa)), byte, 4096); }

}  // namespace

TEST_CASE("DRAM knows its banks and numbers their granules without gaps") {
  Dram dram(banks());
  CHECK(dram.granule_count() == 1024 + 512);
  CHECK(dram.contains(abi::Pa{kBase}));
  CHECK(dram.contains(abi::Pa{kBase + 0x3fffff}));
  CHECK_FALSE(dram.contains(abi::Pa{kBase + 0x400000}));
  CHECK_FALSE(dram.contains(abi::Pa{kBase - 1}));
  CHECK(dram.index(granule(kSecond)) == 1024);
  CHECK(dram.granule(1024) == granule(kSecond));
  CHECK(dram.granule(1023) == granule(kBase + 0x3ff000));
}

TEST_CASE("Impossible banks are refused with a message that names the bank") {
  CHECK_THROWS_AS(Dram({}), std::invalid_argument);
  CHECK_THROWS_AS(Dram({{{kBase}, 0}}), std::invalid_argument);
  CHECK_THROWS_AS(Dram({{{kBase + 1}, 4096}}), std::invalid_argument);
  CHECK_THROWS_AS(Dram({{{kBase}, 8192}, {{kBase + 4096}, 4096}}), std::invalid_argument);
  try {
    Dram dram({{{0x1000}, 100}});
    FAIL("accepted a bank of 100 bytes");
  } catch (const std::invalid_argument& e) {
    CHECK(std::string(e.what()).find("0x1000") != std::string::npos);
  }
}

TEST_CASE("The content hash depends on bytes and addresses, not on which zero granules were touched") {
  Dram a(banks());
  Dram b(banks());
  CHECK(a.sha256() == b.sha256());
  fill(a, kBase, 0);
  a.mark_written(granule(kSecond));
  CHECK(a.sha256() == b.sha256());
  fill(a, kBase + 0x5000, 7);
  CHECK(a.sha256() != b.sha256());
  fill(b, kBase + 0x6000, 7);
  CHECK(a.sha256() != b.sha256());
  fill(b, kBase + 0x6000, 0);
  fill(b, kBase + 0x5000, 7);
  CHECK(a.sha256() == b.sha256());
}

TEST_CASE("A snapshot restores content exactly, and its hash is that of the memory") {
  Dram dram(banks());
  fill(dram, kBase, 1);
  fill(dram, kSecond + 0x3000, 2);
  const auto empty_later = granule(kBase + 0x8000);
  const auto first = dram.snapshot();
  const auto hash = dram.sha256();
  CHECK(first.sha256() == hash);
  CHECK(first.pages().size() == 2);

  fill(dram, kBase, 9);                   // changed
  fill(dram, empty_later.pa().value, 3);  // was zero
  fill(dram, kSecond + 0x3000, 0);        // becomes zero
  const auto second = dram.snapshot();
  const auto second_hash = dram.sha256();
  CHECK(second_hash != hash);
  fill(dram, kSecond + 0x7000, 4);  // after the second snapshot

  dram.restore(first);
  CHECK(dram.sha256() == hash);
  CHECK(dram.bytes(empty_later)[5] == std::byte{0});
  CHECK(dram.snapshot().sha256() == hash);
  dram.restore(second);
  CHECK(dram.sha256() == second_hash);
  dram.restore(first);
  CHECK(dram.sha256() == hash);
}

TEST_CASE("Snapshots share the granules that nobody wrote in between") {
  Dram dram(banks());
  fill(dram, kBase, 1);
  fill(dram, kBase + 0x1000, 2);
  const auto first = dram.snapshot();
  fill(dram, kBase + 0x1000, 3);
  const auto second = dram.snapshot();
  REQUIRE(second.pages().size() == 2);
  CHECK(first.pages()[0].bytes == second.pages()[0].bytes);
  CHECK(first.pages()[1].bytes != second.pages()[1].bytes);
}

TEST_CASE("An engine's write grant from before a snapshot is told to end by the write epoch") {
  Dram dram(banks());
  const auto epoch = dram.write_epoch();
  const auto snapshot = dram.snapshot();
  CHECK(dram.write_epoch() != epoch);
  const auto after = dram.write_epoch();
  dram.restore(snapshot);
  CHECK(dram.write_epoch() != after);
}

TEST_CASE("Writes that only an engine announced are part of snapshots") {
  Dram dram(banks());
  const auto empty = dram.snapshot();
  dram.mark_written(granule(kBase + 0x2000));
  dram.bank_memory(0)[0x2000] = std::byte{42};
  CHECK(dram.snapshot().pages().size() == 1);
  dram.mark_written(granule(kBase + 0x2000));
  dram.restore(empty);
  CHECK(dram.bank_memory(0)[0x2000] == std::byte{0});
}

TEST_CASE("A native write to a granule with translated code is queued once, until code is fetched from it again") {
  Dram dram(banks());
  const auto code = granule(kBase + 0x4000);
  fill(dram, kBase + 0x4000, 1);
  CHECK_FALSE(dram.cpu_caches().any_stale());
  dram.cpu_caches().mark_code(dram.index(code));
  fill(dram, kBase + 0x4000, 2);
  fill(dram, kBase + 0x4000, 3);
  CHECK(dram.cpu_caches().take_stale_code() == std::vector{code});
  fill(dram, kBase + 0x4000, 4);
  CHECK_FALSE(dram.cpu_caches().any_stale());
}

TEST_CASE("Restoring a snapshot queues the code that it overwrites") {
  Dram dram(banks());
  const auto snapshot = dram.snapshot();
  fill(dram, kBase + 0x4000, 2);
  dram.cpu_caches().mark_code(dram.index(granule(kBase + 0x4000)));
  dram.restore(snapshot);
  CHECK(dram.cpu_caches().take_stale_code() == std::vector{granule(kBase + 0x4000)});
}

TEST_CASE("A granule's PAS is Non-secure until firmware moves it, and Root outside DRAM") {
  Dram dram(banks());
  sim::GptState state;
  sim::Gpt gpt(state, dram);
  CHECK(gpt.pas(granule(kBase)) == abi::Pas::kNonSecure);
  CHECK(gpt.pas(granule(0x1000)) == abi::Pas::kRoot);
  gpt.set(granule(kSecond), abi::Pas::kRealm);
  gpt.set(granule(kBase + 0x1000), abi::Pas::kRealm);
  CHECK(gpt.pas(granule(kSecond)) == abi::Pas::kRealm);
  CHECK(gpt.pas(granule(kSecond + 0x1000)) == abi::Pas::kNonSecure);
  std::vector<GranulePa> seen;
  gpt.for_each_protected([&](GranulePa g, abi::Pas) { seen.push_back(g); });
  CHECK(seen == std::vector{granule(kBase + 0x1000), granule(kSecond)});

  const sim::GptState copy = state;
  gpt.set(granule(kSecond), abi::Pas::kNonSecure);
  state = copy;
  CHECK(gpt.pas(granule(kSecond)) == abi::Pas::kRealm);
}

TEST_CASE("A PAS change of a granule that a TLB knows is queued; others are not") {
  Dram dram(banks());
  sim::GptState state;
  sim::Gpt gpt(state, dram);
  dram.cpu_caches().mark_translated(dram.index(granule(kBase)));
  gpt.set(granule(kBase + 0x1000), abi::Pas::kRealm);
  CHECK_FALSE(dram.cpu_caches().any_stale());
  gpt.set(granule(kBase), abi::Pas::kRealm);
  CHECK(dram.cpu_caches().take_stale_translations() == std::vector{granule(kBase)});
  // Nor is one that TLBs have forgotten since.
  dram.cpu_caches().mark_translated(dram.index(granule(kBase)));
  dram.cpu_caches().forget_translations();
  gpt.set(granule(kBase), abi::Pas::kNonSecure);
  CHECK_FALSE(dram.cpu_caches().any_stale());
}
