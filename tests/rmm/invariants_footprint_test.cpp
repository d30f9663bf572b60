// SPDX-License-Identifier: GPL-2.0-or-later
// I23 and I24: what commands may change and report; broken on purpose.
#include <catch2/catch_test_macros.hpp>

#include "rmm/check/footprints.h"
#include "rmm/core/granule_state.h"
#include "rmm/core/realm_lifecycle.h"
#include "rmm/run/realm_call.h"
#include "rmm/v1_0/table.h"
#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace call = rmm::call;
namespace core = rmm::core;

namespace {

using rmm::port::Interface;
using rmm::v1_0::kInput;
using rmm::v1_0::kRealm;

constexpr call::Parameter kAddr[] = {{"addr", 1}};
constexpr call::Condition kGranState[] = {{"gran_state", kInput, "the granule is not UNDELEGATED"}};
constexpr call::Command kDelegate{.interface = Interface::kRmi,
                                  .name = "RMI_GRANULE_DELEGATE",
                                  .fid = kRmiGranuleDelegate,
                                  .in = kAddr,
                                  .conditions = kGranState};
constexpr call::Row kDelegatesAndFails = call::make_row<kDelegate, [](call::Call<kDelegate>& c) {
  const auto granule = GranulePa::containing({c.in<"addr">()});
  const core::GranuleLocks locks(c.core(), {{granule, GranuleState::kUndelegated}}, "granule_delegate");
  static_cast<void>(core::delegate(c.core(), granule));
  return c.fails<"gran_state">(true) ? c.failed() : c.done();
}>();
constexpr call::Row kDelegatesTwo = call::make_row<kDelegate, [](call::Call<kDelegate>& c) {
  for (const std::uint64_t offset : {std::uint64_t{0}, kPage}) {
    const auto granule = GranulePa::containing({c.in<"addr">() + offset});
    const core::GranuleLocks locks(c.core(), {{granule, GranuleState::kUndelegated}}, "granule_delegate");
    static_cast<void>(core::delegate(c.core(), granule));
  }
  return c.done();
}>();
constexpr call::Row kDelegatesNothing = call::make_row<kDelegate, [](call::Call<kDelegate>& c) { return c.done(); }>();

constexpr call::Parameter kRd[] = {{"rd", 1}};
constexpr call::Condition kActivateConditions[] = {
    {"rd_align", kInput, "rd is not granule aligned"},
    {"rd_bound", kInput, "rd is not delegable"},
    {"rd_state", kInput, "rd is not an RD"},
    {"realm_state", kRealm, "the realm is not NEW"},
};
constexpr call::Command kActivate{.interface = Interface::kRmi,
                                  .name = "RMI_REALM_ACTIVATE",
                                  .fid = kRmiRealmActivate,
                                  .in = kRd,
                                  .conditions = kActivateConditions};
constexpr call::Row kActivatesAndMoves = call::make_row<kActivate, [](call::Call<kActivate>& c) {
  const core::GranuleLocks locks(c.core(), {{GranulePa::containing({c.in<"rd">()}), GranuleState::kRd}}, "activate");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  core::set_realm_state(c.core(), *realm, core::RealmState::kActive);
  ++realm->num_bps;
  return c.done();
}>();
constexpr call::Row kReportsTheState = call::make_row<kActivate, [](call::Call<kActivate>& c) {
  const core::GranuleLocks locks(c.core(), {{GranulePa::containing({c.in<"rd">()}), GranuleState::kRd}}, "activate");
  return c.fails<"realm_state">(true) ? c.failed() : c.done();
}>();
constexpr call::Row kReportsAlignment = call::make_row<kActivate, [](call::Call<kActivate>& c) {
  return c.fails<"rd_align">(true) ? c.failed() : c.done();
}>();

constexpr call::Parameter kReadIn[] = {{"rd", 1}, {"ipa", 2}, {"level", 3}};
constexpr call::Command kReadEntry{
    .interface = Interface::kRmi, .name = "RMI_RTT_READ_ENTRY", .fid = kRmiRttReadEntry, .in = kReadIn};
constexpr call::Row kReadsAndWrites = call::make_row<kReadEntry, [](call::Call<kReadEntry>& c) {
  const core::GranuleLocks locks(c.core(), {{GranulePa::containing({c.in<"rd">()}), GranuleState::kRd}}, "read");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  core::unmap_unprotected(c.core(), realm, core::walk(c.core(), *realm, {c.in<"ipa">()}, core::kPageLevel));
  return c.done();
}>();

constexpr call::Command kUnmap{
    .interface = Interface::kRmi, .name = "RMI_RTT_UNMAP_UNPROTECTED", .fid = kRmiRttUnmapUnprotected, .in = kReadIn};
constexpr call::Row kUnmapsAnother = call::make_row<kUnmap, [](call::Call<kUnmap>& c) {
  const core::GranuleLocks locks(c.core(), {{GranulePa::containing({c.in<"rd">()}), GranuleState::kRd}}, "unmap");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  core::unmap_unprotected(c.core(), realm, core::walk(c.core(), *realm, {c.in<"ipa">() + kPage}, core::kPageLevel));
  return c.done();
}>();

// A realm with two unprotected pages mapped.
void map_two(Watched& m, const TestRealm& realm) {
  for (const std::uint64_t ipa : {realm.unprotected, realm.unprotected + kPage})
    m.bench.succeeds(kRmiRttMapUnprotected, realm.rd, ipa, 3, 0x4000'0000 | (6ULL << 2));
}

}  // namespace

TEST_CASE("I23: a command that fails but has changed something is found", "[broken]") {
  check_caught("I23",
               [](Watched& m) {
                 m.replace(kDelegatesAndFails);
                 const abi::Pa granule = m.is_broken ? m.bench.ns() : m.bench.delegated();
                 m.bench.call(kRmiGranuleDelegate, granule);
               },
               {"RMI_GRANULE_DELEGATE failed with gran_state"});
}

TEST_CASE("I23: a command that succeeds although one of its conditions holds is found", "[broken]") {
  check_caught("I23",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 m.turn_off(kRmiRttReadEntry, "rd_align");
                 m.bench.call(kRmiRttReadEntry, realm.rd + 8, 0, 1);
               },
               {"RMI_RTT_READ_ENTRY succeeded although rd_align: rd is not granule aligned"});
}

