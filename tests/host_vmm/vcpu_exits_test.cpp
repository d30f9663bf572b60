// SPDX-License-Identifier: GPL-2.0-or-later
// What the KVM_RUN loop does with each exit.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstring>

#include "tests/host_vmm/vm_bench.h"

using namespace host;
using namespace host::vmm;
using namespace host::vmm::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a change to shared sets the attribute first and then drops the private backing") {
  Bench bench;
  const auto result = bench.run_script({memory_fault(kRam + 0x5000, 0x3000, false)});
  CHECK(result.outcome == Outcome::kPoweredOff);
  const std::size_t at = bench.kvm.position("attributes 0x80005000 0x3000 0");
  REQUIRE(at < bench.kvm.log.size());
  CHECK(bench.kvm.log.at(at + 1) == "punch memfd 0x5000 0x3000");
  CHECK(result.exits.memory_fault == 1);
}

TEST_CASE("a change to private sets the attribute first and then drops the shared backing") {
  Bench bench;
  CHECK(bench.run_script({memory_fault(kRam, 8 * kMiB, true)}).outcome == Outcome::kPoweredOff);
  std::size_t conversions = 0;
  for (std::size_t i = 0; i + 1 < bench.kvm.log.size(); ++i) {
    if (bench.kvm.log[i] == "attributes 0x80000000 0x800000 8" && bench.kvm.log[i + 1] == "madvise 0x0 0x800000")
      ++conversions;
  }
  CHECK(conversions == 1);
  CHECK(std::none_of(bench.kvm.log.begin(), bench.kvm.log.end(),
                     [](const std::string& line) { return line.starts_with("punch"); }));
}

TEST_CASE("memory faults over impossible ranges end the VM with a message") {
  struct Case {
    std::uint64_t gpa, size;
    const char* message;
  };
  for (const Case& c : {Case{kRam, 0, "no range of granules"}, Case{kRam + 1, 0x1000, "no range of granules"},
                        Case{kRam, 0x800, "no range of granules"}, Case{0x1000, 0x1000, "outside RAM"},
                        Case{kRam, 9 * kMiB, "outside RAM"}, Case{kRam + 8 * kMiB, 0x1000, "outside RAM"},
                        Case{kRam + 0x1000, ~0xfffULL, "outside RAM"}}) {
    Bench bench;
    const VmResult result = bench.run_script({memory_fault(c.gpa, c.size, false)});
    CHECK(result.outcome == Outcome::kCrashed);
    CHECK_THAT(result.reason, ContainsSubstring(c.message));
  }
}

TEST_CASE("a touched device address on the protected side explains the shared alias once") {
  Bench bench;
  VmConfig config = raw_config();
  config.ipa_bits = 36;
  const VmResult result = bench.run_script({memory_fault(kPl011.value, 0x1000, true)}, config);
  CHECK(result.outcome == Outcome::kCrashed);
  REQUIRE(bench.log.messages.size() == 1);
  CHECK_THAT(bench.log.messages[0], ContainsSubstring("earlycon=pl011,0x809000000"));
}

TEST_CASE("an abort reported by a monitor's observer gives the same hint, for devices only") {
  Bench bench;
  const VmConfig config = raw_config();
  Vmm vmm(bench.state, bench.kvm, {bench.sync, bench.threads, bench.console, bench.entropy, &bench.log, 0}, config,
          *plan_boot(config));
  vmm.guest_abort_at({0x1234000});
  CHECK(bench.log.messages.empty());
  vmm.guest_abort_at(kGicDistributor);
  vmm.guest_abort_at(kPl011);
  REQUIRE(bench.log.messages.size() == 1);
  CHECK_THAT(bench.log.messages[0], ContainsSubstring("GICD"));
}

