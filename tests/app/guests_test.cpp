// SPDX-License-Identifier: GPL-2.0-or-later
// Our own guests, as realms and as plain VMs, with one CPU and with several, watched by every check there is. Each of
// them proves its claims from inside and says so in its last line (guest/runtime/claims.h).
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/app/machine_bench.h"

using namespace sim::app;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

namespace {

struct Ran {
  bench::End end;
  std::string machine_sha256;
  host::vmm::VcpuExits exits;  // of the first VM
};

// Runs it to its end and checks what must hold for every guest.
Ran run(const RunConfig& config, Surroundings surroundings = {}) {
  surroundings.check = true;
  surroundings.limits.max_instructions = 200'000'000;  // a guest that hangs fails instead of running for ever
  const auto machine = bench::machine(config, std::move(surroundings));
  Ran ran{bench::run_to_end(*machine), machine->machine_sha256(), {}};
  REQUIRE(machine->vm_result(0).has_value());
  ran.exits = machine->vm_result(0)->exits;
  CHECK(ran.end.report.exit_code == ExitCode::kPoweredOff);
  if (config.vms[0].name != "hello")  // the only guest that claims nothing
    CHECK_THAT(ran.end.console, EndsWith(config.vms[0].name + ": passed\r\n"));
  CHECK(ran.end.report.findings.empty());
  CHECK(ran.end.report.granules_left == 0);
  CHECK(ran.end.report.pages_leaked == 0);
  return ran;
}

RunConfig with_seed(RunConfig config, std::uint64_t seed) {
  config.machine.seed = seed;
  return config;
}

// In every shape: realm and plain VM, one, two and eight CPUs; twice the same, and in an order of steps by chance.
void passes(const std::string& guest) {
  const bool realm = GENERATE(true, false);
  const unsigned vcpus = GENERATE(1U, 2U, 8U);
  CAPTURE(guest, realm, vcpus);
  const RunConfig config = bench::guest_config(guest, vcpus, realm);
  const Ran first = run(config), second = run(config);
  CHECK(first.machine_sha256 == second.machine_sha256);
  CHECK(first.end.console == second.end.console);
  CHECK(first.end.report.virtual_ns == second.end.report.virtual_ns);
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    CAPTURE(seed);
    run(with_seed(config, seed), {.random_schedule = true});
  }
}

}  // namespace

TEST_CASE("guest ripas: memory becomes EMPTY, DESTROYED and RAM again, and its content is gone") { passes("ripas"); }
TEST_CASE("guest early: RAM can be touched before any RIPAS is set") { passes("early"); }
TEST_CASE("guest shared: a realm and its host see the same granule, and no other") { passes("shared"); }
TEST_CASE("guest mmio: device accesses of every size and sign, refused ones abort") { passes("mmio"); }
TEST_CASE("guest timer: both timers fire at their time, masked or waited for") { passes("timer"); }
TEST_CASE("guest ipi: CPUs start, call each other and stop, twice") { passes("ipi"); }
TEST_CASE("guest gic: priorities, preemption, levels and both EOI modes") { passes("gic"); }
TEST_CASE("guest measure: the RIM is fixed and each REM grows by its own extensions") { passes("measure"); }
TEST_CASE("guest attest: tokens come whole, in hunks and again, on every CPU") { passes("attest"); }
TEST_CASE("guest hostcall: registers travel to the host and back through memory") { passes("hostcall"); }
TEST_CASE("guest off: the guest ends although its other CPUs are busy") { passes("off"); }
TEST_CASE("guest abort: accesses that cannot succeed are the right aborts") { passes("abort"); }

TEST_CASE("guests hold in the explicit life cycle, with either hash and a personalization value") {
  const std::string guest =
      GENERATE("ripas", "early", "shared", "mmio", "ipi", "measure", "attest", "hostcall", "off", "abort");
  const auto hash = GENERATE(host::vmm::HashAlgorithm::kSha256, host::vmm::HashAlgorithm::kSha512);
  const unsigned vcpus = GENERATE(1U, 4U);
  CAPTURE(guest, hash, vcpus);
  auto config = bench::guest_config(guest, vcpus);
  config.host.life_cycle = host::kvm::LifeCycle::kExplicit;
  config.vms[0].life_cycle = config.host.life_cycle;
  config.vms[0].hash_algorithm = hash;
  config.vms[0].personalization_value = "a realm of the tests";
  const Ran first = run(config), second = run(config);
  CHECK(first.machine_sha256 == second.machine_sha256);
}