TEST_CASE("I23: a condition that is reported before one that comes first is found", "[broken]") {
  check_caught("I23",
               [](Watched& m) {
                 m.replace(kReportsTheState);
                 m.bench.call(kRmiRealmActivate, m.bench.delegated());
               },
               {"RMI_REALM_ACTIVATE failed with realm_state, but rd_state (rd is not an RD) holds and comes first"});
}

TEST_CASE("I23: a condition that is reported but does not hold is found", "[broken]") {
  check_caught("I23",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 m.replace(kReportsAlignment);
                 m.bench.call(kRmiRealmActivate, realm.rd);
               },
               {"RMI_REALM_ACTIVATE failed with rd_align (rd is not granule aligned), which is not so"});
}

TEST_CASE("I23: an exit that cannot be written is the one failure that may leave effects (D14)") {
  Watched m(false);
  TestRealm realm(m.bench);
  const abi::Pa rec = realm.add_rec(), page = m.bench.ns();
  realm.activate();
  m.bench.platform.memory.before_ns_access = [&](abi::Pa, bool write) {
    if (write) m.bench.platform.gpt.force(page, abi::Pas::kRoot);
  };
  CHECK(m.bench.call(kRmiRecEnter, rec, page).condition == "_exit_fault");
  for (const std::string& finding : m.findings.found()) FAIL_CHECK(finding);
}

TEST_CASE("I24: a granule that a command changes beside its own is found", "[broken]") {
  check_caught("I24",
               [](Watched& m) {
                 m.replace(kDelegatesTwo);
                 m.bench.call(kRmiGranuleDelegate, m.bench.ns());
               },
               {"RMI_GRANULE_DELEGATE succeeded and changed the physical address space of a granule", "0x80001000"});
}

TEST_CASE("I24: a command that succeeds without doing its work is found", "[broken]") {
  check_caught("I24",
               [](Watched& m) {
                 m.replace(kDelegatesNothing);
                 m.bench.call(kRmiGranuleDelegate, m.bench.ns());
               },
               {"0 granules went from UNDELEGATED to DELEGATED that are its addr"});
}

