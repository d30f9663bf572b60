// SPDX-License-Identifier: GPL-2.0-or-later
// The monitor under the abstract model: lives of realms without a difference, and monitors broken on purpose, each
// found at the command that is wrong.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/rmm/judged_bench.h"

namespace {

using namespace rmi;  // NOLINT: ids of the version under test
using Catch::Matchers::ContainsSubstring;
using judged::Judged;
namespace esr = abi::esr;

// A difference was found, whose lines together have all of `words`.
void check_found(const Judged& judged, std::initializer_list<std::string> words) {
  REQUIRE(judged.check->difference());
  std::string text;
  for (const std::string& line : judged.check->difference()->lines) text += line + "\n";
  for (const std::string& word : words) CHECK_THAT(text, ContainsSubstring(word));
}

// An ACTIVE realm with RAM from 0x1000 to 0x3000 and memory at 0x1000 and 0x2000.
struct Scene : Judged {
  TestRealm realm{bench};
  abi::Pa first, second;
  explicit Scene(bool activate = true) {
    realm.add_rtts(0);
    realm.init_ripas(0x1000, 0x3000);
    const abi::Pa data = bench.delegated(), source = bench.ns();
    bench.platform.memory.bytes(source)[5] = std::byte{0x77};
    bench.succeeds(kRmiDataCreate, realm.rd, data, 0x1000, source, kDataFlagMeasure);
    realm.add_data_unknown(0x2000);
    first = realm.add_rec();
    second = realm.add_rec(false);
    if (activate) realm.activate();
  }
};

}  // namespace