TEST_CASE("the monitor learns hash algorithm and personalization value of the explicit life cycle") {
  auto config = bench::guest_config("hello");
  config.host.life_cycle = host::kvm::LifeCycle::kExplicit;
  config.vms[0].life_cycle = config.host.life_cycle;
  config.vms[0].hash_algorithm = host::vmm::HashAlgorithm::kSha512;
  config.vms[0].personalization_value = "mine";
  Machine* machine = nullptr;
  unsigned looks = 0;
  const auto created = bench::machine(
      config, {.before_teardown = [&](unsigned) {
        const auto* realm = machine->find_realm("hello");
        REQUIRE(realm != nullptr);
        CHECK(realm->hash_algo == abi::v1_0::HashAlgorithm::kSha512);
        CHECK(std::equal(realm->rpv.begin(), realm->rpv.begin() + 5, "mine"));
        // The shared copies of the images are gone.
        CHECK(machine->state().kvm.pages.in_use[static_cast<std::size_t>(host::kvm::PageUse::kUserMemory)] == 0);
        ++looks;
      }});
  machine = created.get();
  CHECK(bench::run_to_end(*machine).report.exit_code == ExitCode::kPoweredOff);
  CHECK(looks == 1);
}

TEST_CASE("guest early: memory that the host left EMPTY aborts until the realm asks for it") {
  constexpr std::uint64_t kMapped = 2 * host::vmm::kMiB;  // code, data, stacks: what a guest needs from the start
  const unsigned vcpus = GENERATE(1U, 4U);
  const bool init_ripas = GENERATE(true, false);
  CAPTURE(vcpus, init_ripas);
  auto config = bench::guest_config("early", vcpus);
  config.host.init_ripas_at_activation = init_ripas;
  const auto size = std::filesystem::file_size(config.vms[0].binaries[0].path);
  const auto end = abi::align_up(size, abi::kGranuleSize);
  config.vms[0].binaries.push_back(
      {.path = {}, .bytes = std::vector<std::byte>(kMapped - end), .ipa = {0x80000000 + end}, .measured = false});
  const Ran ran = run(config);
  CHECK_THAT(ran.end.console, ContainsSubstring(init_ripas ? "untouched memory is RAM" : "is EMPTY and aborts"));
}

TEST_CASE("trapped registers travel in gprs[Rt] when host and monitor agree, and only then") {
  auto config = bench::guest_config(GENERATE("ipi", "gic"), 4);
  config.host.sysreg_gprs = host::kvm::SysregGprs::kRt;
  run(config);
  // A host that looks elsewhere than the monitor loses the value: the wrong CPUs are called, or none.
  const auto machine = bench::machine(config, {.limits = {.max_instructions = 20'000'000}});
  machine->state().kvm.behaviour.sysreg_gprs = host::kvm::SysregGprs::kFirst;
  const auto end = bench::run_to_end(*machine);
  CHECK_FALSE((end.report.exit_code == ExitCode::kPoweredOff && end.console.ends_with(": passed\r\n")));
}

TEST_CASE("guests hold with every other behaviour of the host") {
  const auto fields = host::kvm::behaviour_fields();
  const auto field = GENERATE_REF(range(std::size_t{0}, fields.size()));
  const std::string guest = GENERATE("smp", "timer", "off");
  for (unsigned value = 0; value < fields[field].values.size(); ++value) {
    CAPTURE(fields[field].name, value, guest);
    auto config = bench::guest_config(guest, 2);
    fields[field].set(config.host, value);
    config.vms[0].life_cycle = config.host.life_cycle;
    if (!config.host.init_ripas_at_activation) continue;  // their memory is not all populated
    const auto machine = bench::machine(config, {.check = true, .limits = {.max_instructions = 200'000'000}});
    const auto end = bench::run_to_end(*machine);
    CHECK(end.report.exit_code == ExitCode::kPoweredOff);
    CHECK(end.report.findings.empty());
  }
}

// Who answers PSCI is a choice of the configuration alone (KVM_ARM_VM_SMCCC_FILTER).
TEST_CASE("with PSCI in user space guests end as with PSCI in the kernel, each call a KVM_EXIT_HYPERCALL") {
  const std::string guest = GENERATE("hello", "ipi", "off");
  const bool realm = GENERATE(true, false);
  const unsigned vcpus = guest == "hello" ? 1 : guest == "off" ? 6 : 8;
  CAPTURE(guest, realm);
  RunConfig config = bench::guest_config(guest, vcpus, realm);
  const Ran kernel = run(config);
  CHECK(kernel.exits.hypercall == 0);
  CHECK(kernel.exits.system_event == 1);
  config.vms[0].smccc = host::vmm::SmcccIn::kUser;
  const Ran user = run(config), again = run(config);
  CHECK(user.exits.hypercall >= vcpus);  // a CPU_ON for each other CPU, and SYSTEM_OFF
  CHECK(user.exits.system_event == 0);
  CHECK(user.end.console == kernel.end.console);
  CHECK(user.machine_sha256 == again.machine_sha256);
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U, 6U}) {
    CAPTURE(seed);
    run(with_seed(config, seed), {.random_schedule = true});
  }
}

