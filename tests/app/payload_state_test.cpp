// SPDX-License-Identifier: GPL-2.0-or-later
// Machines that run a payload: how runs end, that they repeat, and that they can be copied.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/app/machine_bench.h"

using namespace sim::app;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::uint64_t kLoad = 0x8800'0000;

RunConfig configured(const std::string& image, std::optional<std::uint64_t> entry = {}) {
  RunOptions options;
  options.config = "configs/fvp.json";
  options.images.push_back({image, kLoad});
  options.entry = entry;
  auto payload = load_payload_config(options);
  if (!payload) FAIL(payload.error().message);
  RunConfig config;
  config.machine = payload->platform.machine;
  config.payload = std::move(*payload);
  return config;
}

RunConfig payload(const std::string& name) {
  return configured(std::string(CCASIM_GUEST_DIR) + "/payload/" + name + ".bin");
}

// A few instructions as a file, for ends that no program of ours has.
class Code {
 public:
  explicit Code(const std::vector<std::uint32_t>& words)
      : path_((std::filesystem::temp_directory_path() /
               ("ccasim-payload-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".bin"))
                  .string()) {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(words.data()), static_cast<std::streamsize>(4 * words.size()));
  }
  ~Code() { std::remove(path_.c_str()); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr std::uint32_t kWfi = 0xd503'207f, kSmc = 0xd400'0003, kLoop = 0x1400'0000;
// w0 := 0x84000000 | function
std::vector<std::uint32_t> psci_call(std::uint32_t function) {
  return {0x5280'0000 | function << 5, 0x72b0'8000, kSmc, kLoop};
}

std::string console(Machine& machine) { return machine.state().consoles.front().output; }

RunReport run(Machine& machine) { return make_report(machine, machine.run(), false); }

void advance(Machine& machine, std::uint64_t instructions) {
  machine.scheduler().set_limits({.max_instructions = machine.state().scheduler.retired + instructions});
  CHECK(machine.run() == sim::RunResult::kInstructionLimit);
  machine.scheduler().set_limits({});
  CHECK(machine.quiesce() == sim::RunResult::kQuiescent);
}

}  // namespace

TEST_CASE("a payload that calls SYSTEM_OFF ends well") {
  const auto machine = bench::machine(payload("hello"));
  const RunReport report = run(*machine);
  CHECK(report.exit_code == ExitCode::kPoweredOff);
  CHECK(report.outcome == "the payload switched the system off");
  CHECK_THAT(console(*machine), ContainsSubstring("hello from EL2"));
  REQUIRE(report.pes.size() == 8);
  CHECK(report.pes[1].affinity == 0x100);
  CHECK(report.pes[1].power == "off");
  CHECK_THAT(summary_text(report, machine->statistics()), ContainsSubstring("PEs: 0x0 on, 0x100 off"));
}

TEST_CASE("a PE is not lost if a watchdog can reset it, another PE can help, or code is at its vector") {
  constexpr std::uint32_t kSp805 = 0x1c0f'0000, kUndefined = 0;
  const Code watched({0xd2a0'0001 | (kSp805 >> 16) << 5,  // movz x1, #0x1c0f, lsl #16
                      0x5280'0002 | 100 << 5,             // movz w2, #100
                      0xb900'0022,                        // str w2, [x1]      WdogLoad
                      0x5280'0063,                        // movz w3, #3
                      0xb900'0823,                        // str w3, [x1, #8]  WdogControl: INTEN, RESEN
                      kUndefined});
  const auto machine = bench::machine(configured(watched.path()), {.limits = {.max_instructions = 1'000}});
  const RunReport reset = run(*machine);
  CHECK(reset.exit_code == ExitCode::kLimit);
  CHECK(reset.resets > 10);

  // HVC right before the vector of its exception, where code is: VBAR_EL2 := kLoad + 0x800, then to kLoad + 0x9fc.
  std::vector<std::uint32_t> words(0xa04 / 4);
  words[0] = 0xd2b1'0001;                      // movz x1, #0x8800, lsl #16
  words[1] = 0x9120'0021;                      // add x1, x1, #0x800
  words[2] = 0xd51c'c001;                      // msr vbar_el2, x1
  words[3] = 0x1400'0000 | (0x9fc - 0xc) / 4;  // b kLoad + 0x9fc
  words[0x9fc / 4] = 0xd400'0002;              // hvc #0
  words[0xa00 / 4] = kLoop;
  const Code falls(words);
  const auto served = bench::machine(configured(falls.path()), {.limits = {.max_instructions = 1'000}});
  CHECK(run(*served).exit_code == ExitCode::kLimit);

  // PE 0 switches PE 1 on, which starts at a WFI; PE 0 has no vector.
  const Code helped({0x5280'0060, 0x72b8'8000,  // w0 := 0xc4000003, CPU_ON
                     0x5280'2001,               // movz w1, #0x100
                     0xd2b1'0002, 0x9100'8042,  // x2 := kLoad + 0x20
                     kSmc, kUndefined, kUndefined, kWfi, kLoop});
  const auto two = bench::machine(configured(helped.path()), {.limits = {.max_instructions = 100'000}});
  const RunReport both = run(*two);
  CHECK(both.pes[1].power == "on");
  CHECK(both.exit_code == ExitCode::kLimit);
}

TEST_CASE(
    "a payload that waits for ever, has no vector, or has switched every PE off is stuck, each in its own words") {
  const Code wait({kWfi, kLoop});
  auto machine = bench::machine(configured(wait.path()));
  const RunReport waits = run(*machine);
  CHECK(waits.exit_code == ExitCode::kStuck);
  CHECK_THAT(waits.outcome, ContainsSubstring("waits for an interrupt, and none can come"));
  CHECK_THAT(describe_pes(*machine), ContainsSubstring("wfi"));

  const Code undefined({0});
  machine = bench::machine(configured(undefined.path()));
  const RunReport lost = run(*machine);
  CHECK(lost.exit_code == ExitCode::kStuck);
  CHECK_THAT(lost.outcome, ContainsSubstring("PE 0x0 takes an exception at its own vector 0x200 again and again"));
  CHECK_THAT(lost.outcome, ContainsSubstring("FAR_EL2 0x200"));
  CHECK_THAT(describe_pes(*machine), ContainsSubstring("PC 0x200"));

  const Code off(psci_call(2));
  machine = bench::machine(configured(off.path()));
  const RunReport all_off = run(*machine);
  CHECK(all_off.exit_code == ExitCode::kStuck);
  CHECK_THAT(all_off.outcome, ContainsSubstring("every PE is switched off"));
}

TEST_CASE("a payload that loops ends at its limit") {
  const Code loop({kLoop});
  const auto machine = bench::machine(configured(loop.path()), {.limits = {.max_instructions = 10'000}});
  CHECK(run(*machine).exit_code == ExitCode::kLimit);
}

TEST_CASE("PSCI SYSTEM_RESET starts the payload again, and a reset is counted") {
  const Code reset(psci_call(9));
  const auto machine = bench::machine(configured(reset.path()), {.limits = {.max_instructions = 1'000}});
  const RunReport report = run(*machine);
  CHECK(report.exit_code == ExitCode::kLimit);
  CHECK(report.resets > 100);
}

TEST_CASE("images and entry points that are nowhere are refused with the address") {
  const auto refused = [](const RunConfig& config) {
    const auto machine = Machine::create(config, {});
    return machine ? "accepted" : machine.error().message;
  };
  CHECK_THAT(refused(configured("no/such/file.bin")), ContainsSubstring("no/such/file.bin"));
  const Code code({kWfi});
  auto config = configured(code.path());
  config.payload->images[0].address = 0x1c09'0000;
  CHECK_THAT(refused(config), ContainsSubstring("at 0x1c090000: this address is not in DRAM"));
  CHECK_THAT(refused(configured(code.path(), 0x1000)), ContainsSubstring("entry point 0x1000 is not in DRAM"));
}

TEST_CASE("payload: two runs, checked, judged by the model or traced, are one run") {
  const auto* name = GENERATE("smp", "realm", "timer");
  const auto plain = bench::machine(payload(name));
  const RunReport first = run(*plain);
  CHECK(first.exit_code == ExitCode::kPoweredOff);
  CHECK_THAT(console(*plain), ContainsSubstring(std::string(name) + ": passed"));
  const std::string hash = plain->machine_sha256();
  const std::string trace =
      (std::filesystem::temp_directory_path() / (std::string("ccasim-") + name + ".jsonl")).string();
  for (const auto& [check, model, path] :
       {std::tuple{false, false, std::string{}}, {true, false, trace}, {false, true, std::string{}}}) {
    const auto machine = bench::machine(payload(name), {.trace_path = path, .check = check, .check_model = model});
    const RunReport report = run(*machine);
    CHECK(report.instructions == first.instructions);
    CHECK(report.findings.empty());
    CHECK(machine->machine_sha256() == hash);
    if (model) CHECK_FALSE(machine->model_check()->difference());
  }
  std::filesystem::remove(trace);
}

TEST_CASE("payload: a random schedule ends as well, and repeats by its seed") {
  const auto machine = bench::machine(payload("smp"), {.random_schedule = true});
  CHECK(run(*machine).exit_code == ExitCode::kPoweredOff);
  CHECK_THAT(console(*machine), ContainsSubstring("smp: passed"));
  const auto again = bench::machine(payload("smp"), {.random_schedule = true});
  run(*again);
  CHECK(again->machine_sha256() == machine->machine_sha256());
}

TEST_CASE("payload: copied, run, restored and run again, it ends in the same state") {
  const auto* name = GENERATE("smp", "realm");
  const auto machine = bench::machine(payload(name));
  advance(*machine, 120'000);
  const MachineSnapshot snapshot = machine->snapshot();
  const std::string at_snapshot = machine->machine_sha256();
  const RunReport first = run(*machine);
  REQUIRE(first.exit_code == ExitCode::kPoweredOff);
  const std::string first_hash = machine->machine_sha256();
  CHECK(first_hash != at_snapshot);

  machine->restore(snapshot);
  CHECK(machine->machine_sha256() == at_snapshot);
  const RunReport second = run(*machine);
  CHECK(second.exit_code == ExitCode::kPoweredOff);
  CHECK(second.instructions == first.instructions);
  CHECK(machine->machine_sha256() == first_hash);
}
