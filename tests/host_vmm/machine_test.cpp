// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/vmm/machine.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/host_vmm/host_doubles.h"
#include "tests/host_vmm/scripted_kvm.h"

using namespace host;
using namespace host::vmm;
using namespace host::vmm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::uint64_t kRam = kRamBase.value;

VmConfig raw_config() {
  VmConfig config;
  config.boot = Boot::kRaw;
  config.memory = 8 * kMiB;
  config.binaries = {{"", std::vector<std::byte>(0x1800, std::byte{0xab}), kRamBase + 0x10000, true}};
  return config;
}

struct Bench {
  SequentialThreads threads;
  SequentialSync sync{threads};
  TextConsole console;
  CountingEntropy entropy;
  MessageLog log;
  ScriptedKvm kvm;
  VmmState state;

  VmResult run(const VmConfig& config = raw_config()) {
    auto plan = plan_boot(config);
    REQUIRE(plan.has_value());
    Vmm vmm(state, kvm, {sync, threads, console, entropy, &log, 0}, config, std::move(*plan));
    return vmm.run();
  }
  // One vCPU that does this and then powers off.
  VmResult run_script(std::deque<RunStep> script, const VmConfig& config = raw_config()) {
    script.push_back(system_event(kvm::kSystemEventShutdown));
    kvm.scripts = {std::move(script)};
    return run(config);
  }
};

void put_line(std::deque<RunStep>& script, const std::string& text) {
  for (char c : text) script.push_back(mmio_write(kPl011.value, static_cast<std::uint8_t>(c), 1));
}

}  // namespace

TEST_CASE("a realm is built in the order KVM wants and nothing is left open") {
  Bench bench;
  VmConfig config = raw_config();
  config.vcpus = 2;
  config.registers = {0x11, 0x22};
  bench.kvm.scripts = {{system_event(kvm::kSystemEventShutdown)}, {}};
  const VmResult result = bench.run(config);
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.reason.empty());
  CHECK(bench.threads.names == std::vector<std::string>{"vm-vcpu0", "vm-vcpu1"});
  const std::vector<std::string> expected{
      "create_vm 0x40000021",
      "memslot 0x80000000 0x800000 flags 4",
      "attributes 0x80000000 0x800000 8",
      "gic 0 2 0x8000000",
      "gic 0 3 0x80a0000",
      "init vcpu0 target 5 features 0x4",
      "init vcpu1 target 5 features 0x5",
      "gic 3 0 0x60",
      "gic 4 0 0x0",
      "populate 0x80010000 0x2000 flags 1",
      "reg vcpu0 0x6030000000100000 = 0x11",
      "reg vcpu0 0x6030000000100002 = 0x22",
      "reg vcpu0 0x6030000000100040 = 0x80010000",
      "close vcpu0",
      "close vcpu1",
      "close gic",
      "close vm",
      "close memfd",
      "close kvm",
  };
  CHECK(bench.kvm.log == expected);
  CHECK(bench.kvm.open_fds == 0);
  CHECK(bench.kvm.mappings.empty());
  CHECK(bench.kvm.populated.at(0).second[0x17ff] == std::byte{0xab});
  CHECK(bench.kvm.populated.at(0).second[0x1800] == std::byte{0});
}

TEST_CASE("a plain VM has no guest_memfd, and its images are written into its memory") {
  Bench bench;
  VmConfig config = raw_config();
  config.realm = false;
  std::vector<std::byte> seen(2);
  bench.kvm.before_run = [&](kvm::KvmRun&) { bench.kvm.user_read({bench.state.ram_hva + 0x117ff}, seen); };
  CHECK(bench.run_script({}, config).outcome == Outcome::kPoweredOff);
  CHECK(bench.kvm.logged("create_vm 0x20"));
  CHECK(bench.kvm.logged("memslot 0x80000000 0x800000 flags 0"));
  CHECK_FALSE(bench.kvm.logged("close memfd"));
  CHECK(bench.kvm.populated.empty());
  CHECK(seen == std::vector<std::byte>{std::byte{0xab}, std::byte{0}});
}

