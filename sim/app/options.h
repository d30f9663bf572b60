// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of `ccasim run`, `ccasim inspect` and `ccasim payload`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

namespace sim::app {

enum class Schedule : std::uint8_t { kRoundRobin, kRandom };
enum class Check : std::uint8_t { kNone, kInvariants, kModel, kSecrets };

// A file that `ccasim payload` puts into memory before the first instruction, byte for byte. (The address is a number
// here, for Boost's header and rmm/abi's namespace don't go together.)
struct PayloadImage {
  std::string path;
  std::uint64_t address = 0;
  bool operator==(const PayloadImage&) const = default;
};

struct RunOptions {
  std::string config;
  // Overrides of the configuration's first VM and machine.
  std::optional<std::string> kernel, initrd, append, memory, cpu;
  std::optional<std::uint64_t> vcpus, seed;
  std::vector<std::pair<std::string, std::string>> set;  // --set PATH=VALUE, in order
  std::optional<std::string> trace, json, dump_dtb;
  std::optional<std::uint64_t> max_instructions, until_ns;
  Check check = Check::kNone;
  bool verbose = false;  // say each command that fails
  bool sweep = false;    // at the end, write every DRAM granule once through the Non-secure view
  bool quiet = false;    // no summary
  bool batch = false;    // never interactive, even on a terminal
  Schedule schedule = Schedule::kRoundRobin;
  std::vector<std::string> queries;    // ccasim inspect
  std::vector<PayloadImage> images;    // ccasim payload, in order; at least one
  std::optional<std::uint64_t> entry;  // ... where PE 0 starts; none: the first image's address
};

struct UsageError {
  std::string message;
};
struct HelpRequest {
  std::string text;
};

// Parses the arguments after the command word (`command` is "run", "inspect" or "payload").
tl::expected<std::variant<RunOptions, HelpRequest>, UsageError> parse_run_options(
    const std::string& command, const std::vector<std::string>& arguments);

}  // namespace sim::app
