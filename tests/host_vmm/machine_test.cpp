// SPDX-License-Identifier: GPL-2.0-or-later
// The life of a VM: interruptions, stop, reset, the end.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/host_vmm/vm_bench.h"

using namespace host;
using namespace host::vmm;
using namespace host::vmm::test;
using Catch::Matchers::ContainsSubstring;

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
