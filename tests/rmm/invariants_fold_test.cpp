// SPDX-License-Identifier: GPL-2.0-or-later
// I12: fold and unfold keep the map; broken on purpose.
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace call = rmm::call;
namespace core = rmm::core;

namespace {

constexpr call::Parameter kFoldIn[] = {{"rd", 1}, {"ipa", 2}, {"level", 3}};
constexpr call::Parameter kFoldOut[] = {{"rtt", 1}};
constexpr call::Command kFold{.interface = rmm::port::Interface::kRmi,
                              .name = "RMI_RTT_FOLD",
                              .fid = kRmiRttFold,
                              .in = kFoldIn,
                              .out = kFoldOut};
// Whatever RIPAS the table has, the entry gets EMPTY.
constexpr call::Row kFoldsToEmpty = call::make_row<kFold, [](call::Call<kFold>& c) {
  const core::GranuleLocks locks(c.core(), {{GranulePa::containing({c.in<"rd">()}), GranuleState::kRd}}, "rtt_fold");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const auto walk = core::walk(c.core(), *realm, {c.in<"ipa">()}, static_cast<int>(c.in<"level">()) - 1);
  auto fold = core::fold_result(c.core(), GranulePa::containing(walk.entry.address), walk.level + 1);
  fold.parent.ripas = Ripas::kEmpty;
  return c.done(core::rtt_fold(c.core(), realm, walk, fold.parent).pa().value);
}>();

}  // namespace

TEST_CASE("I12: a fold that changes RIPAS is found", "[broken]") {
  check_caught("I12",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 realm.add_rtts(0);
                 realm.init_ripas(0, kBlock2);
                 m.replace(kFoldsToEmpty);
                 m.bench.succeeds(kRmiRttFold, realm.rd, 0, 3);
               },
               {"a fold changed the map of IPA 0x0", "it was UNASSIGNED RIPAS RAM and is UNASSIGNED RIPAS EMPTY"},
               {"I14"});
}

TEST_CASE("I12: a fold of mapped memory that changes RIPAS is found", "[broken]") {
  check_caught("I12",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 realm.add_rtts(0);
                 const abi::Pa block = m.bench.delegated_run(core::kRttEntries);
                 for (std::uint64_t i = 0; i < core::kRttEntries; ++i)
                   m.bench.succeeds(kRmiDataCreateUnknown, realm.rd, block + i * kPage, i * kPage);
                 m.bench.succeeds(kRmiRttFold, realm.rd, 0, 3);
                 m.bench.succeeds(kRmiRttCreate, realm.rd, m.bench.delegated(), 0, 3);
                 m.bench.succeeds(kRmiRttFold, realm.rd, 0, 3);
                 m.memory->distorts = [&m](std::span<std::byte> table) {
                   // The address of entry 7 becomes that of entry 6.
                   if (m.is_broken) std::memcpy(table.data() + 7 * 8, table.data() + 6 * 8, 8);
                 };
                 m.bench.succeeds(kRmiRttCreate, realm.rd, m.bench.delegated(), 0, 3);
               },
               {"an unfold changed the map of IPA 0x7000", "it was ASSIGNED RIPAS EMPTY at", "entry 7 of the level 3"});
}

TEST_CASE("I12: a fold of a table that is not homogeneous is found", "[broken]") {
  const auto scene = [](Watched& m) {
    TestRealm realm(m.bench);
    realm.add_rtts(0);
    realm.init_ripas(0, 5 * kPage);
    m.turn_off(kRmiRttFold, "rtt_homo");
    m.bench.call(kRmiRttFold, realm.rd, 0, 3);  // refused by a sound monitor
    if (!m.is_broken) realm.init_ripas(5 * kPage, kBlock2);
    if (!m.is_broken) m.bench.succeeds(kRmiRttFold, realm.rd, 0, 3);
  };
  check_caught("I12", scene, {"a fold changed the map of IPA 0x0", "UNASSIGNED RIPAS RAM"}, {"I14"});
}

TEST_CASE("I12: blocks of unprotected memory keep address and attributes when folded and unfolded") {
  Watched m(false);
  TestRealm realm(m.bench);
  realm.add_rtts(realm.unprotected, 2);
  const std::uint64_t desc = 0x4000'0000 | (6ULL << 2) | (1ULL << 6);
  m.bench.succeeds(kRmiRttMapUnprotected, realm.rd, realm.unprotected, 2, desc);
  m.bench.succeeds(kRmiRttCreate, realm.rd, m.bench.delegated(), realm.unprotected, 3);
  m.bench.succeeds(kRmiRttFold, realm.rd, realm.unprotected, 3);
  CHECK(m.findings.found().empty());
  CHECK(m.findings.evaluations().at("I12") >= 2);
}