TEST_CASE("with host calls in user space the VMM tells a realm who it is") {
  constexpr auto kUuid = "0x2e7b1c5f 0x6b4ad493 0xa5c3018e 0x709bf4d2";
  RunConfig config = bench::guest_config("hostcall", 2);
  const Ran kernel = run(config);
  CHECK_THAT(kernel.end.console, ContainsSubstring("the host doesn't say who it is"));
  config.vms[0].smccc = host::vmm::SmcccIn::kUser;
  const Ran user = run(config);
  CHECK_THAT(user.end.console, ContainsSubstring("the host says who it is") && ContainsSubstring(kUuid));
  CHECK(kernel.exits.hypercall == 0);
  CHECK(user.exits.hypercall >= 6);  // three host calls of each CPU
}

TEST_CASE("interrupts arrive by priority however few list registers there are") {
  auto config = bench::guest_config("gic", GENERATE(1U, 4U));
  config.machine.limits.num_lrs = GENERATE(as<std::uint8_t>{}, 1, 2, 4);
  run(config);
}

TEST_CASE("guests hold on the other CPU model too") {
  auto config = bench::guest_config(GENERATE("timer", "gic", "abort", "mmio"), 2, GENERATE(true, false));
  config.machine.cpu = "max";
  run(config);
}

TEST_CASE("what a realm writes to shared memory is in the host's memory, what it protects is not") {
  constexpr std::uint64_t kSharedOffset = 16 * host::vmm::kMiB + 0x1000;  // granule 1 of CPU 0 (guest/shared)
  constexpr std::uint64_t kPublic = 0xda7a'0000'0000'0000;
  Machine* machine = nullptr;
  std::uint64_t shared = 0, neighbour = 0;
  Surroundings surroundings;
  const auto peek = [&](std::uint64_t offset) {
    std::uint64_t word = 0;
    machine->kvm().user_read({machine->vmm_state(0).ram_hva + offset}, std::as_writable_bytes(std::span(&word, 1)));
    return word;
  };
  surroundings.before_teardown = [&](unsigned) {
    shared = peek(kSharedOffset + 8);
    neighbour = peek(kSharedOffset + 0x1008);
  };
  const auto created = bench::machine(bench::guest_config("shared"), std::move(surroundings));
  machine = created.get();
  CHECK(bench::run_to_end(*machine).report.exit_code == ExitCode::kPoweredOff);
  CHECK(shared == kPublic + 1);
  CHECK(neighbour == 0);
}

namespace {

// Stops the machine after `instructions` where it can be copied. False: it ended before.
bool stop_at(Machine& machine, std::uint64_t instructions) {
  machine.scheduler().set_limits({.max_instructions = instructions});
  const bool stopped = machine.run() == sim::RunResult::kInstructionLimit;
  machine.scheduler().set_limits({});
  return stopped && machine.quiesce() == sim::RunResult::kQuiescent;
}

// Copies the machine and runs it to its end, from here and from the copy.
void check_copy(Machine& machine) {
  const MachineSnapshot snapshot = machine.snapshot();
  const auto first = bench::run_to_end(machine);
  const std::string hash = machine.machine_sha256();
  CHECK(first.report.exit_code == ExitCode::kPoweredOff);
  machine.restore(snapshot);
  const auto second = bench::run_to_end(machine);
  CHECK(second.console == first.console);
  CHECK(machine.machine_sha256() == hash);
  machine.restore(snapshot);
}

}  // namespace

TEST_CASE("a guest that is copied anywhere in its life and restored ends as it did") {
  const std::string guest = GENERATE("ripas", "shared", "timer", "ipi", "gic", "hostcall", "off", "abort");
  const bool realm = GENERATE(true, false);
  RunConfig config = bench::guest_config(guest, 4, realm);
  if (guest == "ipi") config.vms[0].smccc = GENERATE(host::vmm::SmcccIn::kKernel, host::vmm::SmcccIn::kUser);
  CAPTURE(guest, realm, config.vms[0].smccc == host::vmm::SmcccIn::kUser);
  const auto machine = bench::machine(config);
  // Clearing memory takes the first 60,000 instructions of a guest; the rest is its own.
  for (std::uint64_t at = 60'000; at < 75'000 && stop_at(*machine, at); at += 1'000) {
    CAPTURE(at);
    check_copy(*machine);
  }
}

TEST_CASE("a machine copied when its last vCPU thread has ended doesn't build its VM again") {
  const bool realm = GENERATE(true, false);
  const auto config = bench::guest_config("hello", 1, realm);
  const auto whole = bench::machine(config);
  const std::uint64_t end = bench::run_to_end(*whole).report.instructions;
  unsigned ended = 0;
  for (std::uint64_t at = end - 20; at <= end; ++at) {
    const auto machine = bench::machine(config);
    CAPTURE(realm, at);
    if (!stop_at(*machine, at)) continue;
    if (!machine->vmm_state(0).vcpus.at(0).thread_running) ++ended;
    check_copy(*machine);
  }
  CHECK(ended > 0);
}
