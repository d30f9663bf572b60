// SPDX-License-Identifier: GPL-2.0-or-later
// `ccasim run --check=secrets`.
#pragma once

#include "sim/app/config.h"
#include "sim/app/exit_codes.h"
#include "sim/app/options.h"

namespace sim::app {

// The first run's consoles on standard output, summary and findings on standard error, as of any run. Never
// interactive: live input would differ between the runs.
ExitCode check_secrets(const RunOptions& options, const RunConfig& config);

}  // namespace sim::app
