// SPDX-License-Identifier: GPL-2.0-or-later
// A machine and what happens on it, as a script that does it again.
#pragma once

#include <string>
#include <vector>

#include "sim/bare/machine.h"

namespace sim::script {

// The line `machine ...`.
std::string line_of(const bare::Settings& settings);
// One line for a move, three for two together.
std::vector<std::string> lines_of(const bare::Turn& turn);

}  // namespace sim::script
