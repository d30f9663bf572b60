// SPDX-License-Identifier: GPL-2.0-or-later
// Invariants of RTTs and RIPAS, each broken on purpose. I13 needs TLBs: tests/app/broken_monitor_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "rmm/core/ripas.h"
#include "rmm/v1_0/commands.h"
#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace call = rmm::call;
namespace core = rmm::core;

namespace {

constexpr call::Parameter kDataIn[] = {{"rd", 1}, {"data", 2}, {"ipa", 3}};
constexpr call::Command kData{.interface = rmm::port::Interface::kRmi,
                              .name = "RMI_DATA_CREATE_UNKNOWN",
                              .fid = kRmiDataCreateUnknown,
                              .in = kDataIn};
// Maps RAM, but forgets the descriptor's valid bit.
constexpr call::Row kForgetsValidBit = call::make_row<kData, [](call::Call<kData>& c) {
  const core::GranuleLocks locks(c.core(), {{abi::GranulePa::containing({c.in<"rd">()}), GranuleState::kRd}},
                                 "data_create_unknown");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const auto walk = core::walk(c.core(), *realm, {c.in<"ipa">()}, core::kPageLevel);
  const core::RttEntry empty{.state = core::RttState::kAssigned, .address = {c.in<"data">()}};
  const std::uint64_t as_ram = static_cast<std::uint64_t>(Ripas::kRam) << 4;
  const std::uint64_t descriptor = core::encode(empty, core::kPageLevel) | as_ram;
  c.platform.memory.write64(walk.descriptor_pa(), descriptor);
  c.platform.observer->rtt_write({.rd = realm->rd.pa(),
                                  .entry = walk.descriptor_pa(),
                                  .ipa = walk.ipa,
                                  .level = walk.level,
                                  .before = core::encode(walk.entry, walk.level),
                                  .after = descriptor});
  return c.done();
}>();

constexpr call::Parameter kSetRipasIn[] = {{"rd", 1}, {"rec_ptr", 2}, {"base", 3}, {"top", 4}};
constexpr call::Parameter kSetRipasOut[] = {{"out_top", 1}};
constexpr call::Command kSetRipas{.interface = rmm::port::Interface::kRmi,
                                  .name = "RMI_RTT_SET_RIPAS",
                                  .fid = kRmiRttSetRipas,
                                  .in = kSetRipasIn,
                                  .out = kSetRipasOut};
// Takes CHANGE_DESTROYED for granted.
constexpr call::Row kChangesDestroyed = call::make_row<kSetRipas, [](call::Call<kSetRipas>& c) {
  const core::GranuleLocks locks(c.core(), {{abi::GranulePa::containing({c.in<"rd">()}), GranuleState::kRd}},
                                 "rtt_set_ripas");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const auto walk = core::walk(c.core(), *realm, {c.in<"base">()}, core::kPageLevel);
  return c.done(core::set_ripas(c.core(), realm, walk, {c.in<"top">()}, Ripas::kRam, true).value);
}>();

}  // namespace

TEST_CASE("I8: a TABLE entry that points at something else than an RTT is found and not followed", "[broken]") {
  const auto scene = [](bool delegated) {
    return [delegated](Watched& m) {
      TestRealm r(m.bench);
      const abi::Pa table = r.add_rtt(0, 2);
      const abi::Pa other = delegated ? m.bench.delegated() : m.bench.ns();
      if (m.is_broken) {
        m.write_descriptor(r, 3 * kBlock2, 2, {.state = core::RttState::kTable, .address = other});
        ++m.granule(table).refcount;
      }
      m.sweep();
    };
  };
  check_caught("I8", scene(true), {"the level 2 table 0x", "points at granule", "which is DELEGATED and not RTT"});
  check_caught("I8", scene(false), {"points at granule", "which is UNDELEGATED and not RTT"});
}

TEST_CASE("I2: a table that hangs below two entries is found and walked once", "[broken]") {
  check_caught("I2",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 const abi::Pa table2 = r.add_rtt(0, 2), table3 = r.add_rtt(0, 3);
                 if (m.is_broken) {
                   m.write_descriptor(r, kBlock2, 2, {.state = core::RttState::kTable, .address = table3});
                   ++m.granule(table2).refcount;
                 }
                 m.sweep();
               },
               {"belongs to the level 2 table 0x", "and to the level 2 table 0x"});
}

TEST_CASE("I9: an unprotected mapping in the protected half is found", "[broken]") {
  check_caught("I9",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 r.add_rtts(0);
                 m.turn_off(kRmiRttMapUnprotected, "ipa_bound");
                 m.turn_off(kRmiRttMapUnprotected, "rtte_state");
                 CHECK(m.bench.call(kRmiRttMapUnprotected, r.rd, 0, 3, m.bench.ns()).ok() == m.is_broken);
               },
               {"IPA 0x0 in the protected half of the realm with RD 0x", "got an entry ASSIGNED_NS",
                "during RMI_RTT_MAP_UNPROTECTED(rd 0x"});
}

