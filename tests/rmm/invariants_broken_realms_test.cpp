// SPDX-License-Identifier: GPL-2.0-or-later
// Invariants of realms, RECs and of the interface to the host, each broken on purpose.
#include <catch2/catch_test_macros.hpp>

#include "rmm/abi/arch/gic.h"
#include "rmm/v1_0/commands.h"
#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace call = rmm::call;
namespace core = rmm::core;

namespace {

constexpr call::Parameter kActivateIn[] = {{"rd", 1}};
constexpr call::Command kActivate{
    .interface = rmm::port::Interface::kRmi, .name = "RMI_REALM_ACTIVATE", .fid = kRmiRealmActivate, .in = kActivateIn};
// Whatever the realm's state is.
constexpr call::Row kActivatesAgain = call::make_row<kActivate, [](call::Call<kActivate>& c) {
  const auto& rd = c.state.granules.at(abi::GranulePa::containing({c.in<"rd">()}));
  core::Realm& realm = c.state.realms.at(rd.object);
  const auto from = realm.state.peek();
  realm.state = rmm::port::Shared(core::RealmState::kActive);
  c.platform.observer->realm_state(realm.rd.pa(), core::name(from), "ACTIVE");
  return c.done();
}>();

constexpr call::Parameter kEnterIn[] = {{"rec", 1}, {"run_ptr", 2}};
constexpr call::Command kEnter{
    .interface = rmm::port::Interface::kRmi, .name = "RMI_REC_ENTER", .fid = kRmiRecEnter, .in = kEnterIn};
// Leaves a register of the realm in an exit that has none.
constexpr call::Row kShowsRegister = call::make_row<kEnter, [](call::Call<kEnter>& c) {
  RecExit exit;
  exit.exit_reason = static_cast<std::uint8_t>(RecExitReason::kIrq);
  exit.gprs[3] = 0x5ec2e7;
  c.platform.observer->rec_exit({.rec = {c.in<"rec">()}, .pe = c.pe.id(), .reason = "IRQ", .exit = &exit});
  return c.done();
}>();

constexpr call::Parameter kDataIn[] = {{"rd", 1}, {"data", 2}, {"ipa", 3}, {"src", 4}, {"flags", 5}};
constexpr call::Command kData{
    .interface = rmm::port::Interface::kRmi, .name = "RMI_DATA_CREATE", .fid = kRmiDataCreate, .in = kDataIn};
// Looks at the source to measure it, and once more to copy it.
constexpr call::Row kReadsTwice = call::make_row<kData, [](call::Call<kData>& c) {
  std::array<std::byte, abi::kGranuleSize> measured{}, copied{};
  const bool readable = call::read_host(c, {c.in<"src">()}, measured) && call::read_host(c, {c.in<"src">()}, copied);
  CHECK(readable);
  return c.done();
}>();

std::uint64_t pending(std::uint64_t vintid) { return abi::gic::kLrPending | abi::gic::kLrGroup1 | vintid; }

// An ACTIVE realm with one REC, and its run page.
struct Runnable {
  explicit Runnable(Watched& m) : realm(m.bench), rec(realm.add_rec()), run(m.bench.ns()) { realm.activate(); }
  TestRealm realm;
  abi::Pa rec, run;
};

}  // namespace

TEST_CASE("I15: a realm that is switched on again is found", "[broken]") {
  check_caught("I15",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 r.activate();
                 m.bench.realm(r.rd).state = rmm::port::Shared(core::RealmState::kSystemOff);
                 m.replace(kActivatesAgain);
                 CHECK(m.bench.call(kRmiRealmActivate, r.rd).ok() == m.is_broken);
               },
               {"the realm with RD 0x80000000 went from SYSTEM_OFF to ACTIVE", "A2.1.5",
                "during RMI_REALM_ACTIVATE(rd 0x80000000) on PE 0"});
}

TEST_CASE("I15: a RIM that changes after activation is found", "[broken]") {
  check_caught("I15",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 r.add_rtts(0);
                 r.init_ripas(0, kPage);
                 r.activate();
                 m.turn_off(kRmiDataCreate, "realm_state");
                 const abi::Pa data = m.bench.delegated();
                 CHECK(m.bench.call(kRmiDataCreate, r.rd, data, 0, m.bench.ns(), 0).ok() == m.is_broken);
               },
               {"RMI_DATA_CREATE changed the RIM of the active realm with RD 0x80000000"}, {"I23"});
}

TEST_CASE("I17: two live realms with one VMID are found", "[broken]") {
  check_caught("I17",
               [](Watched& m) {
                 const TestRealm first(m.bench, {.vmid = 7});
                 m.turn_off(kRmiRealmCreate, "vmid_valid");
                 const TestRealm second(m.bench, {.vmid = m.is_broken ? std::uint16_t{7} : std::uint16_t{8}});
               },
               {"realms 0x80000000 and 0x", "share VMID 7", "during RMI_REALM_CREATE(rd 0x"});
}

TEST_CASE("I17: the VMID of a live realm that counts as free is found", "[broken]") {
  check_caught("I17",
               [](Watched& m) {
                 const TestRealm realm(m.bench, {.vmid = 7});
                 if (m.is_broken) m.bench.state.vmids[7] = false;
                 m.sweep();
               },
               {"VMID 7 of realm 0x80000000 counts as free"});
}

