// SPDX-License-Identifier: GPL-2.0-or-later
// What a run has to reach, and what no run can.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace fuzz {

// A failure condition that no call on a bare machine meets.
struct Unreachable {
  std::string_view command, condition, reason;
};
std::span<const Unreachable> unreachable();

// What a run reached less of than is promised: a fifth of each command's calls succeeds, each reachable condition is
// hit once in 10,000 commands. `result` is what the fuzzer's --json writes.
using Shortfalls = std::vector<std::string>;
Shortfalls shortfalls(const nlohmann::json& result);

}  // namespace fuzz
