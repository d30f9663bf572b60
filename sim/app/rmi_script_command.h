// SPDX-License-Identifier: GPL-2.0-or-later
// `ccasim rmi-script`: a script of RMI commands and realms' acts on a machine without a CPU engine
// (docs/rmi-script.md).
#pragma once

#include <string>
#include <vector>

#include "sim/app/exit_codes.h"

namespace sim::app {

// `arguments` are those after the command word.
ExitCode rmi_script_command(const std::vector<std::string>& arguments);

}  // namespace sim::app
