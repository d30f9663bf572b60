// SPDX-License-Identifier: GPL-2.0-or-later
// Whole machines for tests: our own guests from the build's guest directory, no terminal, no files written.
#pragma once

#include <memory>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "sim/app/machine.h"
#include "sim/app/report.h"

namespace bench {

// The configuration of one guest ("hello", "smp", ...). The test program runs in the source tree; CCASIM_GUEST_DIR is
// the build's guest directory.
inline sim::app::RunConfig guest_config(const std::string& guest, unsigned vcpus = 1, bool realm = true) {
  sim::app::RunConfig config;
  host::vmm::VmConfig vm;
  vm.name = guest;
  vm.realm = realm;
  vm.vcpus = vcpus;
  vm.memory = 64 * host::vmm::kMiB;
  vm.boot = host::vmm::Boot::kRaw;
  vm.binaries.push_back({.path = std::string(CCASIM_GUEST_DIR) + "/" + guest + ".bin",
                         .bytes = {},
                         .ipa = {0x80000000},
                         .measured = true});
  config.vms.push_back(vm);
  config.machine.memory = sim::app::automatic_memory(config.vms);
  return config;
}

inline std::unique_ptr<sim::app::Machine> machine(const sim::app::RunConfig& config,
                                                  sim::app::Surroundings surroundings = {}) {
  auto created = sim::app::Machine::create(config, std::move(surroundings));
  if (!created) FAIL(created.error().message);
  return std::move(*created);
}

struct End {
  sim::app::RunReport report;
  std::string console;
};

inline End run_to_end(sim::app::Machine& machine) {
  const auto result = machine.run();
  return {sim::app::make_report(machine, result, false), machine.console(0).output()};
}

}  // namespace bench