TEST_CASE("I24: an attribute of a realm that no command may change is found", "[broken]") {
  check_caught("I24",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 m.replace(kActivatesAndMoves);
                 realm.activate();
               },
               {"RMI_REALM_ACTIVATE succeeded and changed a fixed attribute of the realm (object 0x80000000)"});
}

TEST_CASE("I24: an RTT entry that is written by a command that only reads is found", "[broken]") {
  check_caught("I24",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 realm.add_rtts(realm.unprotected);
                 map_two(m, realm);
                 m.replace(kReadsAndWrites);
                 m.bench.call(kRmiRttReadEntry, realm.rd, realm.unprotected, 3);
               },
               {"RMI_RTT_READ_ENTRY succeeded and changed an RTT entry (object 0x80000000)"});
}

TEST_CASE("I24: an RTT entry that was not asked for is found", "[broken]") {
  check_caught("I24",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 realm.add_rtts(realm.unprotected);
                 map_two(m, realm);
                 m.replace(kUnmapsAnother);
                 m.bench.call(kRmiRttUnmapUnprotected, realm.rd, realm.unprotected, 3);
               },
               {"RMI_RTT_UNMAP_UNPROTECTED succeeded and wrote RTT entries of [0x100001000, 0x100002000)"});
}

TEST_CASE("I24: a call of the realm that changes another request of its REC is found", "[broken]") {
  check_caught("I24",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 realm.add_rtts(0);
                 realm.init_ripas(0, kPage);
                 realm.add_data_unknown(0);
                 const abi::Pa rec = realm.add_rec();
                 realm.activate();
                 m.smc(rec, {kRsiAttestationTokenInit, 1, 2, 3, 4, 5, 6, 7, 8});
                 m.smc(rec, {kRsiAttestationTokenContinue, 0, 0, 16});
                 m.bench.platform.attestation.while_asked = [&m, rec] {
                   if (m.is_broken) m.bench.rec(rec).host_call_ipa = {0x1000};
                 };
                 m.enter(rec);
               },
               {"RSI_ATTESTATION_TOKEN_CONTINUE of REC", "changed the REC's host call"});
}

TEST_CASE("I24: a token that is made for memory that is gone meanwhile is no finding") {
  Watched m(false);
  TestRealm realm(m.bench);
  realm.add_rtts(0);
  realm.init_ripas(0, kPage);
  realm.add_data_unknown(0);
  const abi::Pa rec = realm.add_rec();
  realm.activate();
  auto* descriptor = m.bench.platform.memory.bytes(m.bench.walk(realm.rd, 0).descriptor_pa());
  // As if the host had destroyed the page from another PE while firmware was asked.
  m.bench.platform.attestation.while_asked = [descriptor] {
    const std::uint64_t entry = core::encode({.ripas = Ripas::kDestroyed}, 3);
    std::memcpy(descriptor, &entry, sizeof entry);
  };
  m.smc(rec, {kRsiAttestationTokenInit, 1, 2, 3, 4, 5, 6, 7, 8});
  m.smc(rec, {kRsiAttestationTokenContinue, 0, 0, 16});
  m.enter(rec);
  CHECK_FALSE(m.bench.rec(rec).attestation.token.empty());
  for (const std::string& finding : m.findings.found()) FAIL_CHECK(finding);
}

TEST_CASE("I24: a call that writes to another realm's memory is found", "[broken]") {
  check_caught("I24",
               [](Watched& m) {
                 TestRealm realm(m.bench), other(m.bench, {.vmid = 2});
                 for (TestRealm* each : {&realm, &other}) {
                   each->add_rtts(0);
                   each->init_ripas(0, kPage);
                 }
                 realm.add_data_unknown(0);
                 const abi::Pa foreign = other.add_data_unknown(0), rec = realm.add_rec();
                 realm.activate();
                 const std::uint64_t entry =
                     core::encode({.state = core::RttState::kAssigned, .ripas = Ripas::kRam, .address = foreign}, 3);
                 if (m.is_broken)
                   std::memcpy(m.bench.platform.memory.bytes(m.bench.walk(realm.rd, 0).descriptor_pa()), &entry, 8);
                 m.smc(rec, {kRsiRealmConfig, 0});
                 m.enter(rec);
               },
               {"a call of REC", "memory of the realm with RD", "and not its own"});
}

