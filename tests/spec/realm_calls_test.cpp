// SPDX-License-Identifier: GPL-2.0-or-later
// RSI and PSCI calls of a realm, and RMI_PSCI_COMPLETE.
#include <algorithm>

#include "tests/spec/scene.h"

namespace rmm::spec {
namespace {
using namespace abi::v1_0;

const Outcome& only(const std::vector<Outcome>& outcomes) {
  REQUIRE(outcomes.size() == 1);
  return outcomes[0];
}

TEST_CASE("B2: the version commands answer success for 1.0 alone, and both revisions always") {
  for (const std::uint32_t fid : {kRmiVersion, kRsiVersion}) {
    for (const auto& [req, id] : {std::pair<std::uint64_t, std::string_view>{0x10000, ""},
                                  {0x10001, "_version_lower"},
                                  {0x20000, "_version_lower"},
                                  {0xffff, "_version_higher"},
                                  {0, "_version_higher"}}) {
      Scene scene;
      const Call call = fid == kRmiVersion ? Bench::host(fid, {req}) : Bench::guest(scene.caller, fid, {req});
      const auto outcomes = scene.allowed(call);
      CHECK(only(outcomes).condition == id);
      CHECK(outcomes[0].regs.x[0] == (id.empty() ? 0 : 1));
      CHECK(outcomes[0].regs.x[1] == 0x10000);
      CHECK(outcomes[0].regs.x[2] == 0x10000);
    }
  }
}

TEST_CASE("RMI_FEATURES: register 0 as the platform says, zero for every other index") {
  Scene scene;
  CHECK(scene.done(kRmiFeatures, {0}).regs.x[1] == scene.platform.features.raw());
  CHECK(scene.done(kRmiFeatures, {1}).regs.x[1] == 0);
  CHECK(scene.done(kRmiRecAuxCount, {scene.fresh.value}).regs.x[1] == 2);
}

TEST_CASE("REALM_CONFIG writes width, algorithm and RPV, and zero elsewhere") {
  Scene scene;
  scene.realm_of(scene.active).rpv.fill(0x55);
  const Outcome done = scene.done(Bench::guest(scene.caller, kRsiRealmConfig, {0x1000}));
  REQUIRE(done.write.has_value());
  CHECK(done.write->to == scene.entry(scene.active, 0x1000).addr);
  REQUIRE(done.write->bytes.size() == kPage);
  CHECK(done.write->bytes[0] == std::byte{40});
  CHECK(done.write->bytes[8] == std::byte{0});
  CHECK(done.write->bytes[0x200] == std::byte{0x55});
  CHECK(done.write->bytes[0x23f] == std::byte{0x55});
  CHECK(std::count(done.write->bytes.begin(), done.write->bytes.end(), std::byte{0}) == 4096 - 65);
}

TEST_CASE("D10: a page that is not there makes a Data Abort exit, one that is EMPTY an error") {
  for (const std::uint32_t fid : {kRsiRealmConfig, kRsiHostCall, kRsiAttestationTokenContinue}) {
    Scene scene;
    Call call = scene.good(fid);
    call.regs.x[1] = 0x3000;  // RAM, not assigned
    CHECK(only(scene.allowed(call)).retried);
    call.regs.x[1] = 0x20000;  // EMPTY
    CHECK(only(scene.allowed(call)).condition == "_addr_empty");
    scene.done(kRmiDataDestroy, {scene.active.value, 0x1000});
    call.regs.x[1] = 0x1000;  // DESTROYED
    CHECK(only(scene.allowed(call)).retried);
  }
}

TEST_CASE("Attestation: INIT stores the challenge and starts again, CONTINUE goes on or ends") {
  Scene scene;
  auto outcomes = scene.allowed(Bench::guest(scene.caller, kRsiAttestationTokenInit, {1, 2, 3, 4, 5, 6, 7, 8}));
  apply(scene.state, only(outcomes).next);
  CHECK(scene.rec_of(scene.caller).attest_in_progress);
  CHECK(scene.rec_of(scene.caller).attest_challenge == std::array<std::uint64_t, 8>{1, 2, 3, 4, 5, 6, 7, 8});
  outcomes = scene.allowed(Bench::guest(scene.caller, kRsiAttestationTokenContinue, {0x1000, 0, 0x100}));
  CHECK(outcomes.size() == 3);
  bool incomplete = false;
  bool complete = false;
  for (const Outcome& outcome : outcomes) {
    if (outcome.condition == "unknown") {
      CHECK(outcome.regs.x[0] == 4);
      continue;
    }
    abi::SmcRegs regs = outcome.regs;
    regs.x[1] = 0x100;
    CHECK(outcome.also(regs));
    regs.x[1] = 0x101;
    CHECK(!outcome.also(regs));
    REQUIRE(outcome.next.recs.size() == 1);
    const bool goes_on = outcome.next.recs[0].second->attest_in_progress;
    CHECK(goes_on == (outcome.regs.x[0] == 3));
    (goes_on ? incomplete : complete) = true;
  }
  CHECK(incomplete);
  CHECK(complete);
}

TEST_CASE("HOST_CALL exits with the immediate and all registers") {
  Scene scene;
  RsiHostCall request;
  request.imm = 0x1234;
  for (std::size_t i = 0; i < request.gprs.size(); ++i) request.gprs[i] = 100 + i;
  scene.show(scene.entry(scene.active, 0x1000).addr + 0x100, request);
  const auto outcomes = scene.allowed(Bench::guest(scene.caller, kRsiHostCall, {0x1100}));
  REQUIRE(only(outcomes).exit.has_value());
  CHECK(outcomes[0].exit->imm == 0x1234);
  REQUIRE(outcomes[0].exit->gprs.size() == 31);
  CHECK(outcomes[0].exit->gprs[30] == std::pair<std::size_t, std::uint64_t>{30, 130});
  apply(scene.state, outcomes[0].next);
  CHECK(scene.rec_of(scene.caller).host_call_pending);
}

TEST_CASE("PSCI_FEATURES knows the eight functions in both forms and SMCCC_VERSION") {
  Scene scene;
  for (const std::uint32_t fid :
       {kPsciVersion, kPsciCpuSuspend, kPsciCpuSuspend32, kPsciCpuOff, kPsciCpuOn, kPsciCpuOn32, kPsciAffinityInfo,
        kPsciAffinityInfo32, kPsciSystemOff, kPsciSystemReset, kPsciFeatures, kSmcccVersion}) {
    CHECK(only(scene.allowed(Bench::guest(scene.caller, kPsciFeatures, {fid}))).regs.x[0] == 0);
  }
  for (const std::uint32_t fid : {kPsciMigrateInfoType, kRsiVersion, kRmiVersion, 0x84000005U}) {
    CHECK(only(scene.allowed(Bench::guest(scene.caller, kPsciFeatures, {fid}))).regs.x[0] == ~0ULL);
  }
  CHECK(only(scene.allowed(Bench::guest(scene.caller, kSmcccVersion, {}))).regs.x[0] == 0x10002);
}

TEST_CASE("D7: a CPU that names itself is answered without exit") {
  Scene scene;
  CHECK(only(scene.allowed(Bench::guest(scene.caller, kPsciCpuOn, {0, 0x8000, 0}))).condition == "runnable");
  const auto outcomes = scene.allowed(Bench::guest(scene.caller, kPsciAffinityInfo, {0, 0}));
  CHECK(!only(outcomes).exit.has_value());
  CHECK(outcomes[0].regs.x[0] == 0);
}

TEST_CASE("CPU_ON of a REC that runs already may be answered at once or by the host") {
  Scene scene;
  const auto outcomes = scene.allowed(Bench::guest(scene.caller, kPsciCpuOn, {2, 0x8000, 0}));
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].condition == "runnable");
  CHECK(outcomes[1].exit.has_value());
}