TEST_CASE("the same memory fault without end kills the VM; alternating ones don't") {
  VmConfig config = raw_config();
  config.fault_repeat_limit = 3;
  const RunStep shared = memory_fault(kRam, 0x1000, false), priv = memory_fault(kRam, 0x1000, true);

  Bench stuck;
  const VmResult killed = stuck.run_script({shared, shared, shared, shared}, config);
  CHECK(killed.outcome == Outcome::kCrashed);
  CHECK_THAT(killed.reason, ContainsSubstring("no progress"));

  Bench alternating;
  CHECK(alternating.run_script({shared, shared, shared, priv, priv, priv, shared}, config).outcome ==
        Outcome::kPoweredOff);

  // An interruption is no progress; another exit is.
  Bench interrupted;
  const RunStep eintr = plain_exit(kvm::ExitReason::KVM_EXIT_INTR, -kvm::kEINTR);
  CHECK(interrupted.run_script({shared, eintr, shared, eintr, shared, eintr, shared}, config).outcome ==
        Outcome::kCrashed);
  Bench progress;
  CHECK(progress.run_script({shared, shared, shared, mmio_read(kPl011.value + 0x18), shared}, config).outcome ==
        Outcome::kPoweredOff);
}

TEST_CASE("EAGAIN is retried, but not for ever") {
  Bench bench;
  const RunStep again = plain_exit(kvm::ExitReason::KVM_EXIT_UNKNOWN, -kvm::kEAGAIN);
  const VmResult result = bench.run_script({again, again, again});
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.exits.again == 3);
  CHECK(bench.sync.steps >= 3);

  Bench livelock;
  CHECK_THAT(livelock.run_script(std::deque<RunStep>(70000, again)).reason, ContainsSubstring("EAGAIN"));
}

TEST_CASE("unknown hypercalls are answered with NOT_SUPPORTED in X0") {
  Bench bench;
  const auto result = bench.run_script({plain_exit(kvm::ExitReason::KVM_EXIT_HYPERCALL)});
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.exits.hypercall == 1);
  CHECK(bench.kvm.logged("reg vcpu0 0x6030000000100000 = 0xffffffffffffffff"));
}

TEST_CASE("exits and results that nobody can handle end the VM with a reason") {
  struct Case {
    RunStep step;
    const char* message;
  };
  const Case cases[] = {
      {plain_exit(kvm::ExitReason::KVM_EXIT_INTERNAL_ERROR), "internal error"},
      {plain_exit(kvm::ExitReason::KVM_EXIT_UNKNOWN), "exit reason 0"},
      {plain_exit(static_cast<kvm::ExitReason>(77)), "exit reason 77"},
      {plain_exit(kvm::ExitReason::KVM_EXIT_UNKNOWN, -kvm::kENXIO), "ENXIO"},
      {plain_exit(kvm::ExitReason::KVM_EXIT_UNKNOWN, -kvm::kEFAULT), "EFAULT"},
      {system_event(kvm::kSystemEventCrash), "system event 3"},
      {mmio_write(kPl011.value, 0, 3), "3 bytes"},
  };
  for (const Case& c : cases) {
    Bench bench;
    const VmResult result = bench.run_script({c.step});
    CHECK(result.outcome == Outcome::kCrashed);
    CHECK_THAT(result.reason, ContainsSubstring(c.message));
    CHECK(bench.kvm.open_fds == 0);
  }
}

TEST_CASE("MMIO exits equal the devices' own access counts") {
  Bench bench;
  std::deque<RunStep> script;
  put_line(script, "hi\n");
  script.push_back(mmio_read(kPl011.value + 0xfe0));
  script.push_back(mmio_read(0x0b000000, 8));  // nobody lives there
  std::uint64_t read_back = ~0ULL;
  script.push_back({0, [&](kvm::KvmRun& run) {
                      std::memcpy(&read_back, run.mmio.data.data(), sizeof read_back);
                      run.exit_reason = kvm::ExitReason::KVM_EXIT_INTR;
                    }});
  const VmResult result = bench.run_script(script);
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(bench.console.output == "hi\n");
  CHECK(result.exits.mmio == 5);
  CHECK(bench.state.bus.accesses() == 5);
  CHECK(bench.state.bus.slots[0].writes == 3);
  CHECK(bench.state.bus.slots[0].reads == 1);
  CHECK(bench.state.bus.unclaimed == 1);
  CHECK(read_back == 0);
}

