// SPDX-License-Identifier: GPL-2.0-or-later
// What the kinds of configuration files (of `ccasim run` and of `ccasim payload`) have in common: the file as JSON, the
// changes that the command line makes in it, and the choices of "machine" that every machine has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

#include "rmm/core/monitor_state.h"

namespace sim::app {

class ObjectReader;

// What is wrong with the input and what to do next, one line.
struct InputError {
  std::string message;
};

struct MachineConfig {
  std::uint64_t memory = 0;        // DRAM, bytes; 0 in the file: what the VMs need (automatic_memory)
  std::string cpu = "cortex-a72";  // or "max"
  bool pointer_auth = false;       // FEAT_PAuth visible to guests (CPU model max)
  std::uint64_t seed = 1;
  unsigned ns_per_instruction = 1;             // virtual time
  std::optional<std::uint8_t> pmu_counters{};  // event counters of a PE; none: it has no PMU
  rmm::core::Limits limits;
};

tl::expected<std::string, InputError> read_config_file(const std::string& path);
// JSON, in which comments are allowed. `path` is what messages call it.
tl::expected<nlohmann::json, InputError> parse_config_text(const std::string& path, const std::string& text);

// --set a.b.0.c=VALUE: puts `value` at a path of names and indices. Missing objects on the way are made.
tl::expected<void, InputError> assign_config(nlohmann::json& root, const std::string& path, nlohmann::json value);
// VALUE is JSON if it parses as such, else a string.
nlohmann::json config_value(const std::string& text);

// "cpu", "pointer_auth", "seed", "ns_per_instruction", "pmu_counters" and "rmm" of "machine".
void read_machine_choices(ObjectReader& machine, MachineConfig& out, std::string& problem);
tl::expected<void, InputError> check_machine_choices(const MachineConfig& machine);

}  // namespace sim::app
