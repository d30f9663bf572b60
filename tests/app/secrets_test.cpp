// SPDX-License-Identifier: GPL-2.0-or-later
// I27 and I28 by two runs and more: machines that differ in what realms keep to themselves, and nothing else, look the
// same to the host, and to each other realm. And a realm sees the same whoever its neighbour is.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "rmm/abi/arch/sysreg.h"
#include "rmm/check/watched_runs.h"
#include "tests/app/broken_monitor.h"
#include "tests/app/secrets_bench.h"

using namespace sim::app;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

namespace {

void same_to_everybody(const bench::Compared& compared, std::size_t realms) {
  for (const std::string& finding : compared.found) UNSCOPED_INFO(finding);
  CHECK(compared.found.empty());
  CHECK(compared.exit_code == ExitCode::kPoweredOff);
  CHECK(compared.runs == 1 + 2 * realms);
  CHECK(compared.of_host > 1000);
  CHECK(compared.secret_granules > 0);
}

}  // namespace

TEST_CASE("I27: exits of every kind with secrets in memory and registers show the host none of them") {
  const unsigned vcpus = GENERATE(1U, 2U, 8U);
  const bool random_schedule = GENERATE(false, true);
  CAPTURE(vcpus, random_schedule);
  const auto compared = bench::compare(bench::guest_config("secrets", vcpus), random_schedule);
  same_to_everybody(compared, 1);
  CHECK_THAT(compared.console, EndsWith("secrets: passed\r\n"));
}

TEST_CASE("I27: what untouched memory of any guest holds is not seen by the host") {
  const std::string guest = GENERATE("hello", "smp", "ripas", "early", "shared", "mmio", "timer", "ipi", "gic",
                                     "measure", "attest", "hostcall", "off", "abort");
  CAPTURE(guest);
  same_to_everybody(bench::compare(bench::guest_config(guest, 2)), 1);
}

TEST_CASE("I27: nor in the explicit life cycle, on the other CPU model, or with another seed") {
  auto config = bench::guest_config("secrets", 2);
  SECTION("the explicit life cycle") {
    config.host.life_cycle = host::kvm::LifeCycle::kExplicit;
    config.vms[0].life_cycle = config.host.life_cycle;
  }
  SECTION("the other CPU model") { config.machine.cpu = "max"; }
  SECTION("another seed") { config.machine.seed = 27; }
  SECTION("trapped registers in gprs[Rt]") { config.host.sysreg_gprs = host::kvm::SysregGprs::kRt; }
  same_to_everybody(bench::compare(config), 1);
}

TEST_CASE("I28: a realm does not see what another realm keeps to itself") {
  using Guests = std::vector<std::pair<std::string, unsigned>>;
  const auto guests = GENERATE(Guests{{"secrets", 2}, {"secrets", 1}}, Guests{{"secrets", 1}, {"timer", 2}},
                               Guests{{"ripas", 1}, {"secrets", 4}, {"gic", 2}}, Guests{{"attest", 1}, {"shared", 1}});
  const bool random_schedule = GENERATE(false, true);
  CAPTURE(guests.front().first, guests.back().first, random_schedule);
  const auto compared = bench::compare(bench::guests_config(guests), random_schedule);
  same_to_everybody(compared, guests.size());
  CHECK(compared.of_realms > 500);
}

TEST_CASE("secrets need a realm that can have some") {
  const auto config = bench::guest_config("hello", 1, false);
  SecretsCheck plain(config, {});
  const auto found = plain.run();
  REQUIRE_FALSE(found);
  CHECK_THAT(found.error().message, ContainsSubstring("no VM of this configuration is one"));
}

namespace {

// What a realm of one REC sees, without time: each exception that it takes to the monitor, and the registers with which
// it goes on. An interrupt of the host must not be seen at all.
class Experience : public rmm::check::RunWatcher {
 public:
  struct Moment {
    std::uint64_t esr = 0;
    std::array<std::uint64_t, 33> registers{};
    std::array<std::uint64_t, 6> exception{};
    bool operator==(const Moment&) const = default;
  };
  // Of the realm of VM 0.
  explicit Experience(Machine& machine)
      : machine_(machine),
        inner_(machine.monitor_ports()),
        runs_(inner_.cpus, *this),
        monitor_(machine,
                 {inner_.memory, inner_.gpt, inner_.tlb, runs_, inner_.sync, inner_.clock, inner_.entropy,
                  inner_.observer, inner_.attestation},
                 rmm::core::Limits{}) {}
  const std::vector<Moment>& moments() const { return moments_; }
  unsigned interrupted() const { return interrupted_; }
  unsigned disturbed() const { return disturbed_; }  // interrupts after which a register was another