TEST_CASE("D7: the exit of CPU_ON and AFFINITY_INFO shows function and MPIDR, of the others the function alone") {
  for (const std::uint32_t fid : {kPsciCpuOn, kPsciCpuOn32, kPsciAffinityInfo, kPsciAffinityInfo32, kPsciCpuSuspend,
                                  kPsciCpuOff, kPsciSystemOff, kPsciSystemReset}) {
    Scene scene;
    const bool asks =
        fid == kPsciCpuOn || fid == kPsciCpuOn32 || fid == kPsciAffinityInfo || fid == kPsciAffinityInfo32;
    const bool affinity = fid == kPsciAffinityInfo || fid == kPsciAffinityInfo32;
    const auto outcomes = scene.allowed(Bench::guest(scene.caller, fid, {1, affinity ? 0U : 0x8000U, 7}));
    REQUIRE(only(outcomes).exit.has_value());
    using Pairs = std::vector<std::pair<std::size_t, std::uint64_t>>;
    CHECK(outcomes[0].exit->gprs == (asks ? Pairs{{0, fid}, {1, 1}} : Pairs{{0, fid}}));
    apply(scene.state, outcomes[0].next);
    CHECK(scene.rec_of(scene.caller).psci_pending == asks);
    CHECK(scene.rec_of(scene.caller).runnable == (fid != kPsciCpuOff));
    const bool off = fid == kPsciSystemOff || fid == kPsciSystemReset;
    CHECK(scene.realm_of(scene.active).state == (off ? RealmState::kSystemOff : RealmState::kActive));
  }
}

