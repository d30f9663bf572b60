// SPDX-License-Identifier: GPL-2.0-or-later
// Realm Translation Tables of every shape, written by the monitor (rmm/core) and walked by the simulated MMU (sim/mmu),
// which share no code; with realms that use them.
#include <catch2/generators/catch_generators.hpp>

#include "sim/mmu/stage2.h"
#include "tests/app/realm_bench.h"

using namespace realm_bench;
namespace esr = abi::esr;
using rmm::core::RttState;

namespace {

// Stage 2 with 4 KiB granules (Arm ARM D8.2): what a starting level can resolve with 1 to 16 concatenated tables.
// Level 3 resolves at most 25 bits, less than any realm has.
struct Start {
  std::int64_t level;
  unsigned first_width, last_width;  // of one table
  unsigned concatenated;             // widths beyond last_width
};
constexpr Start kStarts[] = {{0, 40, 48, 0}, {1, 31, 39, 4}, {2, 22, 30, 4}};

// Number of starting tables; 0: not legal.
std::uint32_t legal_tables(unsigned width, std::int64_t level) {
  for (const Start& s : kStarts) {
    if (s.level != level || width < s.first_width || width > s.last_width + s.concatenated) continue;
    return width <= s.last_width ? 1 : 1U << (width - s.last_width);
  }
  return 0;
}

std::vector<Shape> legal_shapes() {
  std::vector<Shape> shapes;
  for (unsigned width = 32; width <= 48; ++width)
    for (std::int64_t level = 0; level <= 3; ++level)
      if (const std::uint32_t tables = legal_tables(width, level); tables != 0)
        shapes.push_back({.width = static_cast<std::uint8_t>(width), .level = level, .tables = tables});
  return shapes;
}

sim::Stage2Result walked(const Realm& r, std::uint64_t ipa) {
  return sim::Stage2Walker(r.b.dram, r.b.gpt).walk(r.object().stage2(), {ipa});
}
// Where the MMU says the byte at `ipa` is; requires that it is somewhere.
abi::Pa pa_of(const Realm& r, std::uint64_t ipa) {
  CAPTURE(ipa);
  const auto result = walked(r, ipa);
  REQUIRE_FALSE(result.fault);
  return result.leaf.pa;
}

}  // namespace

TEST_CASE("RMI_REALM_CREATE accepts exactly the starting levels and numbers of tables of each IPA width") {
  unsigned accepted = 0;
  Bench b;
  const abi::Pa rd = b.delegated(), params = b.ns(), base = b.delegated_run(64);
  for (unsigned width = 31; width <= 49; ++width)
    for (std::int64_t level = -1; level <= 4; ++level)
      for (const std::uint32_t tables : {0U, 1U, 2U, 3U, 4U, 8U, 15U, 16U, 17U, 32U, 64U}) {
        RealmParams p;
        p.s2sz = static_cast<std::uint8_t>(width);
        p.num_bps = p.num_wps = 1;
        p.rtt_base = base.value;
        p.rtt_level_start = level;
        p.rtt_num_start = tables;
        b.put(params, p);
        const bool ok = b.call(kRmiRealmCreate, rd, params)[0] == 0;
        const bool legal = width >= 32 && width <= 48 && tables != 0 && tables == legal_tables(width, level);
        CAPTURE(width, level, tables);
        CHECK(ok == legal);
        if (!ok) continue;
        ++accepted;
        b.succeeds(kRmiRealmDestroy, rd);
      }
  CHECK(accepted == legal_shapes().size());
  CHECK(accepted == 24);
}

