// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/rmi/reach.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace fuzz {
namespace {

constexpr Unreachable kUnreachable[] = {
    {"RMI_REC_ENTER", "_enter_fault",
     "the PAS is tested and the page read without a Step between: only a machine that changes it in that moment shows "
     "it (tests/rmm/conditions_rmi_rec.cpp)"},
};

}  // namespace

std::span<const Unreachable> unreachable() { return kUnreachable; }

Shortfalls shortfalls(const nlohmann::json& result) {
  Shortfalls out;
  const double ran = result["ran"]["commands"];
  constexpr double kEach = 1e-4, kShare = 0.2;
  for (const auto& [name, count] : result["commands"].items()) {
    const double calls = count["calls"], successes = count["successes"];
    if (name == "unknown") continue;
    if (successes < kShare * calls || calls == 0)
      out.push_back(fmt::format("{}: {:.1f} % succeed, less than {:.0f} %", name,
                                calls == 0 ? 0 : 100 * successes / calls, 100 * kShare));
    for (const auto& [id, hits] : count["conditions"].items()) {
      const bool known = std::any_of(std::begin(kUnreachable), std::end(kUnreachable),
                                     [&command = name, &condition = id](const Unreachable& u) {
                                       return u.command == command && u.condition == condition;
                                     });
      if (!known && hits.get<double>() < kEach * ran)
        out.push_back(
            fmt::format("{} {}: hit {} times, less than {:.0f}", name, id, hits.get<std::uint64_t>(), kEach * ran));
    }
  }
  return out;
}

}  // namespace fuzz