TEST_CASE("model: a realm's life from the first granule to the last") {
  Scene s;
  Bench& b = s.bench;
  const abi::Pa rd = s.realm.rd;
  s.enter(s.first);
  b.succeeds(kRmiRttReadEntry, rd, 0x1000, 3);
  s.realm.add_rtts(s.realm.unprotected);
  b.succeeds(kRmiRttMapUnprotected, rd, s.realm.unprotected, 3, 0xa000'00c0 | (6 << 2));
  b.succeeds(kRmiRttUnmapUnprotected, rd, s.realm.unprotected, 3);
  b.succeeds(kRmiDataDestroy, rd, 0x1000);
  b.succeeds(kRmiDataDestroy, rd, 0x2000);
  b.succeeds(kRmiRttDestroy, rd, 0, 3);
  b.succeeds(kRmiRttDestroy, rd, 0, 2);
  s.realm.add_rtts(0x4000'0000);
  b.succeeds(kRmiRttFold, rd, 0x4000'0000, 3);
  b.succeeds(kRmiRttFold, rd, 0x4000'0000, 2);
  b.succeeds(kRmiRecDestroy, s.first);
  b.succeeds(kRmiRecDestroy, s.second);
  b.succeeds(kRmiRttDestroy, rd, s.realm.unprotected, 3);
  b.succeeds(kRmiRttDestroy, rd, s.realm.unprotected, 2);
  b.succeeds(kRmiRealmDestroy, rd);
  b.succeeds(kRmiGranuleUndelegate, rd);
  s.expect_none();
  CHECK(s.check->transitions() > 40);
}

TEST_CASE("model: failures are judged by their condition, their code and their outputs") {
  Scene s;
  Bench& b = s.bench;
  const abi::Pa rd = s.realm.rd;
  b.call(kRmiGranuleDelegate, rd);
  b.call(kRmiGranuleDelegate, 0x123);
  b.call(kRmiDataCreateUnknown, rd, rd, 0x1000);
  b.call(kRmiDataCreateUnknown, rd, b.delegated(), 0x1000);
  b.call(kRmiDataDestroy, rd, 0x3000);
  b.call(kRmiDataDestroy, rd, 0x4000'0000);
  b.call(kRmiRttDestroy, rd, 0, 3);
  b.call(kRmiRttDestroy, rd, 0x4000'0000, 3);
  b.call(kRmiRecDestroy, rd);
  b.call(kRmiRealmDestroy, rd);
  b.call(kRmiRealmActivate, rd);
  b.call(kRmiRecEnter, s.second, b.ns());
  b.call(kRmiRecEnter, rd, b.ns());
  b.call(kRmiPsciComplete, s.first, s.second, 0);
  b.call(0xC400'01ff, 1, 2, 3);
  s.expect_none();
}

TEST_CASE("model: what a realm calls, and what its exits show") {
  Scene s;
  Bench& b = s.bench;
  s.smc(s.first, {kRsiVersion, 0x10000});
  s.smc(s.first, {kRsiFeatures, 0});
  s.smc(s.first, {kRsiRealmConfig, 0x1000});
  s.smc(s.first, {kRsiMeasurementExtend, 1, 32, 1, 2, 3, 4});
  s.smc(s.first, {kRsiMeasurementRead, 1});
  s.smc(s.first, {kRsiIpaStateGet, 0x1000, 0x4000});
  s.smc(s.first, {kRsiMeasurementExtend, 0, 32});
  s.smc(s.first, {kPsciFeatures, kPsciCpuOn});
  s.smc(s.first, {kPsciVersion});
  s.smc(s.first, {0x8600'0000});
  s.enter(s.first);
  SECTION("a host call") {
    s.smc(s.first, {kRsiHostCall, 0x1100});
    CHECK(s.enter(s.first).exit_reason == static_cast<std::uint8_t>(RecExitReason::kHostCall));
    RecEnter with;
    with.gprs[3] = 0x33;
    s.enter(s.first, with);
  }
  SECTION("a host call whose memory goes away") {
    s.smc(s.first, {kRsiHostCall, 0x1100});
    s.enter(s.first);
    b.succeeds(kRmiDataDestroy, s.realm.rd, 0x1000);
    CHECK(s.enter(s.first).exit_reason == static_cast<std::uint8_t>(RecExitReason::kSync));
  }
  SECTION("a call that needs memory") {
    b.succeeds(kRmiDataDestroy, s.realm.rd, 0x1000);
    s.smc(s.first, {kRsiRealmConfig, 0x1000});
    CHECK(s.enter(s.first).exit_reason == static_cast<std::uint8_t>(RecExitReason::kSync));
  }
  SECTION("a change of RIPAS") {
    s.smc(s.first, {kRsiIpaStateSet, 0x3000, 0x5000, 1, 0});
    s.enter(s.first);
    b.succeeds(kRmiRttSetRipas, s.realm.rd, s.first, 0x3000, 0x5000);
    s.enter(s.first);
  }
  SECTION("a CPU is turned on and turns itself off") {
    s.smc(s.first, {kPsciCpuOn, 1, 0x1000, 7});
    s.enter(s.first);
    b.succeeds(kRmiPsciComplete, s.first, s.second, 0);
    s.enter(s.first);
    s.smc(s.second, {kPsciCpuOff});
    s.enter(s.second);
    s.smc(s.first, {kPsciAffinityInfo, 1, 0});
    s.enter(s.first);
    b.succeeds(kRmiPsciComplete, s.first, s.second, 0);
    s.smc(s.first, {kPsciCpuSuspend, 0, 0, 0});
    s.enter(s.first);
    s.enter(s.first);
    s.smc(s.first, {kPsciSystemOff});
    s.enter(s.first);
    b.call(kRmiRecEnter, s.first, b.ns());
  }
  SECTION("an attestation token") {
    s.smc(s.first, {kRsiAttestationTokenInit, 1, 2, 3, 4, 5, 6, 7, 8});
    for (int i = 0; i < 12; ++i) s.smc(s.first, {kRsiAttestationTokenContinue, 0x1000, 0, 0x100});
    s.enter(s.first);
  }
  SECTION("an access that the host emulates") {
    constexpr std::uint64_t kIss =
        esr::kIsv | (2ULL << esr::kSasShift) | (5ULL << esr::kSrtShift) | esr::kFscTranslation | 3;
    s.realm.add_rtts(s.realm.unprotected);
    s.raise(s.first, {.esr = esr::make(esr::Ec::kDataAbortLower, kIss),
                      .far = 0x123,
                      .hpfar = esr::hpfar_from_ipa(s.realm.unprotected)});
    s.enter(s.first);
    RecEnter with;
    with.flags = kEnterEmulMmio;
    with.gprs[0] = 0x1234'5678'9abc;
    s.enter(s.first, with);
  }
  SECTION("waiting, aborts and interrupts") {
    s.raise(s.first, {.esr = esr::make(esr::Ec::kWfx, 0)});
    RecEnter with;
    with.flags = kEnterTrapWfi;
    s.enter(s.first, with);
    s.raise(s.first, {.esr = esr::make(esr::Ec::kDataAbortLower, esr::kFscTranslation | 2),
                      .far = 0,
                      .hpfar = esr::hpfar_from_ipa(0x4000'0000)});
    s.enter(s.first);
    b.platform.pe.irq = true;
    s.enter(s.first);
  }
  s.expect_none();
}

// Monitors that are wrong: a row whose handler does something before or after the right one.
namespace {

abi::SmcRegs answers_one_too_many(const rmm::call::Environment& environment, rmm::port::Pe& pe,
                                  const abi::SmcRegs& regs) {
  abi::SmcRegs out = rmm::v1_0::kDataCreateUnknown.run(environment, pe, regs);
  out.x[2] = 1;  // D1: no output
  return out;
}

abi::SmcRegs forgets_the_entry(const rmm::call::Environment& environment, rmm::port::Pe& pe, const abi::SmcRegs& regs) {
  abi::SmcRegs elsewhere = regs;
  elsewhere.x[3] += 0x1000;
  return rmm::v1_0::kDataCreateUnknown.run(environment, pe, elsewhere);
}

}  // namespace

TEST_CASE("model: a register that the command must not leave is found", "[wrong]") {
  Scene s(false);
  rmm::call::Row wrong = rmm::v1_0::kDataCreateUnknown;
  wrong.run = answers_one_too_many;
  s.replace(wrong);
  s.bench.call(kRmiDataCreateUnknown, s.realm.rd, s.bench.delegated(), 0x5000);
  check_found(s, {"RMI_DATA_CREATE_UNKNOWN rd=", "ipa=0x5000", "X2=0x1", "allowed: success: X0=0x0"});
}

TEST_CASE("model: a page mapped at another IPA is found, with both entries", "[wrong]") {
  Scene s(false);
  rmm::call::Row wrong = rmm::v1_0::kDataCreateUnknown;
  wrong.run = forgets_the_entry;
  s.replace(wrong);
  const abi::Pa data = s.bench.delegated();
  s.bench.call(kRmiDataCreateUnknown, s.realm.rd, data, 0x5000);
  check_found(s, {"ipa 0x5000 of realm", "model ASSIGNED EMPTY", "monitor UNASSIGNED EMPTY", "ipa 0x6000 of realm"});
  const std::vector<std::string>& script = s.check->difference()->script;
  REQUIRE_FALSE(script.empty());
  CHECK_THAT(script.back(), ContainsSubstring("RMI_DATA_CREATE_UNKNOWN"));
  CHECK_THAT(script.at(0), ContainsSubstring("machine dram=0x10000000 "));
  CHECK_THAT(script.at(1), ContainsSubstring("RMI_GRANULE_DELEGATE"));
}

TEST_CASE("model: a condition that is not tested is found", "[wrong]") {
  Scene s;
  s.bench.monitor.switches().turn_off(kRmiRecCreate, "realm_state");
  const abi::Pa rec = s.bench.delegated(), params = s.bench.ns();
  s.bench.put(params, s.realm.rec_params());
  s.bench.call(kRmiRecCreate, s.realm.rd, rec, params);
  check_found(s, {"RMI_REC_CREATE rd=", "model DELEGATED, monitor REC", "allowed: realm_state"});
}

TEST_CASE("model: what changes behind a command's back is found when everything is read back", "[wrong]") {
  Scene s;
  s.bench.realm(s.realm.rd).measurements[1][0] ^= 1;
  s.check->read_back();
  check_found(s, {"read back as a whole", "REM 1"});
}

TEST_CASE("model: a register that a REC at rest loses is found at its next entry", "[wrong]") {
  Scene s;
  s.smc(s.first, {kPsciCpuSuspend, 0, 0, 0});
  s.enter(s.first);
  s.expect_none();
  s.bench.cpu(s.first).set_x(20, 0x2020);
  s.enter(s.first);
  check_found(s, {"at entry X20", "monitor 0x2020"});
}

TEST_CASE("model: a PC that a REC at rest loses is found at its next entry", "[wrong]") {
  Scene s;
  s.enter(s.first);
  s.expect_none();
  s.bench.cpu(s.first).set_pc(s.bench.cpu(s.first).pc() + 4);
  s.enter(s.first);
  check_found(s, {"at entry PC: model 0x"});
}

TEST_CASE("model: a REC that must not run is found at its entry", "[wrong]") {
  Scene s;
  s.bench.monitor.switches().turn_off(kRmiRecEnter, "rec_runnable");
  const abi::Pa run = s.bench.ns();
  s.bench.put(run, RecEnter{});
  s.bench.call(kRmiRecEnter, s.second, run);
  check_found(s, {"RMI_REC_ENTER", "the REC was entered", "allowed: rec_runnable"});
}

TEST_CASE("model: a realm's call that exits though it fails is found at the exit", "[wrong]") {
  Scene s;
  s.bench.monitor.switches().turn_off(kRsiHostCall, "addr_align");
  s.smc(s.first, {kRsiHostCall, 0x1108});
  const abi::Pa run = s.bench.ns();
  s.bench.put(run, RecEnter{});
  s.bench.call(kRmiRecEnter, s.first, run);
  check_found(s, {"RSI_HOST_CALL", "the REC exits for the call", "allowed: addr_align"});
}

TEST_CASE("model: a difference of many entries is cut short and says how many are left out", "[wrong]") {
  Scene s(false);
  const abi::Pa table = s.realm.add_rtt(0x20'0000, 3);
  s.realm.init_ripas(0x20'0000, 0x20'1000);
  for (std::uint64_t entry = 100; entry < 200; ++entry)
    s.bench.platform.memory.write64(table + entry * 8, s.bench.platform.memory.read64(table));
  s.check->read_back();
  check_found(s, {"read back as a whole", "more"});
  CHECK(s.check->difference()->lines.size() == 41);
}

TEST_CASE("model: it stops at the first difference") {
  Scene s;
  unsigned times = 0;
  s.check->set_on_difference([&] { ++times; });
  s.bench.realm(s.realm.rd).measurements[1][0] ^= 1;
  s.check->read_back();
  s.check->read_back();
  const std::uint64_t transitions = s.check->transitions();
  s.bench.delegated();
  CHECK(times == 1);
  CHECK(s.check->transitions() == transitions);
}
