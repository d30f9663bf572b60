// SPDX-License-Identifier: GPL-2.0-or-later
// Races and hazards of the host's side, as the reviews of the KVM series and its code show them: R1 to R73. `ccasim
// explain R15` prints one; scenarios and tests name them.
#pragma once

#include <span>
#include <string_view>

namespace sim::app {

struct Race {
  std::string_view title;
  std::string_view happens;  // what goes wrong
  std::string_view right;    // what a sound host does
};

// races()[0] is R1.
std::span<const Race> races();

}  // namespace sim::app
