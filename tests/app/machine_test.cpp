// SPDX-License-Identifier: GPL-2.0-or-later
// Whole machines: what every run must hold, whatever the guest.
#include <unistd.h>

#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/app/machine_bench.h"

using namespace sim::app;
using bench::guest_config;
using Catch::Matchers::ContainsSubstring;

namespace {

// Runs on for `instructions` and stops where the machine can be copied.
void advance(Machine& machine, std::uint64_t instructions) {
  machine.scheduler().set_limits({.max_instructions = machine.state().scheduler.retired + instructions});
  REQUIRE(machine.run() == sim::RunResult::kInstructionLimit);
  machine.scheduler().set_limits({});
  REQUIRE(machine.quiesce() == sim::RunResult::kQuiescent);
}

}  // namespace

TEST_CASE("hello prints from inside a realm and powers off with nothing left delegated") {
  const auto machine = bench::machine(guest_config("hello"), {.check = true});
  const auto end = bench::run_to_end(*machine);
  CHECK(end.report.exit_code == ExitCode::kPoweredOff);
  CHECK_THAT(end.console, ContainsSubstring("Hello from a realm"));
  CHECK(end.report.granules_left == 0);
  CHECK(end.report.pages_leaked == 0);
  CHECK(end.report.findings.empty());
  CHECK(end.report.checks.at("I5") > 100);
  CHECK(machine->sweep().value_or(0) == machine->dram().granule_count());
}

TEST_CASE("two runs of the same configuration are the same run") {
  const unsigned vcpus = GENERATE(1U, 4U);
  const auto first = bench::machine(guest_config("smp", vcpus));
  const auto second = bench::machine(guest_config("smp", vcpus));
  const auto a = bench::run_to_end(*first), b = bench::run_to_end(*second);
  CHECK(a.report.instructions == b.report.instructions);
  CHECK(a.report.virtual_ns == b.report.virtual_ns);
  CHECK(a.console == b.console);
  CHECK(a.report.memory_sha256 == b.report.memory_sha256);
  CHECK(first->machine_sha256() == second->machine_sha256());
}

TEST_CASE("trace and checks change nothing in the simulated world") {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("ccasim-machine-test-" + std::to_string(::getpid()))).string();
  const auto plain = bench::machine(guest_config("smp", 4));
  const auto watched = bench::machine(guest_config("smp", 4), {.trace_path = path, .check = true});
  const auto a = bench::run_to_end(*plain), b = bench::run_to_end(*watched);
  CHECK(a.report.instructions == b.report.instructions);
  CHECK(a.console == b.console);
  CHECK(plain->machine_sha256() == watched->machine_sha256());
  CHECK(watched->flush_trace());
  CHECK(std::filesystem::file_size(path) > 10'000);
  std::filesystem::remove(path);
}

TEST_CASE("a machine that is copied, run, restored and run again ends in the same state") {
  const unsigned vcpus = GENERATE(1U, 4U);
  const bool realm = GENERATE(true, false);
  const auto machine = bench::machine(guest_config("smp", vcpus, realm));
  advance(*machine, 30'000);
  const MachineSnapshot snapshot = machine->snapshot();
  const std::string at_snapshot = machine->machine_sha256();

  const auto first = bench::run_to_end(*machine);
  const std::string first_hash = machine->machine_sha256();
  REQUIRE(first.report.exit_code == ExitCode::kPoweredOff);
  CHECK(first_hash != at_snapshot);

  machine->restore(snapshot);
  CHECK(machine->machine_sha256() == at_snapshot);
  const auto second = bench::run_to_end(*machine);
  CHECK(second.report.exit_code == ExitCode::kPoweredOff);
  CHECK(second.console == first.console);
  CHECK(second.report.instructions == first.report.instructions);
  CHECK(machine->machine_sha256() == first_hash);
}

TEST_CASE("a restore in the middle of a run goes the same way again") {
  const auto machine = bench::machine(guest_config("smp", 2));
  advance(*machine, 20'000);
  const MachineSnapshot snapshot = machine->snapshot();
  advance(*machine, 40'000);
  const std::string later = machine->machine_sha256();
  machine->restore(snapshot);
  advance(*machine, 40'000);
  CHECK(machine->machine_sha256() == later);
}

TEST_CASE("the exits are real: host, monitor and devices count the same") {
  const bool realm = GENERATE(true, false);
  const auto machine = bench::machine(guest_config("hello", 1, realm));
  const auto end = bench::run_to_end(*machine);
  const auto& statistics = machine->statistics();
  std::uint64_t host = 0, monitor = 0;
  for (const auto& [reason, n] : statistics.host_exits()) host += n;
  for (const auto& [reason, n] : statistics.monitor_exits()) monitor += n;
  CHECK(monitor == statistics.monitor_rec_enters());
  if (realm) {
    CHECK(host == monitor);
    CHECK(statistics.host_exits() == statistics.monitor_exits());
  } else {
    CHECK(monitor == 0);
    CHECK(host > 0);
  }
  CHECK(statistics.kvm_exits().at("KVM_EXIT_MMIO") == statistics.devices().at("PL011"));
  CHECK(end.report.exit_code == ExitCode::kPoweredOff);
}

TEST_CASE("two realms and a plain VM share one machine and all end well") {
  auto config = guest_config("hello");
  for (auto&& other : {guest_config("smp", 2), guest_config("hello", 1, false)}) config.vms.push_back(other.vms[0]);
  config.vms[2].name = "plain";
  config.machine.memory = automatic_memory(config.vms);
  const bool random = GENERATE(false, true);
  const auto machine = bench::machine(config, {.check = true, .random_schedule = random});
  const auto end = bench::run_to_end(*machine);
  CHECK(end.report.exit_code == ExitCode::kPoweredOff);
  CHECK(end.report.findings.empty());
  CHECK(end.report.granules_left == 0);
  CHECK_THAT(machine->console(0).output(), ContainsSubstring("Hello from a realm"));
  CHECK_THAT(machine->console(1).output(), ContainsSubstring("2 cpus were up"));
}

TEST_CASE("random schedules differ by seed and repeat by seed") {
  const auto hash = [](std::uint64_t seed) {
    auto config = guest_config("smp", 4);
    config.machine.seed = seed;
    const auto machine = bench::machine(config, {.check = true, .random_schedule = true});
    const auto end = bench::run_to_end(*machine);
    CHECK(end.report.exit_code == ExitCode::kPoweredOff);
    CHECK(end.report.findings.empty());
    return end.report.virtual_ns;
  };
  const auto first = hash(1);
  CHECK(hash(1) == first);
  CHECK((hash(2) != first || hash(3) != first));
}

TEST_CASE("a machine too small for its VM says so instead of crashing") {
  auto config = guest_config("touch");
  config.vms[0].memory = 256 * host::vmm::kMiB;
  config.machine.memory = 64 * host::vmm::kMiB;  // less than what the guest will touch
  const auto machine = bench::machine(config);
  const auto end = bench::run_to_end(*machine);
  CHECK(end.report.exit_code == ExitCode::kCrashed);
  CHECK_FALSE(end.report.vms.at(0).reason.empty());
}

TEST_CASE("an instruction limit stops a run and the run can go on") {
  const auto machine = bench::machine(guest_config("smp", 2), {.limits = {.max_instructions = 10'000}});
  CHECK(machine->run() == sim::RunResult::kInstructionLimit);
  CHECK(machine->state().scheduler.retired >= 10'000);
  machine->scheduler().set_limits({});
  CHECK(machine->run() == sim::RunResult::kAllEnded);
}
