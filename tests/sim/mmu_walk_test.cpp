// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "sim/mmu/stage1.h"

using namespace sim;

namespace {

// Memory of descriptors by IPA.
using Tables = std::map<std::uint64_t, std::uint64_t>;

Stage1Walk walk(const Stage1Controls& controls, const Tables& tables, std::uint64_t va, Privilege who = {}) {
  Stage1Walk w(controls, {va}, who);
  while (w.needs_descriptor()) {
    const auto it = tables.find(w.descriptor_address().value);
    w.consume(it == tables.end() ? 0 : it->second);
  }
  return w;
}

constexpr std::uint64_t kAf = 1 << 10;
constexpr std::uint64_t tcr(unsigned t0sz, unsigned tg0 = 0, unsigned ips = 5) {
  return t0sz | std::uint64_t{tg0} << 14 | std::uint64_t{t0sz} << 16 | 2ULL << 30 | std::uint64_t{ips} << 32;
}

}  // namespace

TEST_CASE("Stage 1 walks four levels of 4 KiB tables from a 48-bit address") {
  const Stage1Controls c{.sctlr = 1, .tcr = tcr(16), .ttbr0 = 0x10000};
  const std::uint64_t va = 0x0000'8123'4567'89abULL;
  Tables t{{0x10000 + 8 * 0x102, 0x20003},
           {0x20000 + 8 * 0x08d, 0x30003},
           {0x30000 + 8 * 0x02b, 0x40003},
           {0x40000 + 8 * 0x078, 0x5000 | kAf | 3}};
  const auto w = walk(c, t, va);
  REQUIRE_FALSE(w.fault());
  CHECK(w.leaf().ipa.value == 0x59ab);
  CHECK(w.level() == 3);
  CHECK(w.leaf().shift == 12);
}

TEST_CASE("Stage 1 starts at the level that the address size asks for, in 16 and 64 KiB granules too") {
  // 64 KiB, 42 bits: two levels. Index of level 2 is VA[41:29].
  const Stage1Controls c64{.sctlr = 1, .tcr = tcr(22, 1), .ttbr0 = 0x10000};
  const auto w64 =
      walk(c64, {{0x10000 + 8 * 5, 0x20003}, {0x20000 + 8 * 9, 0x70000 | kAf | 3}}, (5ULL << 29) | (9 << 16) | 0x1234);
  REQUIRE_FALSE(w64.fault());
  CHECK(w64.leaf().ipa.value == 0x71234);
  CHECK(w64.leaf().shift == 16);
  // 16 KiB, 36 bits: levels 2 and 3; index of level 2 is VA[35:25].
  const Stage1Controls c16{.sctlr = 1, .tcr = tcr(28, 2), .ttbr0 = 0x10000};
  const auto w16 = walk(c16, {{0x10000 + 8 * 3, (7ULL << 25) | kAf | 1}}, (3ULL << 25) | 0x4321);
  REQUIRE_FALSE(w16.fault());
  CHECK(w16.leaf().ipa.value == ((7ULL << 25) | 0x4321));
  CHECK(w16.leaf().shift == 25);
}

