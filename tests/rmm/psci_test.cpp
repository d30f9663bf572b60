// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI as a realm calls it (B6.3, A4.3.7, D7).
#include <catch2/catch_test_macros.hpp>

#include "rmm/core/psci.h"
#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

constexpr auto kNotSupported = static_cast<std::uint64_t>(-1);
constexpr auto kInvalidParameters = static_cast<std::uint64_t>(-2);
constexpr auto kAlreadyOn = static_cast<std::uint64_t>(-4);
constexpr auto kInvalidAddress = static_cast<std::uint64_t>(-9);

// X0 after a call that is answered without an exit to the host.
std::uint64_t call(Bench& b, const std::vector<std::uint64_t>& args) {
  b.smc(args);
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  return b.cpu().x(0);
}

void complete(Bench& b, v1_0::PsciStatus status) {
  rmm::core::complete_psci({b.platform, b.state}, b.rec(0), b.rec(1), status);
}

}  // namespace

TEST_CASE("D7: PSCI_VERSION is 1.1, SMCCC_VERSION 1.2") {
  Bench b;
  CHECK(call(b, {v1_0::kPsciVersion}) == 0x10001);
  CHECK(call(b, {v1_0::kSmcccVersion}) == 0x10002);
}

TEST_CASE("SMCCC_ARCH_FEATURES knows nothing but itself") {
  Bench b;
  CHECK(call(b, {v1_0::kSmcccArchFeatures, v1_0::kSmcccArchFeatures}) == 0);
  CHECK(call(b, {v1_0::kSmcccArchFeatures, 0x8000'0002}) == kNotSupported);
  CHECK(call(b, {v1_0::kSmcccArchFeatures, 0x8000'7fff}) == kNotSupported);
}

TEST_CASE("PSCI_FEATURES reports what A4.3.7 lists, in both conventions, and SMCCC_VERSION") {
  Bench b;
  for (const std::uint64_t fid :
       {0x8400'0000ULL, 0x8400'0001ULL, 0xc400'0001ULL, 0x8400'0002ULL, 0x8400'0003ULL, 0xc400'0003ULL, 0x8400'0004ULL,
        0xc400'0004ULL, 0x8400'0008ULL, 0x8400'0009ULL, 0x8400'000aULL, 0x8000'0000ULL})
    CHECK(call(b, {v1_0::kPsciFeatures, fid}) == 0);
  for (const std::uint64_t fid :
       {0x8400'0006ULL, 0xc400'000eULL, 0xc400'0012ULL, 0xc400'0015ULL, 0x8000'0001ULL, 0xc400'0190ULL, 0xc400'0002ULL})
    CHECK(call(b, {v1_0::kPsciFeatures, fid}) == kNotSupported);
}

TEST_CASE("functions that the list does not have are not supported") {
  Bench b;
  for (const std::uint64_t fid : {0x8400'0005ULL, 0x8400'0006ULL, 0x8400'000fULL, 0xc400'000eULL, 0xc400'0012ULL})
    CHECK(call(b, {fid}) == kNotSupported);
}

TEST_CASE("PSCI_CPU_ON leaves with its MPIDR and returns what the host completes") {
  for (const std::uint64_t fid : {std::uint64_t{v1_0::kPsciCpuOn}, std::uint64_t{v1_0::kPsciCpuOn32}}) {
    Bench b;
    b.smc({fid, 1, 0x4000'0000, 0x77});
    CHECK(named_fields(b.enter()) == Names{"exit_reason", "gprs0", "gprs1"});
    CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kPsci));
    CHECK(b.exit.gprs[0] == fid);
    CHECK(b.exit.gprs[1] == 1);
    CHECK(b.rec().psci.pending);
    complete(b, v1_0::PsciStatus::kSuccess);
    CHECK(b.cpu(1).pc() == 0x4000'0000);
    CHECK(b.cpu(1).x(0) == 0x77);
    b.enter();
    CHECK(b.cpu().x(0) == 0);
    CHECK(b.cpu().x(1) == 0);
    CHECK(b.cpu().x(2) == 0);
    CHECK(b.cpu().pc() == 0x1004);
    CHECK(b.observer.events == Names{"PSCI_CPU_ON begin", "exit PSCI", "PSCI_CPU_ON PSCI_SUCCESS", "exit IRQ"});
  }
}

TEST_CASE("PSCI_CPU_ON of a running target comes back as ALREADY_ON, once") {
  Bench b;
  b.rec(1).runnable = rmm::port::Shared(true);
  b.smc({v1_0::kPsciCpuOn, 1, 0x4000'0000, 0});
  b.enter();
  complete(b, v1_0::PsciStatus::kSuccess);
  b.enter();
  CHECK(b.cpu().x(0) == kAlreadyOn);
  CHECK(b.observer.events.at(2) == "PSCI_CPU_ON PSCI_ALREADY_ON");
  b.enter();
  CHECK(b.observer.events.size() == 5);
}

TEST_CASE("SMC32 arguments are 32 bits wide") {
  Bench b;
  b.smc({v1_0::kPsciCpuOn32, 0xdead'0000'0000'0001, 0xdead'0000'4000'0000, 0xffff'ffff'0000'0077});
  b.enter();
  CHECK(b.exit.gprs[1] == 1);
  CHECK(b.rec().psci.args == std::array<std::uint64_t, 3>{1, 0x4000'0000, 0x77});
}

TEST_CASE("PSCI_CPU_ON failure conditions") {
  Bench b;
  CHECK(call(b, {v1_0::kPsciCpuOn, 1, kShared, 0}) == kInvalidAddress);
  CHECK(call(b, {v1_0::kPsciCpuOn, 1, 1ULL << 40, 0}) == kInvalidAddress);
  CHECK(call(b, {v1_0::kPsciCpuOn, 2, 0x4000'0000, 0}) == kInvalidParameters);
  CHECK(call(b, {v1_0::kPsciCpuOn, 0, 0x4000'0000, 0}) == kAlreadyOn);
  CHECK_FALSE(b.rec().psci.pending);
}

TEST_CASE("a REC of another realm is no target") {
  Bench b;
  b.rec(1).owner = abi::GranulePa::containing({0x8000'4000});
  b.rec(1).realm = 1;
  CHECK(call(b, {v1_0::kPsciCpuOn, 1, 0x4000'0000, 0}) == kInvalidParameters);
}

TEST_CASE("D7: PSCI_AFFINITY_INFO: the caller itself is on, others are the host's to find") {
  for (const std::uint64_t fid : {std::uint64_t{v1_0::kPsciAffinityInfo}, std::uint64_t{v1_0::kPsciAffinityInfo32}}) {
    Bench b;
    CHECK(call(b, {fid, 0, 0}) == 0);
    b.smc({fid, 1, 0});
    CHECK(named_fields(b.enter()) == Names{"exit_reason", "gprs0", "gprs1"});
    CHECK(b.exit.gprs[0] == fid);
    CHECK(b.exit.gprs[1] == 1);
    complete(b, v1_0::PsciStatus::kSuccess);
    b.enter();
    CHECK(b.cpu().x(0) == 1);  // off
  }
}

TEST_CASE("PSCI_AFFINITY_INFO failure conditions") {
  Bench b;
  CHECK(call(b, {v1_0::kPsciAffinityInfo, 1, 1}) == kInvalidParameters);
  CHECK(call(b, {v1_0::kPsciAffinityInfo, 9, 0}) == kInvalidParameters);
  CHECK(call(b, {v1_0::kPsciAffinityInfo, 0, 1ULL << 32}) == 0);  // X2[63:32] is ignored
}

TEST_CASE("D7: PSCI_CPU_SUSPEND leaves and returns SUCCESS at the next entry") {
  for (const std::uint64_t fid : {std::uint64_t{v1_0::kPsciCpuSuspend}, std::uint64_t{v1_0::kPsciCpuSuspend32}}) {
    Bench b;
    b.smc({fid, 0x10000, 0x4000'0000, 5});
    CHECK(named_fields(b.enter()) == Names{"exit_reason", "gprs0"});
    CHECK(b.exit.gprs[0] == fid);
    CHECK_FALSE(b.rec().psci.pending);
    b.enter();
    for (unsigned n = 0; n <= 3; ++n) CHECK(b.cpu().x(n) == 0);
    CHECK(b.cpu().pc() == 0x1004);
    CHECK(b.observer.events.at(2) == "PSCI_CPU_SUSPEND PSCI_SUCCESS");
  }
}

TEST_CASE("a PSCI call over a REC exit ends for the observer once, as the function that it was") {
  struct Ends : rmm::port::Observer {
    void command_end(const rmm::port::CommandEnd& e) override { ends.emplace_back(e.name, e.fid); }
    std::vector<std::pair<std::string, std::uint32_t>> ends;
  };
  const std::vector<std::pair<std::string, std::uint32_t>> calls{
      {"PSCI_CPU_ON", v1_0::kPsciCpuOn},
      {"PSCI_CPU_ON", v1_0::kPsciCpuOn32},
      {"PSCI_AFFINITY_INFO", v1_0::kPsciAffinityInfo},
      {"PSCI_AFFINITY_INFO", v1_0::kPsciAffinityInfo32},
      {"PSCI_CPU_SUSPEND", v1_0::kPsciCpuSuspend},
      {"PSCI_CPU_SUSPEND", v1_0::kPsciCpuSuspend32},
  };
  for (const auto& each : calls) {
    Bench b;
    Ends observer;
    b.platform.observer = &observer;
    b.smc({each.second, 1, each.first == "PSCI_CPU_ON" ? 0x4000'0000ULL : 0});
    b.enter();
    CHECK(observer.ends.empty());
    if (b.rec().psci.pending) complete(b, v1_0::PsciStatus::kSuccess);
    b.enter();
    CHECK(observer.ends == std::vector{each});
  }
}

TEST_CASE("PSCI_CPU_OFF makes the REC not runnable") {
  Bench b;
  b.smc({v1_0::kPsciCpuOff});
  CHECK(named_fields(b.enter()) == Names{"exit_reason", "gprs0"});
  CHECK(b.exit.gprs[0] == v1_0::kPsciCpuOff);
  CHECK_FALSE(b.rec().runnable.peek());
  CHECK_FALSE(b.rec().psci.pending);
}

TEST_CASE("PSCI_SYSTEM_OFF and SYSTEM_RESET end the realm, whoever comes second") {
  for (const std::uint64_t fid : {std::uint64_t{v1_0::kPsciSystemOff}, std::uint64_t{v1_0::kPsciSystemReset}}) {
    Bench b;
    b.smc({fid}).smc({fid});
    CHECK(named_fields(b.enter()) == Names{"exit_reason", "gprs0"});
    CHECK(b.exit.gprs[0] == fid);
    CHECK(b.realm().state.peek() == rmm::core::RealmState::kSystemOff);
    b.enter();  // another REC of the realm was already inside
    CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kPsci));
    CHECK(std::count(b.observer.events.begin(), b.observer.events.end(), "realm SYSTEM_OFF") == 1);
    CHECK(b.sync.held == 0);
  }
}
