// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/rmm/v2_bench.h"

using namespace abi::v2_0;
using rmm::core::RealmState;
using v2::Bench;

TEST_CASE("2.0 REALM_TERMINATE makes a realm of any state a ZOMBIE, again and again") {
  for (const RealmState from : {RealmState::kNew, RealmState::kActive, RealmState::kSystemOff}) {
    Bench b;
    rmi::TestRealm r(b);
    r.add_rec();
    b.realm(r.rd).state = rmm::port::Shared(from);
    b.recorder.realm_states.clear();
    b.succeeds2(kRmiRealmTerminate, r.rd);
    CHECK(b.realm(r.rd).state.peek() == RealmState::kZombie);
    CHECK(b.recorder.realm_states == std::vector{std::string(rmm::core::name(from)) + ">ZOMBIE"});
    b.succeeds2(kRmiRealmTerminate, r.rd);
    CHECK(b.realm(r.rd).state.peek() == RealmState::kZombie);
    CHECK(b.recorder.realm_states.size() == 1);
  }
}

TEST_CASE("2.0 REALM_TERMINATE waits for running RECs of its own realm only") {
  Bench b;
  rmi::TestRealm r(b);
  rmi::TestRealm other(b, {.vmid = 2});
  const abi::Pa rec = r.add_rec(), foreign = other.add_rec();
  b.rec(rec).state = rmm::port::Shared(rmm::core::RecState::kRunning);
  b.fails2("rec_running", {RmiStatus::kErrorRealm}, kRmiRealmTerminate, r.rd);
  b.rec(rec).state = rmm::port::Shared(rmm::core::RecState::kReady);
  b.rec(foreign).state = rmm::port::Shared(rmm::core::RecState::kRunning);
  b.succeeds2(kRmiRealmTerminate, r.rd);
  CHECK(b.realm(other.rd).state.peek() == RealmState::kNew);
}

TEST_CASE("2.0 REALM_TERMINATE fails by its conditions") {
  Bench b;
  b.fails2_input("rd_align", kRmiRealmTerminate, b.ns() + 1);
  b.fails2("rd_bound", {kUntrackedGranule}, kRmiRealmTerminate, abi::Pa{0x1000});
  b.fails2_input("rd_state", kRmiRealmTerminate, b.delegated());
}

TEST_CASE("a ZOMBIE realm of 2.0 is taken apart and destroyed") {
  Bench b;
  rmi::TestRealm r(b);
  const abi::Pa rec = r.add_rec();
  r.activate();
  b.succeeds2(kRmiRealmTerminate, r.rd);
  b.fails("realm_state", abi::v1_0::RmiStatus::kErrorRealm, 0, rmi::kRmiRealmActivate, r.rd);
  b.succeeds(rmi::kRmiRecDestroy, rec);
  b.succeeds(rmi::kRmiRealmDestroy, r.rd);
  CHECK(b.state_of(r.rd) == rmi::GranuleState::kDelegated);
}

TEST_CASE("2.0 REALM_TERMINATE lets the other actors go on before it looks at RECs that it does not lock") {
  struct Steps : fake::Sync {
    void step(const rmm::port::Step& step) override { points.emplace_back(step.point); }
    std::vector<std::string> points;
  } steps;
  Bench b;
  rmi::TestRealm r(b);
  fake::Platform& p = b.platform;
  rmm::port::Platform ports{p.memory, p.gpt, p.tlb, p.cpus, steps, p.clock, p.entropy, &b.recorder, &p.attestation};
  const rmm::core::Context context{ports, b.state};
  const rmm::core::GranuleLocks locks(context, {{abi::GranulePa::containing(r.rd), rmi::GranuleState::kRd}}, "test");
  const rmm::core::LockedRealm realm(context, locks.as<rmi::GranuleState::kRd>(0));
  CHECK(rmm::core::terminate_realm(context, realm));
  CHECK(steps.points == std::vector<std::string>{"terminate_realm"});
}
