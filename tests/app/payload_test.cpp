// SPDX-License-Identifier: GPL-2.0-or-later
// Our own payloads at Non-secure EL2, on the FVP map and on a machine that lies elsewhere, watched by the checks. Each
// of them proves its claims from inside and says so in its last line (guest/payload/README.md).
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/app/machine_bench.h"

using namespace sim::app;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

namespace {

struct Map {
  const char *config, *suffix;  // of the binaries' names
  std::uint64_t load;
};
constexpr Map kFvp{"configs/fvp.json", "", 0x8800'0000};
constexpr Map kMoved{"tests/app/moved.json", "-moved", 0x10'0020'0000};

RunConfig payload_config(const std::string& program, const Map& map) {
  RunOptions options;
  options.config = map.config;
  options.images.push_back({std::string(CCASIM_GUEST_DIR) + "/payload/" + program + map.suffix + ".bin", map.load});
  auto payload = load_payload_config(options);
  if (!payload) FAIL(payload.error().message);
  RunConfig config;
  config.machine = payload->platform.machine;
  config.payload = std::move(*payload);
  return config;
}

struct Ran {
  RunReport report;
  std::string console, sha256;
};

Ran run(const RunConfig& config, bool model = false) {
  Surroundings surroundings;
  surroundings.check = true;
  surroundings.check_model = model;
  surroundings.limits.max_instructions = 100'000'000;  // a payload that hangs fails instead of running for ever
  const auto machine = bench::machine(config, std::move(surroundings));
  const auto result = machine->run();
  Ran ran{make_report(*machine, result, false), machine->state().consoles.front().output, machine->machine_sha256()};
  CHECK(ran.report.findings.empty());
  if (model) CHECK_FALSE(machine->model_check()->difference().has_value());
  return ran;
}

// On both maps, twice the same.
void passes(const std::string& program) {
  const Map map = GENERATE(kFvp, kMoved);
  CAPTURE(program, map.config);
  const RunConfig config = payload_config(program, map);
  const Ran first = run(config), second = run(config);
  CHECK(first.report.exit_code == ExitCode::kPoweredOff);
  CHECK_THAT(first.console, EndsWith(program + ": passed\r\n"));
  CHECK(first.console == second.console);
  CHECK(first.sha256 == second.sha256);
  CHECK(first.report.virtual_ns == second.report.virtual_ns);
}

}  // namespace

TEST_CASE("payload hello: the UART, then SYSTEM_OFF") {
  const Ran ran = run(payload_config("hello", kFvp));
  CHECK(ran.report.exit_code == ExitCode::kPoweredOff);
  CHECK(ran.console == "hello from EL2, MPIDR 0x81000000\r\n");
  CHECK(run(payload_config("hello", kMoved)).console == "hello from EL2, MPIDR 0x80000000\r\n");
}

TEST_CASE("payload wfi: a machine where nothing can wake a PE has ended") {
  const Ran ran = run(payload_config("wfi", kFvp));
  CHECK(ran.report.exit_code == ExitCode::kStuck);
  CHECK(ran.console == "waiting for ever\r\n");
}

TEST_CASE("payload exceptions: who takes what, with which syndrome, and ERET") { passes("exceptions"); }
TEST_CASE("payload mmu: each fault of an EL2 walk, TLBI, AT and cache maintenance") { passes("mmu"); }
TEST_CASE("payload gpf: delegated granules fault in reads, writes, fetches and walks") { passes("gpf"); }
TEST_CASE("payload bus: devices in every size, configuration space, external aborts") { passes("bus"); }
TEST_CASE("payload timer: CNTHP, CNTP and CNTV through the physical GIC") { passes("timer"); }
TEST_CASE("payload pmu: overflow of a counter of EL2 and of a realm") { passes("pmu"); }
TEST_CASE("payload smp: PSCI of EL3, spin table, exclusives, SGIs, a second life") { passes("smp"); }
TEST_CASE("payload watchdog: SP805 and SYSTEM_RESET reset the platform, NVM and DRAM survive") { passes("watchdog"); }
TEST_CASE("payload generic_watchdog: WS0, refresh and compare value") { passes("generic_watchdog"); }
TEST_CASE("payload realm: a realm by hand, each exit answered, every granule back") { passes("realm"); }

TEST_CASE("payload realm agrees with the abstract model") {
  const Ran ran = run(payload_config("realm", kFvp), true);
  CHECK(ran.report.exit_code == ExitCode::kPoweredOff);
  CHECK_THAT(ran.console, ContainsSubstring("realm: passed"));
}

TEST_CASE("a payload linked for another map says nothing, and the machine says what happened") {
  RunConfig config = payload_config("hello", kFvp);
  config.payload->images[0].path = std::string(CCASIM_GUEST_DIR) + "/payload/hello-moved.bin";
  Surroundings surroundings;
  surroundings.limits.max_instructions = 1'000'000;
  const auto machine = bench::machine(config, std::move(surroundings));
  const RunReport report = make_report(*machine, machine->run(), false);
  CHECK(report.exit_code == ExitCode::kLimit);
  CHECK(machine->state().consoles.front().output.empty());
}
