// SPDX-License-Identifier: GPL-2.0-or-later
// RSI commands that are answered at once (B5.3), and how an SMC of the realm is answered at all.
#include <catch2/catch_test_macros.hpp>

#include "rmm/core/measurement.h"
#include "rmm/run/realm_call.h"
#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

constexpr std::uint64_t kInput = 1;

// X0..X8 after one SMC with these registers, X0 and up.
std::vector<std::uint64_t> call(Bench& b, const std::vector<std::uint64_t>& args) {
  b.cpu().gprs.fill(0xaaaa);
  b.smc(args);
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  return {b.cpu().gprs.begin(), b.cpu().gprs.begin() + 9};
}

}  // namespace

TEST_CASE("an SMC outside the tables answers NOT_SUPPORTED and moves on") {
  for (const std::uint64_t fid : {0x8600'ff01ULL, 0xc400'0020ULL, 0xc400'01a0ULL, 0x8400'0050ULL, 0x8400'0006ULL}) {
    Bench b;
    const auto x = call(b, {fid, 1, 2, 3});
    CHECK(x[0] == abi::kSmcNotSupported);
    CHECK(x[4] == 0xaaaa);
    CHECK(b.cpu().pc() == 0x1004);
    CHECK(b.observer.events.at(0) == "unknown begin");
  }
}

TEST_CASE("D1: undefined results X1 to X3 are zero, X4 and above keep their value") {
  Bench b;
  const auto x = call(b, {v1_0::kRsiVersion, 0x10000, 2, 3});
  CHECK(x == std::vector<std::uint64_t>{0, 0x10000, 0x10000, 0, 0xaaaa, 0xaaaa, 0xaaaa, 0xaaaa, 0xaaaa});
}

TEST_CASE("RSI_VERSION: every other revision is refused, 1.0 is reported") {
  for (const std::uint64_t wanted : {0x0ULL, 0xffffULL, 0x10001ULL, 0x20000ULL}) {
    Bench b;
    const auto x = call(b, {v1_0::kRsiVersion, wanted});
    CHECK(x[0] == kInput);
    CHECK(x[1] == 0x10000);
    CHECK(x[2] == 0x10000);
  }
}

TEST_CASE("RSI_FEATURES: every register reads as zero") {
  for (const std::uint64_t index : {0ULL, 1ULL, ~0ULL}) {
    Bench b;
    const auto x = call(b, {v1_0::kRsiFeatures, index});
    CHECK(x[0] == 0);
    CHECK(x[1] == 0);
  }
}

TEST_CASE("RSI_MEASUREMENT_READ returns 64 bytes, zero padded") {
  Bench b;
  b.realm().measurements[2] = {};
  b.realm().measurements[2][0] = 0x11;
  b.realm().measurements[2][31] = 0x22;
  const auto x = call(b, {v1_0::kRsiMeasurementRead, 2});
  CHECK(x == std::vector<std::uint64_t>{0, 0x11, 0, 0, 0x22ULL << 56, 0, 0, 0, 0});
}

TEST_CASE("RSI_MEASUREMENT_READ index_bound") {
  Bench b;
  CHECK(call(b, {v1_0::kRsiMeasurementRead, 4})[0] == 0);
  CHECK(call(b, {v1_0::kRsiMeasurementRead, 5})[0] == kInput);
  CHECK(b.observer.events.at(b.observer.events.size() - 2) == "RSI_MEASUREMENT_READ RSI_ERROR_INPUT index_bound");
}

TEST_CASE("RSI_MEASUREMENT_EXTEND hashes the old value and the zero padded new one (D8)") {
  Bench b;
  b.realm().measurements[3][5] = 0x77;
  std::array<std::byte, 128> expected_input{};
  expected_input[5] = std::byte{0x77};
  expected_input[64] = std::byte{0x01};
  expected_input[72] = std::byte{0x02};
  const auto expected = rmm::core::hash(b.realm().hash_algo, expected_input);
  // Nine bytes: the rest of the second doubleword is not part of the value.
  CHECK(call(b, {v1_0::kRsiMeasurementExtend, 3, 9, 0x01, 0xffff'ff02, 3, 4, 5, 6, 7, 8})[0] == 0);
  CHECK(b.realm().measurements[3] == expected);
  CHECK(b.realm().measurements[2] == rmm::core::Measurement{});
  CHECK(b.sync.held == 0);
}

TEST_CASE("RSI_MEASUREMENT_EXTEND index_bound and size_bound") {
  Bench b;
  CHECK(call(b, {v1_0::kRsiMeasurementExtend, 0, 32})[0] == kInput);
  CHECK(call(b, {v1_0::kRsiMeasurementExtend, 5, 32})[0] == kInput);
  CHECK(call(b, {v1_0::kRsiMeasurementExtend, 1, 65})[0] == kInput);
  for (const auto& m : b.realm().measurements) CHECK(m == rmm::core::Measurement{});
  CHECK(call(b, {v1_0::kRsiMeasurementExtend, 4, 64})[0] == 0);
}

TEST_CASE("attestation commands are not supported where no service is") {
  Bench b;
  b.platform.attestation = nullptr;
  CHECK(call(b, {v1_0::kRsiAttestationTokenInit})[0] == abi::kSmcNotSupported);
  CHECK(call(b, {v1_0::kRsiAttestationTokenContinue, 1, 2, 3})[0] == abi::kSmcNotSupported);
}

TEST_CASE("RSI_REALM_CONFIG writes the whole granule") {
  Bench b;
  b.realm().hash_algo = v1_0::HashAlgorithm::kSha512;
  b.memory.write64(kData + 0xff8, ~0ULL);
  CHECK(call(b, {v1_0::kRsiRealmConfig, kAssigned.value})[0] == 0);
  CHECK(b.memory.read64(kData) == kIpaWidth);
  CHECK(b.memory.read64(kData + 8) == 1);
  CHECK(b.memory.read64(kData + 0x200) == 0x5a);
  CHECK(b.memory.read64(kData + 0xff8) == 0);
}

TEST_CASE("RSI_REALM_CONFIG addr_align, addr_bound and an EMPTY target") {
  Bench b;
  CHECK(call(b, {v1_0::kRsiRealmConfig, kAssigned.value + 8})[0] == kInput);
  CHECK(call(b, {v1_0::kRsiRealmConfig, kShared})[0] == kInput);
  CHECK(call(b, {v1_0::kRsiRealmConfig, kEmpty.value})[0] == kInput);
  CHECK(b.observer.events.at(b.observer.events.size() - 2) == "RSI_REALM_CONFIG RSI_ERROR_INPUT _addr_empty");
}

TEST_CASE("D10: a target without memory is a data abort exit, and the command runs again") {
  for (const abi::Ipa ipa : {kUnassigned, kDestroyed}) {
    Bench b;
    b.smc({v1_0::kRsiRealmConfig, ipa.value});
    CHECK(named_fields(b.enter()) == Names{"esr", "hpfar"});
    CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kSync));
    CHECK(b.exit.esr == ((0x24ULL << 26) | kTranslation3));
    CHECK(b.exit.hpfar == esr::hpfar_from_ipa(ipa.value));
    CHECK_FALSE(b.rec().last_exit.emulatable_abort);
    CHECK(b.cpu().pc() == 0x1000);
    CHECK(b.cpu().x(0) == v1_0::kRsiRealmConfig);
    b.set_entry(ipa, {.state = rmm::core::RttState::kAssigned, .ripas = v1_0::Ripas::kRam, .address = kData});
    b.smc({v1_0::kRsiRealmConfig, ipa.value});
    b.enter();
    CHECK(b.cpu().x(0) == 0);
    CHECK(b.cpu().pc() == 0x1004);
    CHECK(b.observer.events ==
          Names{"exit SYNC", "RSI_REALM_CONFIG begin", "RSI_REALM_CONFIG RSI_SUCCESS", "exit IRQ"});
  }
}

TEST_CASE("D10: the abort shows the level at which the walk ended") {
  Bench b;
  b.memory.write64(kRtt2 + 8, rmm::core::encode({.ripas = v1_0::Ripas::kRam}, 2));
  b.smc({v1_0::kRsiRealmConfig, 0x4020'0000});
  CHECK((b.enter().esr & esr::kFscMask) == (esr::kFscTranslation | 2));
}

TEST_CASE("RSI_IPA_STATE_GET reports the region with the RIPAS of its base") {
  struct Case {
    abi::Ipa base, top, out_top;
    std::uint64_t ripas;
  };
  const Case cases[] = {
      {kAssigned, kEmpty, kDestroyed, 1},                // two entries with RAM
      {kAssigned, kUnassigned, kUnassigned, 1},          // cut at top
      {kDestroyed, {0x4000'5000}, kEmpty, 2},            // one entry
      {kEmpty, {0x4100'0000}, {0x4020'0000}, 0},         // at most to the end of the table
      {{0x4020'0000}, {0x4030'0000}, {0x4030'0000}, 0},  // inside a block entry
      {{0x4020'0000}, {0x8000'0000}, {0x8000'0000}, 0},  // block entries to the end of the level 2 table
  };
  for (const Case& c : cases) {
    Bench b;
    const auto x = call(b, {v1_0::kRsiIpaStateGet, c.base.value, c.top.value});
    CHECK(x[0] == 0);
    CHECK(x[1] == c.out_top.value);
    CHECK(x[2] == c.ripas);
    CHECK(b.sync.held == 0);
  }
}

TEST_CASE("RSI_IPA_STATE_GET failure conditions") {
  Bench b;
  const auto status = [&b](std::uint64_t base, std::uint64_t top) {
    const auto x = call(b, {v1_0::kRsiIpaStateGet, base, top});
    CHECK((x[1] | x[2]) == 0);
    return x[0];
  };
  CHECK(status(0x4000'0001, 0x4000'2000) == kInput);
  CHECK(status(0x4000'0000, 0x4000'2001) == kInput);
  CHECK(status(0x4000'0000, 0x4000'0000) == kInput);
  CHECK(status(0x4000'1000, 0x4000'0000) == kInput);
  CHECK(status(0x4000'0000, kShared + 0x1000) == kInput);
  CHECK(status(kShared, kShared + 0x1000) == kInput);
}

TEST_CASE("every row of the realm's services is sound and has its own id") {
  std::map<std::uint32_t, std::string_view> seen;
  for (const rmm::run::Service& s : rmm::run::services()) {
    CHECK(rmm::call::is_sound(*s.row));
    CHECK_FALSE(s.row->name.empty());
    CHECK_FALSE(s.row->effect.empty());
    CHECK(seen.emplace(s.row->fid, s.row->name).second);
    if (s.row->fid32 != 0) CHECK(seen.emplace(s.row->fid32, s.row->name).second);
  }
  for (std::uint32_t fid = v1_0::kRsiVersion; fid <= v1_0::kRsiHostCall; ++fid) CHECK(seen.contains(fid));
}