TEST_CASE("stage 2 of every shape: the first and last granules of both halves are where the monitor mapped them") {
  for (const Shape& shape : legal_shapes()) {
    CAPTURE(shape.width, shape.level, shape.tables);
    Bench b;
    Realm r(b, shape);
    const std::uint64_t low = kPage, high = r.unprotected - kPage, shared_low = r.unprotected,
                        shared_high = r.end - kPage;
    const abi::Pa at_low = r.map_new(low), at_high = r.map_new(high), at_shared_low = b.ns(), at_shared_high = b.ns();
    r.map_shared(shared_low, 3, at_shared_low);
    r.map_shared(shared_high, 3, at_shared_high);
    CHECK(pa_of(r, low + 8) == at_low + 8);
    CHECK(pa_of(r, high + kPage - 1) == at_high + (kPage - 1));
    CHECK(pa_of(r, shared_low) == at_shared_low);
    CHECK(pa_of(r, shared_high + 0x123) == at_shared_high + 0x123);
    CHECK(walked(r, shared_high).leaf.non_secure);
    CHECK_FALSE(walked(r, high).leaf.non_secure);
    CHECK_FALSE(walked(r, shared_low).leaf.execute);
    CHECK(walked(r, high).leaf.execute);
    // A neighbour has nothing; beyond the IPA space there is nothing to walk.
    CHECK(walked(r, high - kPage).fault.kind == sim::FaultKind::kTranslation);
    CHECK(walked(r, r.end).fault.kind == sim::FaultKind::kTranslation);
    CHECK(walked(r, r.end).fault.level == 0);
    CHECK((b.call(kRmiRttReadEntry, r.rd, r.end, 3)[0] & 0xff) != 0);

    // The same by a CPU: reads the last protected granule, writes both shared ones, and is refused beyond.
    r.start();
    b.write64(at_high, 0x1111'2222'3333'4444);
    Program p;
    a64::append_mov(p, 0, high);
    a64::append_mov(p, 1, shared_low);
    a64::append_mov(p, 2, shared_high);
    a64::append_mov(p, 3, low);
    a64::append(p, {a64::ldr(5, 0), a64::str(5, 1), a64::str(5, 2, 8), a64::str(5, 3)});
    CHECK(is_wfi(r.run(p)));
    CHECK(r.completed());
    for (const abi::Pa pa : {at_shared_low, at_shared_high + 8, at_low}) CHECK(b.read64(pa) == 0x1111'2222'3333'4444);
    Program beyond;
    a64::append_mov(beyond, 0, r.end);
    a64::append(beyond, {a64::ldr(5, 0)});
    CHECK(is_wfi(r.run(beyond)));
    CHECK(r.esr() == esr::make(esr::Ec::kDataAbortSame, esr::kFscAddressSize));  // stage 1 is off: level 0
    CHECK(r.far() == r.end);
  }
}

namespace {

// Fills [ipa, ipa + 2 MiB) with contiguous granules from `pa`. The realm may be ACTIVE.
void fill_block2(Realm& r, std::uint64_t ipa, abi::Pa pa) {
  r.add_rtts(ipa);
  for (std::uint64_t offset = 0; offset < kBlock2; offset += kPage)
    r.b.succeeds(kRmiDataCreateUnknown, r.rd, r.b.delegate(pa + offset), ipa + offset);
}

// Writes and reads back words at both ends, in the middle and across a granule boundary of [ipa, ipa + size).
void use_block(Realm& r, std::uint64_t ipa, std::uint64_t size, abi::Pa pa, std::uint64_t seed) {
  for (const std::uint64_t offset : {std::uint64_t{0}, kPage - 4, size / 2, size - kPage, size - 8}) {
    CAPTURE(ipa, size, offset);
    CHECK(pa_of(r, ipa + offset) == pa + offset);
    Program p;
    a64::append_mov(p, 0, ipa + offset);
    a64::append_mov(p, 1, seed + offset);
    a64::append(p, {a64::str(1, 0), a64::ldr(2, 0)});
    REQUIRE(is_wfi(r.run(p)));
    REQUIRE(r.completed());
    CHECK(r.cpu().x(2) == seed + offset);
    if (offset % 8 == 0) CHECK(r.b.read64(pa + offset) == seed + offset);
  }
}

constexpr std::uint64_t kProtectedBlock = kBlock1;  // an IPA aligned to 1 GiB in the protected half
constexpr Shape kWide{.width = 36, .level = 1, .tables = 1};

}  // namespace

TEST_CASE("stage 2 blocks: a realm uses 2 MiB of data, folded into a block, unfolded and folded again") {
  Bench b;
  Realm r(b, kWide);
  r.add_rtts(kProtectedBlock, 2);
  b.succeeds(kRmiRttInitRipas, r.rd, kProtectedBlock, kProtectedBlock + kBlock2);
  r.start();
  fill_block2(r, kProtectedBlock, Bench::kHigh);
  use_block(r, kProtectedBlock, kBlock2, Bench::kHigh, 0x1000'0000);
  const std::uint64_t table = b.succeeds(kRmiRttFold, r.rd, kProtectedBlock, 3)[1];
  CHECK(walked(r, kProtectedBlock).leaf.level == 2);
  use_block(r, kProtectedBlock, kBlock2, Bench::kHigh, 0x2000'0000);
  b.succeeds(kRmiRttCreate, r.rd, table, kProtectedBlock, 3);
  CHECK(walked(r, kProtectedBlock).leaf.level == 3);
  CHECK(b.read64(Bench::kHigh) == 0x2000'0000);
  use_block(r, kProtectedBlock, kBlock2, Bench::kHigh, 0x3000'0000);
  b.succeeds(kRmiRttFold, r.rd, kProtectedBlock, 3);
  use_block(r, kProtectedBlock, kBlock2, Bench::kHigh, 0x4000'0000);
}

TEST_CASE("D13: a realm uses 1 GiB of data, folded into one block and unfolded", "[slow]") {
  Bench b;
  Realm r(b, kWide);
  b.succeeds(kRmiRttInitRipas, r.rd, kProtectedBlock, kProtectedBlock + kBlock1);
  r.start();
  for (std::uint64_t offset = 0; offset < kBlock1; offset += kBlock2) {
    fill_block2(r, kProtectedBlock + offset, Bench::kHigh + offset);
    b.succeeds(kRmiRttFold, r.rd, kProtectedBlock + offset, 3);
  }
  const std::uint64_t table = b.succeeds(kRmiRttFold, r.rd, kProtectedBlock, 2)[1];
  CHECK(walked(r, kProtectedBlock).leaf.level == 1);
  use_block(r, kProtectedBlock, kBlock1, Bench::kHigh, 0x5000'0000);
  b.succeeds(kRmiRttCreate, r.rd, table, kProtectedBlock, 2);
  CHECK(walked(r, kProtectedBlock + kBlock1 / 2).leaf.level == 2);
  use_block(r, kProtectedBlock, kBlock1, Bench::kHigh, 0x6000'0000);
}

TEST_CASE("stage 2 blocks: a realm uses shared memory mapped at levels 1, 2 and 3, folded and unfolded") {
  Bench b;
  Realm r(b, kWide);
  r.start();
  const std::uint64_t page = r.unprotected, block2 = r.unprotected + kBlock2, block1 = r.unprotected + kBlock1;
  r.map_shared(page, 3, Bench::kHigh + kBlock1 + kPage);
  r.map_shared(block2, 2, Bench::kHigh + kBlock1 + kBlock2);
  r.map_shared(block1, 1, Bench::kHigh);
  CHECK(walked(r, page).leaf.level == 3);
  CHECK(walked(r, block2).leaf.level == 2);
  CHECK(walked(r, block1).leaf.level == 1);
  use_block(r, block2, kBlock2, Bench::kHigh + kBlock1 + kBlock2, 0x100'0000);
  use_block(r, block1, kBlock1, Bench::kHigh, 0x200'0000);
  // The 1 GiB block in pieces, at last in pages, and together again.
  const abi::Pa level2 = b.delegated(), level3 = b.delegated();
  b.succeeds(kRmiRttCreate, r.rd, level2, block1, 2);
  b.succeeds(kRmiRttCreate, r.rd, level3, block1 + kBlock2, 3);
  CHECK(walked(r, block1 + kBlock2).leaf.level == 3);
  use_block(r, block1, kBlock1, Bench::kHigh, 0x300'0000);
  use_block(r, block1 + kBlock2, kBlock2, Bench::kHigh + kBlock2, 0x400'0000);
  b.succeeds(kRmiRttFold, r.rd, block1 + kBlock2, 3);
  b.succeeds(kRmiRttFold, r.rd, block1, 2);
  CHECK(walked(r, block1).leaf.level == 1);
  use_block(r, block1, kBlock1, Bench::kHigh, 0x500'0000);
  // Unmapped, an access is the host's to emulate again.
  b.succeeds(kRmiRttUnmapUnprotected, r.rd, block1, 1);
  Program p;
  a64::append_mov(p, 0, block1 + 0x10);
  a64::append(p, {a64::ldr(5, 0)});
  const RecExit exit = r.run(p);
  CHECK(esr::ec(exit.esr) == esr::Ec::kDataAbortLower);
  CHECK((exit.esr & esr::kFscMask) == (esr::kFscTranslation | 1));
  CHECK(exit.hpfar == esr::hpfar_from_ipa(block1));
}

namespace {

// The exit of a load at a Protected IPA that only the host can help with.
void check_fault_level(Realm& r, std::uint64_t ipa, int level) {
  CAPTURE(ipa, level);
  CHECK(walked(r, ipa).fault.kind == sim::FaultKind::kTranslation);
  CHECK(walked(r, ipa).fault.level == level);
  Program p;
  a64::append_mov(p, 0, ipa);
  a64::append(p, {a64::ldr(5, 0)});
  const RecExit exit = r.run(p);
  CHECK(esr::ec(exit.esr) == esr::Ec::kDataAbortLower);
  CHECK((exit.esr & esr::kFscMask) == (esr::kFscTranslation | static_cast<std::uint64_t>(level)));
  CHECK(exit.hpfar == esr::hpfar_from_ipa(ipa));
}
// The load is an external abort in the realm.
void check_empty(Realm& r, std::uint64_t ipa) {
  CAPTURE(ipa);
  Program p;
  a64::append_mov(p, 0, ipa);
  a64::append(p, {a64::ldr(5, 0)});
  CHECK(is_wfi(r.run(p)));
  CHECK(r.esr() == esr::make(esr::Ec::kDataAbortSame, esr::kFscExternal | esr::kEa));
}

}  // namespace

TEST_CASE("stage 2 blocks: entries without memory fold to levels 2 and 1 and keep what an access to them means") {
  enum class Kind { kEmpty, kRam, kDestroyed };
  const Kind kind = GENERATE(Kind::kEmpty, Kind::kRam, Kind::kDestroyed);
  CAPTURE(static_cast<int>(kind));
  Bench b;
  Realm r(b, kWide);
  const std::uint64_t ipa = kProtectedBlock, probe = ipa + 3 * kBlock2 + 5 * kPage;
  if (kind == Kind::kRam) b.succeeds(kRmiRttInitRipas, r.rd, ipa, ipa + kBlock1);
  if (kind == Kind::kDestroyed) {
    r.add_rtts(ipa, 2);
    b.succeeds(kRmiRttDestroy, r.rd, ipa, 2);
  }
  r.add_rtts(ipa, 2);
  r.add_rtts(probe, 3);
  r.start();
  const auto check = [&](int level) {
    if (kind == Kind::kEmpty)
      check_empty(r, probe);
    else
      check_fault_level(r, probe, level);
  };
  check(3);
  b.succeeds(kRmiRttFold, r.rd, abi::align_down(probe, kBlock2), 3);
  check(2);
  b.succeeds(kRmiRttFold, r.rd, ipa, 2);
  check(1);
  r.add_rtts(probe, 3);
  check(3);
}

TEST_CASE("stage 2 blocks: data whose RIPAS is DESTROYED or EMPTY folds, and stays out of the realm's reach") {
  const bool destroyed = GENERATE(false, true);
  CAPTURE(destroyed);
  Bench b;
  Realm r(b, kWide);
  r.add_rtts(kProtectedBlock, 3);
  if (destroyed) b.succeeds(kRmiRttDestroy, r.rd, kProtectedBlock, 3);
  r.start();
  fill_block2(r, kProtectedBlock, Bench::kHigh);
  const std::uint64_t probe = kProtectedBlock + 7 * kPage;
  const auto check = [&](int level) {
    CHECK(r.walk(probe).entry.state == RttState::kAssigned);
    CHECK(r.walk(probe).level == level);
    if (destroyed)
      check_fault_level(r, probe, level);
    else
      check_empty(r, probe);
  };
  check(3);
  b.succeeds(kRmiRttFold, r.rd, kProtectedBlock, 3);
  check(2);
  r.add_rtts(kProtectedBlock, 3);
  check(3);
  CHECK(r.walk(probe).entry.address == Bench::kHigh + 7 * kPage);
}