TEST_CASE("images are populated in address order, in pieces if KVM does less, each as measured as configured") {
  Bench bench;
  VmConfig config = raw_config();
  config.binaries.push_back({"", std::vector<std::byte>(5 * kMiB, std::byte{1}), kRamBase + 0x200000, false});
  config.binaries.push_back({"", std::vector<std::byte>(16, std::byte{2}), kRamBase, true});
  config.dtb = kRamBase + 0x100000;
  bench.kvm.populate_limit = 0x180000;
  CHECK(bench.run_script({}, config).outcome == Outcome::kPoweredOff);
  const std::size_t first = bench.kvm.position("populate 0x80000000 0x1000 flags 1");
  CHECK(bench.kvm.position("populate 0x80010000 0x2000 flags 1") == first + 1);
  CHECK(bench.kvm.logged("reg vcpu0 0x6030000000100000 = 0x80100000"));
  CHECK(bench.kvm.logged("populate 0x80200000 0x180000 flags 0"));
  CHECK(bench.kvm.logged("populate 0x80380000 0x80000 flags 0"));
  std::uint64_t next = 0, large = 0;
  for (const auto& [base, bytes] : bench.kvm.populated) {
    CHECK(base >= next);
    next = base + bytes.size();
    if (base >= kRam + 0x200000) large += bytes.size();
  }
  CHECK(large == 5 * kMiB);
}

TEST_CASE("a populate call that does nothing ends the VM with a message") {
  Bench bench;
  bench.kvm.populate_limit = 0;
  const VmResult result = bench.run();
  CHECK(result.outcome == Outcome::kCrashed);
  CHECK_THAT(result.reason, ContainsSubstring("no progress"));
  CHECK(bench.kvm.open_fds == 0);
  CHECK(bench.kvm.mappings.empty());
}

TEST_CASE("every refused call of the build is named, and everything opened is closed") {
  using kvm::Ioctl;
  for (Ioctl request : {Ioctl::KVM_CREATE_VM, Ioctl::KVM_CREATE_GUEST_MEMFD, Ioctl::KVM_SET_USER_MEMORY_REGION2,
                        Ioctl::KVM_SET_MEMORY_ATTRIBUTES, Ioctl::KVM_CREATE_DEVICE, Ioctl::KVM_SET_DEVICE_ATTR,
                        Ioctl::KVM_ARM_PREFERRED_TARGET, Ioctl::KVM_CREATE_VCPU, Ioctl::KVM_ARM_VCPU_INIT,
                        Ioctl::KVM_ARM_RMI_POPULATE, Ioctl::KVM_SET_ONE_REG}) {
    Bench bench;
    bench.kvm.failures[request] = -kvm::kENXIO;
    const VmResult result = bench.run();
    CHECK(result.outcome == Outcome::kCrashed);
    CHECK_THAT(result.reason, ContainsSubstring("was refused (ENXIO)"));
    CHECK(bench.kvm.open_fds == 0);
    CHECK(bench.kvm.mappings.empty());
    CHECK(bench.threads.names.empty());
  }
}

TEST_CASE("a machine without an RMM or with too few IPA bits is told from others") {
  Bench without;
  without.kvm.failures[kvm::Ioctl::KVM_CHECK_EXTENSION] = 0;
  CHECK_THAT(without.run().reason, ContainsSubstring("without an RMM"));
  Bench narrow;
  VmConfig config = raw_config();
  config.ipa_bits = 41;
  CHECK_THAT(narrow.run(config).reason, ContainsSubstring("41 IPA bits, this machine has 40"));
}

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

TEST_CASE("EINTR comes back to the quiescent point and clears the request to leave") {
  Bench bench;
  const VmConfig config = raw_config();
  bench.kvm.scripts = {{system_event(kvm::kSystemEventShutdown)}};
  Vmm vmm(bench.state, bench.kvm, {bench.sync, bench.threads, bench.console, bench.entropy, &bench.log, 0}, config,
          *plan_boot(config));
  int visits = 0;
  vmm.set_quiescent_point([&](unsigned vcpu) {
    CHECK(vcpu == 0);
    ++visits;
  });
  bool first = true;
  bench.kvm.before_run = [&](kvm::KvmRun& run) {
    run.immediate_exit = std::exchange(first, false) ? 1 : run.immediate_exit;
  };
  const VmResult result = vmm.run();
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.exits.interrupted == 1);
  CHECK(visits == 2);
}

