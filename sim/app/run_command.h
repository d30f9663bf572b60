// SPDX-License-Identifier: GPL-2.0-or-later
// `ccasim run`, `ccasim inspect` and `ccasim payload`: a machine from its configuration to its summary.
#pragma once

#include <string>
#include <vector>

#include "sim/app/exit_codes.h"

namespace sim::app {

// `command` is "run", "inspect" or "payload". Console on standard output, everything else on standard error.
ExitCode run_command(const std::string& command, const std::vector<std::string>& arguments,
                     const std::string& executable_dir);

}  // namespace sim::app