TEST_CASE("I18: two RECs of a realm with one MPIDR are found", "[broken]") {
  check_caught("I18",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 r.add_rec();
                 m.turn_off(kRmiRecCreate, "mpidr_index");
                 const abi::Pa rec = m.bench.delegated(), at = m.bench.ns();
                 RecParams params = r.rec_params();
                 if (m.is_broken) params.mpidr = 0;
                 m.bench.put(at, params);
                 m.bench.succeeds(kRmiRecCreate, r.rd, rec, at);
                 m.sweep();
               },
               {"two RECs of realm 0x80000000 have MPIDR 0x0"});
}

TEST_CASE("I18: a REC whose owner is another realm is found", "[broken]") {
  check_caught("I18",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 const TestRealm other(m.bench, {.vmid = 2});
                 const abi::Pa rec = r.add_rec();
                 if (m.is_broken) m.bench.rec(rec).owner = abi::GranulePa::containing(other.rd);
                 m.sweep();
               },
               {"REC 0x", "has an owner 0x"});
}

TEST_CASE("I18: a REC that is entered while it runs is found", "[broken]") {
  check_caught("I18",
               [](Watched& m) {
                 const Runnable r(m);
                 m.turn_off(kRmiRecEnter, "rec_state");
                 const abi::Pa second_run = m.bench.ns();
                 m.bench.cpu(r.rec).script.push_back([&](fake::RealmCpu&) {
                   CHECK(m.bench.call(kRmiRecEnter, r.rec, second_run).ok() == m.is_broken);
                   return abi::Exception{.kind = abi::ExceptionKind::kIrq};
                 });
                 m.bench.succeeds(kRmiRecEnter, r.rec, r.run);
               },
               {"REC 0x", "was entered on PE 0 while it runs on PE 0", "during RMI_REC_ENTER(rec 0x"});
}

TEST_CASE("I19: a REC with two requests at once is found", "[broken]") {
  check_caught("I19",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 core::Rec& rec = m.bench.rec(r.add_rec());
                 rec.psci.pending = true;
                 rec.host_call_pending = m.is_broken;
                 m.sweep();
               },
               {"REC 0x", "has 2 requests pending at once"});
}

TEST_CASE("I20: an exit that shows a field which its reason doesn't have is found", "[broken]") {
  check_caught("I20",
               [](Watched& m) {
                 const Runnable r(m);
                 m.replace(kShowsRegister);
                 m.bench.succeeds(kRmiRecEnter, r.rec, r.run);
               },
               {"the exit IRQ of REC 0x", "shows the host the field gprs", "during RMI_REC_ENTER(rec 0x"});
}

TEST_CASE("I21: list registers and control bits that A6.1 does not allow are found", "[broken]") {
  const auto scene = [](const std::function<void(RecEnter&)>& forbidden) {
    return [forbidden](Watched& m) {
      const Runnable r(m);
      RecEnter enter;
      enter.gicv3_hcr = abi::gic::kHcrUie | abi::gic::kHcrTdir;
      enter.gicv3_lrs[0] = pending(27) | abi::gic::kLrEoi | 0x80ULL << abi::gic::kLrPriorityShift;
      enter.gicv3_lrs[1] = pending(8192);
      enter.gicv3_lrs[2] = abi::gic::kLrHw;  // not in use
      m.bench.put(r.run, enter);
      m.bench.succeeds(kRmiRecEnter, r.rec, r.run);
      forbidden(enter);
      m.bench.put(r.run, enter);
      m.turn_off(kRmiRecEnter, "rec_gicv3");
      CHECK(m.bench.call(kRmiRecEnter, r.rec, r.run).ok() == m.is_broken);
    };
  };
  namespace gic = abi::gic;
  const auto check = [&](const std::function<void(RecEnter&)>& forbidden, const std::string& words) {
    check_caught("I21", scene(forbidden), {"REC 0x", "was entered although " + words, "during RMI_REC_ENTER(rec 0x"});
  };
  check([](RecEnter& e) { e.gicv3_hcr |= gic::kHcrEn; }, "the bits 0x1 of gicv3_hcr are not the host's");
  check([](RecEnter& e) { e.gicv3_hcr |= gic::kHcrEoiCountMask; }, "the bits 0xf8000000 of gicv3_hcr");
  check([](RecEnter& e) { e.gicv3_lrs[3] = pending(30) | gic::kLrHw; },
        "gicv3_lrs[3] is 0x700000000000001e, whose bits 0x2000000000000000 must be zero");
  check([](RecEnter& e) { e.gicv3_lrs[3] = pending(30) | 1ULL << gic::kLrPintidShift; }, "gicv3_lrs[3] is");
  check([](RecEnter& e) { e.gicv3_lrs[3] = pending(30) | 1ULL << gic::kLrPriorityShift; }, "gicv3_lrs[3] is");
  check([](RecEnter& e) { e.gicv3_lrs[3] = pending(1020); }, "gicv3_lrs[3] has vINTID 1020, which doesn't exist");
  check([](RecEnter& e) { e.gicv3_lrs[15] = pending(27); }, "gicv3_lrs[0] and gicv3_lrs[15] have the same vINTID 27");
}

TEST_CASE("I22: host memory that a command reads twice is found", "[broken]") {
  check_caught("I22",
               [](Watched& m) {
                 TestRealm r(m.bench);
                 r.add_rtts(0);
                 m.replace(kReadsTwice);
                 const abi::Pa data = m.bench.delegated(), source = m.bench.ns();
                 m.bench.succeeds(kRmiDataCreate, r.rd, data, 0, source, 0);
               },
               {"RMI_DATA_CREATE read host memory at 0x", "twice", "the host can change it between the reads"},
               {"I24"});
}
