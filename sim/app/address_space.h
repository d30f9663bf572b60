// SPDX-License-Identifier: GPL-2.0-or-later
// Whether this process may map what a machine needs. The CPU emulator ends the process when it may not, in the middle
// of a run and without our exit codes, so this is asked before.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "sim/app/config.h"

namespace sim::app {

// Error: a sentence that says what to do.
tl::expected<void, std::string> check_address_space(const RunConfig& config);

}  // namespace sim::app