TEST_CASE("I24: every command has a row in the footprint table, and every row a command") {
  std::set<std::string_view> commands, rows;
  for (const call::Row* row : rmm::v1_0::rmi_rows()) commands.insert(row->command->name);
  for (const rmm::run::Service& service : rmm::run::services()) commands.insert(service.row->name);
  for (const rmm::check::Footprint& row : rmm::check::footprints()) rows.insert(row.command);
  CHECK(commands == rows);
  CHECK(rows.size() == rmm::check::footprints().size());
}

TEST_CASE("I23, I24: the life of a realm, with calls of each kind and refused commands, leaves no finding") {
  Watched m(false);
  TestRealm realm(m.bench);
  realm.add_rtts(0);
  realm.add_rtts(realm.unprotected);
  realm.init_ripas(0, 4 * kPage);
  realm.add_data_unknown(0);
  const abi::Pa source = m.bench.ns();
  m.bench.succeeds(kRmiDataCreate, realm.rd, m.bench.delegated(), kPage, source, kDataFlagMeasure);
  map_two(m, realm);
  const abi::Pa rec = realm.add_rec(), other = realm.add_rec(false);
  m.bench.fails_input("rd_align", kRmiRealmActivate, realm.rd + 1);
  realm.activate();
  m.bench.call(kRmiRealmActivate, realm.rd);
  m.smc(rec, {kRsiVersion, 0x10000});
  m.smc(rec, {kRsiRealmConfig, 0});
  m.smc(rec, {kRsiRealmConfig, 8});
  m.smc(rec, {kRsiIpaStateGet, 0, kPage});
  m.smc(rec, {kRsiMeasurementRead, 1});
  m.smc(rec, {kRsiMeasurementExtend, 1, 8, 3});
  m.smc(rec, {0xc400'01ff});  // no such call
  m.smc(rec, {kRsiHostCall, 0x100});
  m.enter(rec);
  m.smc(rec, {kRsiIpaStateSet, 2 * kPage, 4 * kPage, 0, 0});
  m.enter(rec);
  m.bench.succeeds(kRmiRttSetRipas, realm.rd, rec, 2 * kPage, 4 * kPage);
  m.smc(rec, {kPsciCpuOn, 1, 0x1000, 5});
  m.enter(rec);
  m.bench.succeeds(kRmiPsciComplete, rec, other, 0);
  m.smc(rec, {kPsciCpuSuspend, 0, 0, 0});
  m.enter(rec);
  m.smc(rec, {kPsciAffinityInfo, 1, 0});
  m.enter(rec);
  m.bench.succeeds(kRmiPsciComplete, rec, other, 0);
  m.smc(other, {kPsciCpuOff});
  m.enter(other);
  m.smc(rec, {kPsciSystemOff});
  m.enter(rec);
  m.bench.succeeds(kRmiRttUnmapUnprotected, realm.rd, realm.unprotected, 3);
  m.bench.succeeds(kRmiRttUnmapUnprotected, realm.rd, realm.unprotected + kPage, 3);
  m.bench.succeeds(kRmiRttFold, realm.rd, realm.unprotected, 3);
  m.bench.succeeds(kRmiRttDestroy, realm.rd, realm.unprotected, 2);
  m.bench.succeeds(kRmiDataDestroy, realm.rd, 0);
  m.bench.succeeds(kRmiDataDestroy, realm.rd, kPage);
  m.bench.succeeds(kRmiRttDestroy, realm.rd, 0, 3);
  m.bench.succeeds(kRmiRttDestroy, realm.rd, 0, 2);
  m.bench.succeeds(kRmiRecDestroy, rec);
  m.bench.succeeds(kRmiRecDestroy, other);
  m.bench.succeeds(kRmiRealmDestroy, realm.rd);
  m.bench.succeeds(kRmiGranuleUndelegate, realm.rd);
  m.sweep();
  for (const std::string& finding : m.findings.found()) FAIL_CHECK(finding);
  for (const std::string id : {"I1", "I3", "I6", "I8", "I11", "I12", "I16", "I21", "I23", "I24", "I25"}) {
    INFO(id);
    CHECK(m.findings.evaluations().contains(id));
  }
}
