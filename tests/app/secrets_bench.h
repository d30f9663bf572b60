// SPDX-License-Identifier: GPL-2.0-or-later
// Runs that differ in secrets alone (sim/app/secrets_check.h), for tests: configurations of one or several of our
// guests, and what such a comparison found.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "sim/app/secrets_check.h"
#include "tests/app/machine_bench.h"

namespace bench {

inline sim::app::RunConfig guests_config(const std::vector<std::pair<std::string, unsigned>>& guests_and_vcpus) {
  sim::app::RunConfig config;
  for (const auto& [guest, vcpus] : guests_and_vcpus) {
    host::vmm::VmConfig vm = guest_config(guest, vcpus).vms.front();
    vm.name = guest + std::to_string(config.vms.size());
    config.vms.push_back(vm);
  }
  config.machine.memory = sim::app::automatic_memory(config.vms);
  return config;
}

struct Compared {
  std::vector<std::string> found;
  std::uint64_t of_host = 0, of_realms = 0, secret_granules = 0;
  unsigned runs = 0;
  sim::app::ExitCode exit_code = sim::app::ExitCode::kInternalError;  // of the first run
  std::string console;                                                // of its first VM
};

inline Compared compare(const sim::app::RunConfig& config, bool random_schedule = false,
                        sim::app::SecretsCheck::Prepare prepare = {}) {
  sim::app::Surroundings surroundings;
  surroundings.random_schedule = random_schedule;
  // A guest or a host that hangs fails instead of running for ever.
  surroundings.limits = {.max_instructions = 200'000'000, .until_ns = 2'000'000'000};
  sim::app::SecretsCheck check(config, std::move(surroundings));
  Compared out;
  check.set_prepare(std::move(prepare));
  check.set_first([&](sim::app::Machine& machine, sim::RunResult result) {
    out.exit_code = sim::app::make_report(machine, result, false).exit_code;
    out.console = machine.console(0).output();
  });
  const auto found = check.run();
  if (!found) FAIL(found.error().message);
  out.found = *found;
  out.of_host = check.compared_of_host();
  out.of_realms = check.compared_of_realms();
  out.secret_granules = check.secret_granules();
  out.runs = check.runs();
  return out;
}

}  // namespace bench