TEST_CASE("I9: a block that is mapped to an address not aligned to it is found", "[broken]") {
  check_caught("I9",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 r.add_rtts(r.unprotected, 2);
                 m.turn_off(kRmiRttMapUnprotected, "addr_align");
                 const std::uint64_t descriptor = fake::kDram.value + 0x5000;
                 CHECK(m.bench.call(kRmiRttMapUnprotected, r.rd, r.unprotected, 2, descriptor).ok() == m.is_broken);
               },
               {"the level 2 entry of IPA 0x100000000 maps 0x80005000, which is not aligned to its size"});
}

TEST_CASE("I10: a descriptor that hardware takes for something else than the monitor is found", "[broken]") {
  check_caught("I10",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 r.add_rtts(0);
                 r.init_ripas(0, kPage);
                 m.replace(kForgetsValidBit);
                 m.bench.succeeds(kRmiDataCreateUnknown, r.rd, m.bench.delegated(), 0);
               },
               {"of IPA 0x0 is invalid for hardware but its entry is ASSIGNED", "during RMI_DATA_CREATE_UNKNOWN("},
               {"I6", "I11", "I24"});
}

TEST_CASE("I11: a DATA granule that two entries map is found, whichever realms they are of", "[broken]") {
  const auto scene = [](bool other_realm) {
    return [other_realm](Watched& m) {
      TestRealm r(m.bench), other(m.bench, {.vmid = 2});
      r.add_rtts(0);
      other.add_rtts(0);
      const abi::Pa data = r.add_data_unknown(0);
      TestRealm& second = other_realm ? other : r;
      if (m.is_broken) {
        m.write_descriptor(second, kPage, 3,
                           {.state = core::RttState::kAssigned, .ripas = Ripas::kRam, .address = data});
        ++m.granule(m.bench.walk(second.rd, kPage).table.pa()).refcount;
      }
      m.sweep();
    };
  };
  check_caught("I11", scene(false), {"belongs to IPA 0x0 of realm 0x80000000 and to IPA 0x1000 of realm 0x80000000"});
  check_caught("I11", scene(true), {"belongs to IPA 0x0 of realm 0x80000000 and to IPA 0x1000 of realm"});
}

TEST_CASE("I14: RIPAS that the host alone makes RAM in an ACTIVE realm is found", "[broken]") {
  check_caught(
      "I14",
      [](Watched& m) {
        TestRealm r(m.bench);
        r.add_rtts(0);
        r.init_ripas(0, kPage);
        r.activate();
        m.turn_off(kRmiRttInitRipas, "realm_state");
        CHECK(m.bench.call(kRmiRttInitRipas, r.rd, kPage, 2 * kPage).ok() == m.is_broken);
      },
      {"RMI_RTT_INIT_RIPAS changed RIPAS of IPA [0x1000, 0x2000) from EMPTY to RAM in the realm with RD 0x80000000",
       "which is ACTIVE and has not asked for it"},
      {"I15", "I23"});
}

TEST_CASE("I14: a RIPAS change beyond what the realm asked for is found", "[broken]") {
  check_caught("I14",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 const abi::Pa rec = r.add_rec();
                 r.add_rtts(0);
                 r.activate();
                 r.open_window(rec, 0, 2 * kPage, Ripas::kRam, false);
                 m.turn_off(kRmiRttSetRipas, "top_bound");
                 CHECK(m.bench.call(kRmiRttSetRipas, r.rd, rec, 0, 3 * kPage).ok() == m.is_broken);
                 if (!m.is_broken) m.bench.succeeds(kRmiRttSetRipas, r.rd, rec, 0, 2 * kPage);
               },
               {"RMI_RTT_SET_RIPAS changed RIPAS of IPA [0x2000, 0x3000) from EMPTY to RAM"});
}

TEST_CASE("I14: DESTROYED that becomes RAM without CHANGE_DESTROYED is found", "[broken]") {
  check_caught("I14",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 const abi::Pa rec = r.add_rec();
                 r.add_rtts(0);
                 r.init_ripas(0, kPage);
                 r.add_data_unknown(0);
                 m.bench.succeeds(kRmiDataDestroy, r.rd, 0);
                 r.activate();
                 r.open_window(rec, 0, kPage, Ripas::kRam, false);
                 m.replace(kChangesDestroyed);
                 CHECK(m.bench.call(kRmiRttSetRipas, r.rd, rec, 0, kPage).ok() == m.is_broken);
               },
               {"RMI_RTT_SET_RIPAS changed RIPAS of IPA [0x0, 0x1000) from DESTROYED to RAM"});
}