TEST_CASE("the application can stop a VM from its quiescent point, and its wish beats a reset") {
  Bench bench;
  const VmConfig config = raw_config();
  Vmm vmm(bench.state, bench.kvm, {bench.sync, bench.threads, bench.console, bench.entropy, &bench.log, 0}, config,
          *plan_boot(config));
  vmm.set_quiescent_point([&](unsigned) { vmm.request_stop("enough"); });
  const VmResult result = vmm.run();
  CHECK(result.outcome == Outcome::kStopped);
  CHECK(result.reason == "enough");
  CHECK(bench.kvm.open_fds == 0);
}

TEST_CASE("a reset builds the VM anew with fresh devices, up to the limit") {
  Bench bench;
  VmConfig config = raw_config();
  config.reset_limit = 2;
  const RunStep reset = system_event(kvm::kSystemEventReset);
  bench.kvm.scripts = {{mmio_write(kPl011.value + 0x38, 0x50), reset},
                       {mmio_read(kPl011.value + 0x38), reset},
                       {system_event(kvm::kSystemEventShutdown)}};
  const VmResult result = bench.run(config);
  CHECK(result.outcome == Outcome::kPoweredOff);
  CHECK(result.resets == 2);
  CHECK(std::count(bench.kvm.log.begin(), bench.kvm.log.end(), "create_vm 0x40000021") == 3);
  CHECK(std::count(bench.kvm.log.begin(), bench.kvm.log.end(), "close vm") == 3);
  CHECK(bench.kvm.open_fds == 0);
  CHECK(result.exits.system_event == 3);
  CHECK(result.exits.mmio == 2);
  CHECK(bench.state.bus.accesses() == 2);
  CHECK(bench.state.pl011.imsc == 0);

  Bench endless;
  config.reset_limit = 1;
  endless.kvm.scripts = {{reset}, {reset}};
  const VmResult limited = endless.run(config);
  CHECK(limited.outcome == Outcome::kResetLimit);
  CHECK(limited.resets == 1);
}

TEST_CASE("KVM_EXIT_SHUTDOWN ends one vCPU's thread; the one that made the call decides") {
  Bench bench;
  VmConfig config = raw_config();
  config.vcpus = 2;
  const RunStep refused = plain_exit(kvm::ExitReason::KVM_EXIT_SHUTDOWN);
  bench.kvm.scripts = {{refused}, {system_event(kvm::kSystemEventShutdown)}};
  CHECK(bench.run(config).outcome == Outcome::kPoweredOff);

  Bench nobody;
  nobody.kvm.scripts = {{refused}, {refused}};
  const VmResult result = nobody.run(config);
  CHECK(result.outcome == Outcome::kCrashed);
  CHECK_THAT(result.reason, ContainsSubstring("KVM_EXIT_SHUTDOWN"));
}

TEST_CASE("one vCPU's power-off makes the other one, inside KVM_RUN, leave") {
  Bench bench;
  VmConfig config = raw_config();
  config.vcpus = 2;
  bench.kvm.scripts = {{plain_exit(kvm::ExitReason::KVM_EXIT_INTR, -kvm::kEINTR)},
                       {system_event(kvm::kSystemEventShutdown)}};
  // The first KVM_RUN of vCPU 0 lasts until vCPU 1 has powered off.
  bool nested = false;
  bench.kvm.before_run = [&](kvm::KvmRun&) {
    if (std::exchange(nested, true)) return;
    auto other = std::move(bench.threads.pending.front());
    bench.threads.pending.pop_front();
    other();
  };
  CHECK(bench.run(config).outcome == Outcome::kPoweredOff);
  CHECK(bench.kvm.logged("signal vcpu0"));
  CHECK_FALSE(bench.kvm.logged("signal vcpu1"));
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