  void realm_resumes(const rmm::port::RealmCpu& cpu) override {
    if (!is_first_vm(cpu)) return;
    const Moment now = look(cpu);
    if (was_interrupt_) {
      if (now != before_) ++disturbed_;
      return;
    }
    moments_.push_back(now);
    moments_.back().esr = esr_;
  }
  void realm_stopped(const rmm::port::RealmCpu& cpu, const abi::Exception& exception) override {
    if (!is_first_vm(cpu)) return;
    was_interrupt_ = exception.kind != abi::ExceptionKind::kSync;
    if (was_interrupt_) ++interrupted_;
    esr_ = exception.esr;
    before_ = look(cpu);
  }

 private:
  bool is_first_vm(const rmm::port::RealmCpu& cpu) const {
    const auto* realm = machine_.realm_of(0);
    for (const auto& [index, rec] : machine_.state().monitor.recs)
      if (&inner_.cpus.at(rec.cpu) == &cpu) return realm != nullptr && rec.owner == realm->rd;
    return false;
  }
  static Moment look(const rmm::port::RealmCpu& cpu) {
    Moment now;
    for (unsigned n = 0; n < 31; ++n) now.registers[n] = cpu.x(n);
    now.registers[31] = cpu.pc();
    now.registers[32] = cpu.pstate();
    using abi::SysReg;
    constexpr std::array kShown = {SysReg::kEsrEl1,  SysReg::kFarEl1,   SysReg::kElrEl1,
                                   SysReg::kSpsrEl1, SysReg::kSctlrEl1, SysReg::kVbarEl1};
    for (std::size_t i = 0; i < kShown.size(); ++i) now.exception[i] = cpu.sysreg(kShown[i]);
    return now;
  }

  Machine& machine_;
  rmm::port::Platform inner_;
  rmm::check::WatchedRuns runs_;
  broken::MonitorOfMachine monitor_;
  std::vector<Moment> moments_;
  Moment before_;
  std::uint64_t esr_ = 0;
  bool was_interrupt_ = false;
  unsigned interrupted_ = 0, disturbed_ = 0;
};

struct Lived {
  std::vector<Experience::Moment> moments;
  std::string console;
  unsigned interrupted = 0;
};

Lived beside(const std::string& guest, const std::string& neighbour, unsigned vcpus) {
  const auto config = bench::guests_config({{guest, 1}, {neighbour, vcpus}});
  std::unique_ptr<Experience> experience;  // outlives the machine
  const auto machine = bench::machine(config, {.limits = {.max_instructions = 200'000'000}});
  experience = std::make_unique<Experience>(*machine);
  CHECK(bench::run_to_end(*machine).report.exit_code == ExitCode::kPoweredOff);
  CHECK(experience->disturbed() == 0);
  return {experience->moments(), machine->console(0).output(), experience->interrupted()};
}

}  // namespace

TEST_CASE("I28: a realm sees the same whatever its neighbour does") {
  const std::string guest = GENERATE("hello", "ripas", "early", "shared", "mmio", "measure", "hostcall", "abort");
  CAPTURE(guest);
  const Lived quiet = beside(guest, "hello", 1);
  CHECK(quiet.moments.size() > 50);
  unsigned interrupted = 0;
  for (const auto& [neighbour, vcpus] :
       {std::pair{"ipi", 4U}, std::pair{"off", 8U}, std::pair{"secrets", 2U}, std::pair{"attest", 2U}}) {
    CAPTURE(neighbour);
    const Lived busy = beside(guest, neighbour, vcpus);
    CHECK(busy.console == quiet.console);
    REQUIRE(busy.moments.size() == quiet.moments.size());
    const auto parted = std::mismatch(busy.moments.begin(), busy.moments.end(), quiet.moments.begin());
    CHECK(parted.first - busy.moments.begin() == static_cast<std::ptrdiff_t>(quiet.moments.size()));
    interrupted += busy.interrupted;
  }
  INFO(interrupted);
}
