// SPDX-License-Identifier: GPL-2.0-or-later
// I16: measurements are what the log of commands gives; broken on purpose.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "rmm/check/measurement_log.h"
#include "rmm/core/measurement.h"
#include "tests/rmm/invariants_watched_bench.h"

using namespace watched;
using namespace rmi;
namespace call = rmm::call;
namespace core = rmm::core;

namespace {

constexpr call::Parameter kDataIn[] = {{"rd", 1}, {"data", 2}, {"ipa", 3}, {"src", 4}, {"flags", 5}};
constexpr call::Command kData{
    .interface = rmm::port::Interface::kRmi, .name = "RMI_DATA_CREATE", .fid = kRmiDataCreate, .in = kDataIn};

// DATA_CREATE with its own opinion of what is measured.
template <auto kMeasure>
call::Outcome create_data(call::Call<kData>& c) {
  const abi::Pa rd{c.in<"rd">()}, data{c.in<"data">()};
  std::array<std::byte, abi::kGranuleSize> content{};
  if (!call::read_host(c, {c.in<"src">()}, content)) return c.done_as(1);
  const core::GranuleLocks locks(
      c.core(),
      {{GranulePa::containing(rd), GranuleState::kRd}, {GranulePa::containing(data), GranuleState::kDelegated}},
      "data_create");
  const core::LockedRealm realm(c.core(), locks.as<GranuleState::kRd>(0));
  const auto walk = core::walk(c.core(), *realm, {c.in<"ipa">()}, core::kPageLevel);
  c.platform.memory.write(data, content);
  core::map_data(c.core(), realm, walk, locks.as<GranuleState::kDelegated>(1), Ripas::kRam);
  kMeasure(*realm, abi::Ipa{c.in<"ipa">()}, c.in<"flags">(), std::span<const std::byte>(content));
  return c.done();
}

constexpr call::Row kForgetsToMeasure =
    call::make_row<kData, create_data<[](core::Realm&, abi::Ipa, std::uint64_t, std::span<const std::byte>) {}>>();
constexpr call::Row kMeasuresOtherContent = call::make_row<
    kData, create_data<[](core::Realm& realm, abi::Ipa ipa, std::uint64_t flags, std::span<const std::byte> content) {
      core::extend_rim_data(realm, ipa, flags, content.first(content.size() / 2));
    }>>();

void populate(Watched& m, TestRealm& realm, std::uint64_t ipa, std::uint64_t flags) {
  const abi::Pa source = m.bench.ns(), data = m.bench.delegated();
  std::memset(m.bench.platform.memory.bytes(source), 0x42, 100);
  m.bench.succeeds(kRmiDataCreate, realm.rd, data, ipa, source, flags);
}

}  // namespace

TEST_CASE("I16: a page that is not measured is found", "[broken]") {
  check_caught(
      "I16",
      [](Watched& m) {
        TestRealm realm(m.bench);
        realm.add_rtts(0);
        m.replace(kForgetsToMeasure);
        populate(m, realm, 0, kDataFlagMeasure);
      },
      {"after RMI_DATA_CREATE the RIM of the realm with RD 0x80000000 is not what the command's arguments give"});
}

TEST_CASE("I16: a page whose content is measured wrongly is found", "[broken]") {
  check_caught("I16",
               [](Watched& m) {
                 TestRealm realm(m.bench);
                 realm.add_rtts(0);
                 m.replace(kMeasuresOtherContent);
                 populate(m, realm, 0, kDataFlagMeasure);
               },
               {"is not what the command's arguments give"});
}

TEST_CASE("I16: a RIM, an RPV or a REM that changes behind the monitor's back is found", "[broken]") {
  const auto what = GENERATE(0, 1, 2);
  check_caught("I16",
               [what](Watched& m) {
                 TestRealm realm(m.bench);
                 core::Realm& record = m.bench.realm(realm.rd);
                 if (m.is_broken) {
                   if (what == 0) record.measurements[0][3] ^= 1;
                   if (what == 1) record.rpv[0] ^= 1;
                   if (what == 2) record.measurements[4][63] ^= 1;
                 }
                 realm.activate();
               },
               {"of the realm with RD 0x80000000 changed while nobody held its lock", what == 0   ? "the RIM"
                                                                                      : what == 1 ? "a fixed attribute"
                                                                                                  : "a REM"});
}

TEST_CASE("I16: the second computation agrees with everything that is measured, in both algorithms") {
  Watched m(false);
  TestRealm realm(m.bench, {.hash = static_cast<std::uint8_t>(GENERATE(0, 1))});
  realm.add_rtts(0);
  realm.init_ripas(0, 3 * kPage);
  realm.init_ripas(kPage, 4 * kPage);  // RAM is measured again (D5)
  realm.init_ripas(kBlock2, 3 * kBlock2);
  populate(m, realm, 0, kDataFlagMeasure);
  populate(m, realm, kPage, 0);
  populate(m, realm, 2 * kPage, kDataFlagMeasure | 0xff00);  // SBZ flags are measured as given (D3)
  const abi::Pa rec = realm.add_rec();
  realm.add_rec(false);
  realm.activate();
  for (std::uint64_t index = 1; index <= 4; ++index)
    m.smc(rec, {kRsiMeasurementExtend, index, 8 * index + index, 1, 2, 3, 4, 5, 6, 7, 8});
  m.smc(rec, {kRsiMeasurementExtend, 1, 64, 1, 2, 3, 4, 5, 6, 7, 8});
  m.smc(rec, {kRsiMeasurementExtend, 0, 8, 1});   // refused: the RIM
  m.smc(rec, {kRsiMeasurementExtend, 1, 65, 1});  // refused: too long
  m.enter(rec);
  m.sweep();
  CHECK(m.bench.realm(realm.rd).measurements[4] != core::Measurement{});
  for (const std::string& finding : m.findings.found()) FAIL_CHECK(finding);
  CHECK(m.findings.evaluations().at("I16") > 30);
}

TEST_CASE("I16: a REM that is not extended as asked, or by another call, is found", "[broken]") {
  rmm::check::RunProgress run;
  run.rec = {0x8000'1000};
  run.realm_seen.emplace();
  const std::vector<rmm::port::ArgumentValue> args = {{"index", 2}, {"size", 8}, {"value_0", 77}};
  run.args.assign(args);
  run.measurement = {.seen = true, .rd = {0x8000'0000}};
  core::Realm realm;
  const std::uint64_t value = 77;
  core::extend_rem(realm, 2, std::as_bytes(std::span(&value, 1)));
  run.measurement.after = realm.measurements;
  const auto judge = [&](std::string_view name) {
    rmm::check::Findings findings;
    rmm::check::expect_extended(findings, run, name, true);
    return findings;
  };
  CHECK(judge("RSI_MEASUREMENT_EXTEND").found().empty());
  check_found(judge("RSI_VERSION"), "I16", {"RSI_VERSION of REC 0x80001000", "RD 0x80000000"});
  run.measurement.after[3][0] = 1;
  check_found(judge("RSI_MEASUREMENT_EXTEND"), "I16", {"RSI_MEASUREMENT_EXTEND of REC 0x80001000"});
}
