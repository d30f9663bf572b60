// SPDX-License-Identifier: GPL-2.0-or-later
// A whole VMM over a scripted KVM.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "host/vmm/machine.h"
#include "tests/host_vmm/host_doubles.h"
#include "tests/host_vmm/scripted_kvm.h"

namespace host::vmm::test {

inline constexpr std::uint64_t kRam = kRamBase.value;

inline VmConfig raw_config() {
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

inline void put_line(std::deque<RunStep>& script, const std::string& text) {
  for (char c : text) script.push_back(mmio_write(kPl011.value, static_cast<std::uint8_t>(c), 1));
}

}  // namespace host::vmm::test