TEST_CASE("PSCI_COMPLETE of CPU_ON starts the target with entry and context") {
  for (const std::uint32_t fid : {kPsciCpuOn, kPsciCpuOn32}) {
    Scene scene;
    scene.request(fid, 1, 0x8000, 0x1234567890ULL);
    scene.done(kRmiPsciComplete, {scene.third.value, scene.target.value, 0});
    const Rec& target = scene.rec_of(scene.target);
    CHECK(target.runnable);
    CHECK(target.pc == 0x8000);
    Gprs expected{};
    expected[0] = 0x1234567890ULL;
    CHECK(target.gprs == expected);
    const Rec& calling = scene.rec_of(scene.third);
    CHECK(!calling.psci_pending);
    CHECK(calling.gprs[0] == 0);
    CHECK(calling.gprs[1] == 0);
    CHECK(calling.gprs[3] == 0);
    CHECK(calling.gprs[4] == 15);  // as created
  }
}

TEST_CASE("PSCI_COMPLETE: already on, denied, affinity on and off") {
  struct Case {
    std::uint64_t fid;
    bool runnable;
    std::int64_t status;
    std::int64_t answer;
  };
  for (const Case& c : {Case{kPsciCpuOn, true, 0, -4}, Case{kPsciCpuOn, false, -3, -3},
                        Case{kPsciAffinityInfo, true, 0, 0}, Case{kPsciAffinityInfo, false, 0, 1}}) {
    Scene scene;
    scene.request(c.fid, 1);
    scene.rec_of(scene.target).runnable = c.runnable;
    const Rec before = scene.rec_of(scene.target);
    scene.done(kRmiPsciComplete, {scene.third.value, scene.target.value, static_cast<std::uint64_t>(c.status)});
    CHECK(scene.rec_of(scene.third).gprs[0] == static_cast<std::uint64_t>(c.answer));
    CHECK(scene.rec_of(scene.target) == before);
  }
}

TEST_CASE("PSCI_COMPLETE: DENIED is permitted for CPU_ON of a REC that is off only") {
  for (const bool affinity : {false, true}) {
    Scene scene;
    scene.request(affinity ? kPsciAffinityInfo : kPsciCpuOn, 1);
    scene.rec_of(scene.target).runnable = !affinity;
    const Call call =
        Bench::host(kRmiPsciComplete, {scene.third.value, scene.target.value, static_cast<std::uint64_t>(-3)});
    CHECK(only(scene.allowed(call)).condition == "status");
  }
}

TEST_CASE("MPIDR: the two layouts of aff3, reserved bits, and the index of a REC that is gone") {
  Scene scene;
  CHECK(reported(scene.allowed(Bench::guest(scene.caller, kPsciAffinityInfo, {1ULL << 32, 0})), "target_match") !=
        nullptr);
  // A bit outside the affinity fields: the text doesn't say.
  const auto outcomes = scene.allowed(Bench::guest(scene.caller, kPsciAffinityInfo, {1 | (1ULL << 30), 0}));
  CHECK(outcomes.size() == 2);
  scene.done(kRmiRecDestroy, {scene.target.value});
  CHECK(scene.allowed(Bench::guest(scene.caller, kPsciAffinityInfo, {1, 0})).size() == 2);
  CHECK(scene.realm_of(scene.active).rec_index == 3);
  CHECK(scene.realm_of(scene.active).num_recs == 2);
}

}  // namespace
}  // namespace rmm::spec