TEST_CASE("Stage 1 faults tell kind and level") {
  Stage1Controls c{.sctlr = 1, .tcr = tcr(25), .ttbr0 = 0x10000, .ttbr1 = 0x18000, .output_bits = 44};
  const auto fault = [&](const Tables& t, std::uint64_t va) { return walk(c, t, va).fault(); };
  CHECK(fault({}, 0).level == 1);
  CHECK(fault({}, 0).kind == FaultKind::kTranslation);
  CHECK(fault({{0x10000, 0x20003}}, 0).level == 2);
  CHECK(fault({{0x10000, 0x20003}, {0x20000, 0x30003}, {0x30000, 0x5000 | kAf | 1}}, 0).level == 3);  // reserved
  CHECK(fault({{0x10000, 0x4000'0000 | 1}}, 0).kind == FaultKind::kAccessFlag);
  CHECK(fault({{0x10000, (1ULL << 44) | kAf | 1}}, 0).kind == FaultKind::kAddressSize);
  CHECK(fault({{0x10000, (1ULL << 45) | 3}}, 0).level == 1);
  // Not canonical, and a half switched off by EPD1.
  CHECK(fault({}, 1ULL << 40).level == 0);
  c.tcr |= 1 << 23;
  CHECK(fault({}, 0xffff'ffff'ffff'0000ULL).level == 0);
}

TEST_CASE("Stage 1 asks for the access flag where hardware manages it") {
  constexpr std::uint64_t kHa = 1ULL << 39;
  Stage1Controls c{.sctlr = 1, .tcr = tcr(25) | kHa, .ttbr0 = 0x10000};
  const Tables clear{{0x10000, 0x4000'0000 | 1}}, set{{0x10000, 0x4000'0000 | kAf | 1}};
  CHECK(walk(c, clear, 0).fault().kind == FaultKind::kAccessFlag);  // this CPU can't
  c.has_haf = true;
  CHECK_FALSE(walk(c, clear, 0).fault());
  CHECK(walk(c, clear, 0).sets_access_flag());
  CHECK(walk(c, clear, 0).descriptor_address().value == 0x10000);
  CHECK(walk(c, clear, 0).descriptor_update() == (0x4000'0000 | kAf | 1));
  CHECK_FALSE(walk(c, set, 0).sets_access_flag());
  c.tcr &= ~kHa;
  CHECK(walk(c, clear, 0).fault().kind == FaultKind::kAccessFlag);  // software doesn't want it
}

TEST_CASE("Stage 1 uses TTBR1 for the upper half and ignores the tag where TBI says so") {
  Stage1Controls c{.sctlr = 1, .tcr = tcr(25) | (1ULL << 38), .ttbr1 = 0x18000};
  const Tables t{{0x18000 + 8 * 0x1ff, 0x4000'0000 | kAf | 1}};
  CHECK(walk(c, t, 0xffff'ffff'c000'0010ULL).leaf().ipa.value == 0x4000'0010);
  CHECK(walk(c, t, 0x12ff'ffff'c000'0010ULL).leaf().ipa.value == 0x4000'0010);
  c.tcr = tcr(25);
  CHECK(walk(c, t, 0x12ff'ffff'c000'0010ULL).fault().kind == FaultKind::kTranslation);
}

TEST_CASE("Stage 1 permissions follow AP, XN, the table bits, WXN and PAN") {
  Stage1Controls c{.sctlr = 1, .tcr = tcr(25), .ttbr0 = 0x10000, .has_hpds = true};
  const auto leaf = [&](std::uint64_t bits, Privilege who = {}, std::uint64_t table_bits = 0) {
    return walk(c, {{0x10000, 0x20003 | table_bits}, {0x20000, kAf | 1 | bits}}, 0, who).leaf();
  };
  constexpr std::uint64_t kEl0 = 1 << 6, kRo = 1 << 7, kPxn = 1ULL << 53, kUxn = 1ULL << 54;
  const Privilege el0{.el0 = true}, pan{.pan = true};
  CHECK((leaf(0).read && leaf(0).write && leaf(0).execute));
  CHECK_FALSE((leaf(0, el0).read || leaf(0, el0).write));
  CHECK(leaf(0, el0).execute);  // execute-only for EL0
  CHECK_FALSE(leaf(kRo).write);
  CHECK(leaf(kEl0, el0).write);
  CHECK_FALSE(leaf(kEl0).execute);  // writable at EL0: never executed at EL1
  CHECK(leaf(kEl0 | kRo).execute);
  CHECK_FALSE(leaf(kPxn).execute);
  CHECK_FALSE(leaf(kUxn, el0).execute);
  CHECK_FALSE(leaf(kEl0, pan).read);
  CHECK(leaf(0, pan).read);
  CHECK_FALSE(leaf(kEl0, el0, 1ULL << 61).read);
  CHECK_FALSE(leaf(0, {}, 1ULL << 62).write);
  CHECK_FALSE(leaf(0, {}, 1ULL << 59).execute);
  c.tcr |= 1ULL << 41;  // HPD0: table bits ignored
  CHECK(leaf(0, {}, 1ULL << 62).write);
  c.sctlr |= 1 << 19;  // WXN
  CHECK_FALSE(leaf(0).execute);
  CHECK(leaf(kRo).execute);
}
