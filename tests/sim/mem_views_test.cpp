// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "sim/mem/ns_view.h"
#include "sim/mem/realm_view.h"
#include "tests/sim/aborts.h"

namespace {

constexpr std::uint64_t kBase = 0x80000000;

struct Memory {
  sim::Dram dram{{{{kBase}, 0x100000}}};
  sim::GptState state;
  sim::Gpt gpt{state, dram};
  sim::RealmView realm{dram, gpt};
  sim::NsView ns{dram, gpt};

  abi::GranulePa at(std::uint64_t offset) const { return abi::GranulePa::containing({kBase + offset}); }
};

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("The Non-secure view crosses granules and meets a granule protection fault in the Realm one") {
  Memory m;
  std::array<std::byte, 0x1800> bytes;
  bytes.fill(std::byte{5});
  REQUIRE(m.ns.write({kBase + 0x800}, bytes));
  std::array<std::byte, 0x1800> back{};
  REQUIRE(m.ns.read({kBase + 0x800}, back));
  CHECK(back == bytes);

  m.gpt.set(m.at(0x1000), abi::Pas::kRealm);
  bytes.fill(std::byte{6});
  const auto fault = m.ns.write({kBase + 0x800}, bytes);
  REQUIRE_FALSE(fault);
  CHECK(fault.error().pa == abi::Pa{kBase + 0x1000});
  CHECK(fault.error().pas == abi::Pas::kRealm);
  CHECK(m.dram.bytes(m.at(0x1000))[0] == std::byte{5});
  CHECK_FALSE(m.ns.read({kBase + 0x1ffc}, std::span(back).first(8)));
  CHECK_FALSE(m.ns.zero(m.at(0x1000)));
  CHECK_FALSE(m.ns.read({0x1000}, std::span(back).first(8)));
}

TEST_CASE("The monitor's Non-secure accesses fault on Realm granules, and on what is not DRAM") {
  Memory m;
  std::array<std::byte, 8> bytes{std::byte{1}};
  REQUIRE(m.realm.write_ns({kBase + 8}, bytes));
  std::array<std::byte, 8> back{};
  REQUIRE(m.realm.read_ns({kBase + 8}, back));
  CHECK(back == bytes);
  m.gpt.set(m.at(0), abi::Pas::kRealm);
  const auto fault = m.realm.read_ns({kBase + 8}, back);
  REQUIRE_FALSE(fault);
  CHECK(fault.error().pas == abi::Pas::kRealm);
  CHECK(m.realm.write_ns({0x1000}, bytes).error().pas == abi::Pas::kRoot);
}

TEST_CASE("The monitor reads, writes, wipes and peeks Realm granules") {
  Memory m;
  m.gpt.set(m.at(0x2000), abi::Pas::kRealm);
  m.realm.write64({kBase + 0x2ff8}, 0x1122334455667788);
  CHECK(m.realm.read64({kBase + 0x2ff8}) == 0x1122334455667788);
  CHECK(m.realm.peek(m.at(0x2000))[0xff8] == std::byte{0x88});
  m.realm.wipe(m.at(0x2000));
  CHECK(m.realm.read64({kBase + 0x2ff8}) == 0);
}

TEST_CASE("Wiping and zeroing granules that nobody wrote costs no memory") {
  Memory m;
  m.gpt.set(m.at(0x2000), abi::Pas::kRealm);
  m.realm.wipe(m.at(0x2000));
  REQUIRE(m.ns.zero(m.at(0x3000)));
  CHECK(m.dram.touched_count() == 0);
}

TEST_CASE("A Realm access of the monitor with the wrong PAS aborts and says which") {
  const auto message = tests::abort_message([] {
    Memory m;
    m.realm.read64({kBase + 0x2008});
  });
  CHECK(says(message, "read64"));
  CHECK(says(message, "0x80002008"));
  CHECK(says(message, "Non-secure"));
}

TEST_CASE("An access of the monitor that leaves its granule, or misses DRAM, aborts") {
  CHECK(says(tests::abort_message([] {
               Memory m;
               std::array<std::byte, 16> bytes{};
               m.gpt.set(m.at(0), abi::Pas::kRealm);
               m.realm.read({kBase + 0xff8}, bytes);
             }),
             "leaves its granule"));
  CHECK(says(tests::abort_message([] {
               Memory m;
               m.realm.write64({0x1000}, 1);
             }),
             "not DRAM"));
}
