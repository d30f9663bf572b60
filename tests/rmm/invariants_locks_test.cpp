// SPDX-License-Identifier: GPL-2.0-or-later
// I25: locks and work of a command; broken on purpose.
#include <catch2/catch_test_macros.hpp>

#include "rmm/check/lock_rules.h"
#include "rmm/core/granule_state.h"
#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace port = rmm::port;

namespace {

constexpr std::string_view kCommand = "RMI_RTT_READ_ENTRY";

// A monitor of the test's own: one command that locks as the test says.
class OwnMonitor {
 public:
  OwnMonitor() {
    for (const abi::Pa pa : {low, high}) granule(pa).state = GranuleState::kDelegated;
    for (const abi::Pa pa : {low, high}) m.bench.platform.gpt.force(pa, abi::Pas::kRealm);
  }
  rmm::core::Granule& granule(abi::Pa pa) { return m.bench.state.granules.at(GranulePa::containing(pa)); }
  void begin() {
    port::CommandBegin event;
    event.name = kCommand;
    m.invariants->command_begin(event);
  }
  void end() {
    port::CommandEnd event;
    event.name = kCommand;
    m.invariants->command_end(event);
  }
  void lock(abi::Pa pa) { m.ports->sync.acquire(granule(pa).lock, {"own", pa.value, port::Access::kAcquire}); }
  void unlock(abi::Pa pa) { m.ports->sync.release(granule(pa).lock, {"own", pa.value, port::Access::kRelease}); }
  void lock_vmids() { m.ports->sync.acquire(m.bench.state.vmid_lock, {"vmid", 7, port::Access::kAcquire}); }

  Watched m{false};
  const abi::Pa low = m.bench.ns(), high = m.bench.ns();
};

}  // namespace

TEST_CASE("I25: locks in ascending order, and what is owned below its owner, are no finding") {
  OwnMonitor own;
  own.begin();
  own.lock(own.low);
  own.lock(own.high);
  own.unlock(own.high);
  own.unlock(own.low);
  own.granule(own.high).state = GranuleState::kRd;
  own.granule(own.low).state = GranuleState::kRtt;
  own.lock(own.high);
  own.lock(own.low);
  own.unlock(own.low);
  own.granule(own.low).state = GranuleState::kDelegated;
  own.unlock(own.high);
  own.end();
  for (const std::string& finding : own.m.findings.found()) FAIL_CHECK(finding);
  CHECK(own.m.findings.evaluations().at("I25") >= 5);
}

TEST_CASE("I25: granules that are locked in descending order are found", "[broken]") {
  OwnMonitor own;
  own.begin();
  own.lock(own.high);
  own.lock(own.low);
  check_found(own.m.findings, "I25",
              {"own takes the lock of granule 0x80000000 while it holds that of 0x80001000 (DELEGATED)",
               "two PEs could wait for each other"});
}

TEST_CASE("I25: a lock that is taken below an RTT is found", "[broken]") {
  OwnMonitor own;
  own.granule(own.low).state = GranuleState::kRtt;
  own.begin();
  own.lock(own.low);
  own.lock(own.high);
  check_found(own.m.findings, "I25", {"while it holds that of 0x80000000 (RTT)"});
}

TEST_CASE("I25: a lock that is taken below that of the VMIDs is found", "[broken]") {
  OwnMonitor own;
  own.begin();
  own.lock_vmids();
  own.lock(own.low);
  check_found(own.m.findings, "I25", {"own takes the lock of 0x80000000 while it holds that of the VMIDs"});
}

TEST_CASE("I25: a lock that is taken twice is found before it blocks", "[broken]") {
  OwnMonitor own;
  own.begin();
  own.lock(own.low);
  rmm::check::Findings findings;
  rmm::check::LockRules rules(own.m.bench.state, findings);
  rmm::check::ActorProgress actor;
  const auto& lock = own.granule(own.low).lock;
  rules.taken(actor, lock, {"own", own.low.value, port::Access::kAcquire});
  rules.wanted(actor, lock, {"own", own.low.value, port::Access::kAcquire});
  check_found(findings, "I25", {"own takes the lock of 0x80000000 again, which it holds"});
}

TEST_CASE("I25: a command that returns with a lock is found", "[broken]") {
  OwnMonitor own;
  own.begin();
  own.lock(own.low);
  own.end();
  check_found(own.m.findings, "I25",
              {"the lock of 0x80000000 is still held when the host got the answer of RMI_RTT_READ_ENTRY"});
}

TEST_CASE("I25: a lock that is held while a realm runs is found", "[broken]") {
  check_caught("I25",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 const abi::Pa rec = realm.add_rec();
                 realm.activate();
                 const abi::Pa granule = m.bench.delegated();
                 auto& lock = m.bench.state.granules.at(GranulePa::containing(granule)).lock;
                 const port::Step step{"own", granule.value, port::Access::kAcquire};
                 // As if the monitor had taken it before it entered the realm.
                 m.bench.cpu(rec).script.push_back([&, step](fake::RealmCpu&) {
                   if (m.is_broken) m.ports->sync.acquire(lock, step);
                   return abi::Exception{.kind = abi::ExceptionKind::kIrq};
                 });
                 m.bench.platform.memory.before_ns_access = [&, step](abi::Pa, bool write) {
                   if (write && lock.held()) m.ports->sync.release(lock, step);
                 };
                 m.enter(rec);
               },
               {"is still held while the realm ran in RMI_REC_ENTER"});
}

TEST_CASE("I25: a command that does not come to an end is found", "[broken]") {
  OwnMonitor own;
  own.begin();
  for (int i = 0; i < 20'000; ++i) own.m.ports->sync.step({"own", own.low.value, port::Access::kRead});
  own.end();
  check_found(own.m.findings, "I25", {"RMI_RTT_READ_ENTRY touched memory and locks 20000 times"});
}
