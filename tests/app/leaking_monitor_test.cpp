// SPDX-License-Identifier: GPL-2.0-or-later
// Monitors that leak one bit of a realm's memory, each through another hole, each caught by runs that differ in that
// memory alone (I27), and told for what it is. The last one tells another realm (I28).
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/check/watched_runs.h"
#include "rmm/core/rtt.h"
#include "sim/app/summary.h"
#include "tests/app/broken_monitor.h"
#include "tests/app/secrets_bench.h"

using namespace broken;
using namespace sim::app;
using Catch::Matchers::ContainsSubstring;
namespace esr = abi::esr;
namespace v1_0 = abi::v1_0;

namespace {

constexpr abi::Ipa kSecret{0x8100'0000};  // guest/secrets: memory of CPU 0

// A monitor with holes that a test opens.
class LeakingMonitor : private rmm::check::RunWatcher {
 public:
  LeakingMonitor(Machine& machine, const rmm::core::Limits& limits)
      : machine_(machine),
        ports_(machine.monitor_ports()),
        memory(ports_.memory),
        runs_(ports_.cpus, *this),
        monitor(machine,
                {memory, ports_.gpt, ports_.tlb, runs_, ports_.sync, ports_.clock, ports_.entropy, ports_.observer,
                 ports_.attestation},
                limits) {}

  // A bit of the first realm's memory; 0 before there is any.
  bool bit() const {
    const auto* realm = machine_.realm_of(0);
    if (realm == nullptr) return false;
    rmm::port::Platform ports = ports_;
    const auto walk = rmm::core::walk({ports, machine_.state().monitor}, *realm, kSecret, rmm::core::kPageLevel);
    if (walk.entry.state != rmm::core::RttState::kAssigned) return false;
    return (std::to_integer<unsigned>(ports.memory.peek(abi::GranulePa::containing(walk.entry.address))[0]) & 1) != 0;
  }
  // Changes what the host is told of an exit.
  void in_exit(const std::function<void(v1_0::RecExit&, bool)>& leak) {
    memory.distorts = [this, leak](std::span<std::byte> wire) {
      if (wire.size() != abi::Layout<v1_0::RecExit>::kSize) return;
      auto exit = abi::decode<v1_0::RecExit>(wire);
      leak(exit, bit());
      abi::encode(exit, wire);
    };
  }
  Machine& machine() { return machine_; }
  rmm::port::Platform& ports() { return ports_; }

 private:
  void realm_resumes(const rmm::port::RealmCpu& cpu) override {
    if (resumes) resumes(cpu);
  }
  void realm_stopped(const rmm::port::RealmCpu&, const abi::Exception&) override {}

  Machine& machine_;
  rmm::port::Platform ports_;

 public:
  ForgetfulMemory memory;
  std::function<void(const rmm::port::RealmCpu&)> resumes;

 private:
  rmm::check::WatchedRuns runs_;

 public:
  MonitorOfMachine monitor;
};

using Open = std::function<void(LeakingMonitor&)>;

bench::Compared compare(const RunConfig& config, const Open& open) {
  return bench::compare(config, false, [&](Machine& machine) {
    auto leaking = std::make_shared<LeakingMonitor>(machine, config.machine.limits);
    if (open) open(*leaking);
    return leaking;
  });
}

// The leak is found, once, as one of `id` with all these words: what leaked, when, and how it differed.
void caught(const bench::Compared& compared, const std::string& id, std::initializer_list<const char*> words) {
  for (const std::string& finding : compared.found) UNSCOPED_INFO(finding);
  REQUIRE(compared.found.size() == 1);
  CHECK_THAT(compared.found.front(), Catch::Matchers::StartsWith(id + ": "));
  for (const char* word : words) CHECK_THAT(compared.found.front(), ContainsSubstring(word));
}

void host_sees(const Open& open, std::initializer_list<const char*> words, unsigned vcpus = 1) {
  caught(compare(bench::guest_config("secrets", vcpus), open), "I27", words);
}

bool is_interrupt(const v1_0::RecExit& exit) {
  return exit.exit_reason == static_cast<std::uint8_t>(v1_0::RecExitReason::kIrq);
}
bool is_device_access(const v1_0::RecExit& exit) {
  return esr::ec(exit.esr) == esr::Ec::kDataAbortLower && (exit.esr & esr::kIsv) != 0;
}

}  // namespace

TEST_CASE("I27: a monitor with all these holes shut is not accused") {
  const auto compared = compare(bench::guest_config("secrets"), {});
  for (const std::string& finding : compared.found) UNSCOPED_INFO(finding);
  CHECK(compared.found.empty());
  CHECK(compared.exit_code == ExitCode::kPoweredOff);
}

TEST_CASE("I27: one bit through a general register of an exit is caught", "[broken]") {
  host_sees(
      [](LeakingMonitor& m) {
        m.in_exit([](auto& exit, bool bit) {
          if (is_interrupt(exit)) exit.gprs[9] |= bit ? 1U : 0U;
        });
      },
      {"the host sees a secret of realm 'secrets' after RMI_REC_ENTER(rec 0x", "RecRun.exit.gprs[9]",
       "in the run with a random secret"});
}

TEST_CASE("I27: one bit through a result register that the command does not have is caught", "[broken]") {
  host_sees(
      [](LeakingMonitor& m) {
        m.monitor.distorts = [&m](const abi::SmcRegs& in, abi::SmcRegs& out) {
          if (in.fid() == v1_0::kRmiRecEnter) out.x[7] ^= m.bit() ? 1U : 0U;
        };
      },
      {"after RMI_REC_ENTER(rec 0x", "the result in X7 is 0x"});
}

TEST_CASE("I27: one bit through a syndrome is caught", "[broken]") {
  host_sees(
      [](LeakingMonitor& m) {
        m.in_exit([](auto& exit, bool bit) {
          if (is_device_access(exit)) exit.esr |= bit ? 1ULL << esr::kSrtShift : 0;
        });
      },
      {"after RMI_REC_ENTER(rec 0x", "RecRun.exit.esr (offset 0x902", "is 0x91800046 in the run",
       "0x91810046 in the run with its complement"});
}

TEST_CASE("I27: one bit through a timer is caught", "[broken]") {
  host_sees([](LeakingMonitor& m) { m.in_exit([](auto& exit, bool bit) { exit.cntp_cval |= bit ? 1U : 0U; }); },
            {"after RMI_REC_ENTER(rec 0x", "RecRun.exit.cntp_cval"});
}

TEST_CASE("I27: one bit through a list register of an exit is caught", "[broken]") {
  host_sees([](LeakingMonitor& m) { m.in_exit([](auto& exit, bool bit) { exit.gicv3_lrs[3] |= bit ? 1U : 0U; }); },
            {"after RMI_REC_ENTER(rec 0x", "RecRun.exit.gicv3_lrs[3]"});
}

TEST_CASE("I27: one bit through a list register that stays in the PE is caught", "[broken]") {
  host_sees(
      [](LeakingMonitor& m) {
        m.monitor.distorts = [&m](const abi::SmcRegs& in, abi::SmcRegs&) {
          if (in.fid() == v1_0::kRmiRecEnter)
            m.machine().scheduler().current_pe_object().ich().lr[2] = m.bit() ? 0x20 : 0;
        };
      },
      {"after RMI_REC_ENTER(rec 0x", "ICH_LR2_EL2 of PE", "0x20"});
}

TEST_CASE("I27: one bit through RecRun's padding is caught", "[broken]") {
  host_sees(
      [](LeakingMonitor& m) {
        m.memory.distorts = [&m](std::span<std::byte> wire) {
          if (wire.size() == abi::Layout<v1_0::RecExit>::kSize) wire[0x7f8] = std::byte{m.bit()};
        };
      },
      {"after RMI_REC_ENTER(rec 0x", "the padding of RecRun.exit (offset 0xff8"});
}

TEST_CASE("I27: one bit through a granule that is not wiped whole is caught", "[broken]") {
  host_sees(
      [](LeakingMonitor& m) {
        m.memory.forgets = [&m](abi::GranulePa granule) {
          const auto before = m.memory.peek(granule)[0x123] & std::byte{1};
          m.ports().memory.wipe(granule);
          m.ports().memory.write(granule.pa() + 0x123, std::span(&before, 1));
          return true;
        };
      },
      {"after RMI_GRANULE_UNDELEGATE(addr 0x", "offset 0x123 of the Non-secure granule 0x"});
}

TEST_CASE("I27: one bit through a status code is caught", "[broken]") {
  host_sees(
      [](LeakingMonitor& m) {
        m.monitor.distorts = [&m](const abi::SmcRegs& in, abi::SmcRegs& out) {
          if (in.fid() == v1_0::kRmiPsciComplete && m.bit())
            out.x[0] = v1_0::RmiReturn{v1_0::RmiStatus::kErrorInput}.raw();
        };
      },
      {"after RMI_PSCI_COMPLETE(calling_rec 0x", "the status in X0 is 0x"}, 2);
}

TEST_CASE("I27: one bit through the time that a command takes is caught", "[broken]") {
  host_sees(
      [](LeakingMonitor& m) {
        m.monitor.distorts = [&m](const abi::SmcRegs& in, abi::SmcRegs&) {
          if (in.fid() == v1_0::kRmiRecEnter) m.ports().clock.spend_ns(m.bit() ? 1 : 0);
        };
      },
      {"after RMI_REC_ENTER(rec 0x", "virtual time is 0x"});
}

TEST_CASE("I28: one bit through a register of another realm is caught", "[broken]") {
  const auto config = bench::guests_config({{"secrets", 1}, {"hello", 1}});
  const auto compared = compare(config, [](LeakingMonitor& m) {
    m.resumes = [&m](const rmm::port::RealmCpu& cpu) {
      const auto* other = m.machine().realm_of(1);
      for (const auto& [index, rec] : m.machine().state().monitor.recs) {
        auto& its = m.ports().cpus.at(rec.cpu);
        if (other != nullptr && rec.owner == other->rd && &its == &cpu) its.set_sysreg(abi::SysReg::kTpidrEl0, m.bit());
      }
    };
  });
  caught(compared, "I28",
         {"realm 'hello1' sees a secret of realm 'secrets0' when the realm goes on", "TPIDR_EL0 of REC 0x0 is 0x"});
}

TEST_CASE("I27: what is found is told with the rule and what to read next") {
  RunReport report;
  report.findings = {"I27: the host sees a secret of realm 'secrets' somewhere"};
  CHECK(findings_text(report) ==
        "  FINDING I27: the host sees a secret of realm 'secrets' somewhere\n"
        "  rule I27: Two runs that differ in a realm's secrets alone look the same to the host, virtual time "
        "included.\n"
        "  next: 'ccasim explain I27', or all rules in docs/invariants.md\n");
}