TEST_CASE("console input raises the PL011's interrupt once the guest listens") {
  Bench bench;
  bench.console.input = std::string("x");
  CHECK(bench
            .run_script({mmio_write(kPl011.value + 0x30, 0x301), mmio_write(kPl011.value + 0x38, 0x50),
                         mmio_read(kPl011.value, 1)})
            .outcome == Outcome::kPoweredOff);
  CHECK(bench.kvm.position("irq 0x1000021 1") < bench.kvm.position("irq 0x1000021 0"));
  CHECK(bench.kvm.logged("irq 0x1000021 0"));
}

TEST_CASE("a kernel panic ends the VM with the panic's line, by its end marker or by the reset after it") {
  const std::string announcement = "[    1.0] Kernel panic - not syncing: Attempted to kill init!";
  Bench spins;
  std::deque<RunStep> script;
  put_line(script, announcement + "\r\nCPU: 0\r\n---[ end Kernel panic - not syncing: Attempted ]---\r\n");
  spins.kvm.scripts = {script};  // and nothing after it
  const VmResult ended = spins.run();
  CHECK(ended.outcome == Outcome::kPanicked);
  CHECK(ended.reason == announcement);

  Bench reboots;
  script.clear();
  put_line(script, announcement + "\r\n");
  script.push_back(system_event(kvm::kSystemEventReset));
  reboots.kvm.scripts = {script};
  const VmResult reset = reboots.run();
  CHECK(reset.outcome == Outcome::kPanicked);
  CHECK(reset.resets == 0);
}

TEST_CASE("the main thread never sleeps through a wakeup that came while it fed the console") {
  // Parks the main thread as it gives back the PL011's lock; meanwhile input arrives, and at the end the vCPU is done.
  struct OvertakingSync : SequentialSync {
    explicit OvertakingSync(TextConsole& c, SequentialThreads& t) : SequentialSync(t), console(c) {}
    void acquire(rmm::port::Lock& lock, const rmm::port::Step& step) override {
      seen = console.queue.wakeups;
      SequentialSync::acquire(lock, step);
    }
    void release(rmm::port::Lock& lock, const rmm::port::Step& step) override {
      SequentialSync::release(lock, step);
      if (std::exchange(arrivals, 0) != 0) wake_all(console.queue);
    }
    void wait(rmm::port::WaitQueue& queue, const rmm::port::Step& step) override {
      CHECK(queue.wakeups == seen);
      ++waits;
      SequentialSync::wait(queue, step);
    }
    TextConsole& console;
    std::uint32_t seen = 0;
    int arrivals = 1, waits = 0;
  };
  Bench bench;
  OvertakingSync sync(bench.console, bench.threads);
  bench.kvm.scripts = {{system_event(kvm::kSystemEventShutdown)}};
  const VmConfig config = raw_config();
  Vmm vmm(bench.state, bench.kvm, {sync, bench.threads, bench.console, bench.entropy, &bench.log, 0}, config,
          *plan_boot(config));
  CHECK(vmm.run().outcome == Outcome::kPoweredOff);
  CHECK(sync.waits == 1);
}

TEST_CASE("without a console the main thread still waits for its vCPUs, and nobody answers at the PL011") {
  Bench bench;
  VmConfig config = raw_config();
  config.console = false;
  CHECK(bench.run_script({mmio_write(kPl011.value, 'a', 1)}, config).outcome == Outcome::kPoweredOff);
  CHECK(bench.console.output.empty());
  CHECK(bench.state.bus.unclaimed == 1);
}
