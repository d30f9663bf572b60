// SPDX-License-Identifier: GPL-2.0-or-later
// `ccasim explain`: commands, failure conditions, REC exits, invariants and named races in words, out of the tables by
// which the monitor works and is checked.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "rmm/call/command.h"
#include "sim/app/options.h"

namespace sim::app {

// The answer to the words after `ccasim explain`, text or (--json) JSON; or what was wrong with them and what to try.
tl::expected<std::string, UsageError> explain(const std::vector<std::string>& arguments);

// The rows of every command that a host or a realm can call: RMI with the answer to unknown ids, then SMCCC, PSCI, RSI.
std::vector<const rmm::call::Command*> explained_commands();

// Everything `explain` knows, as one JSON document.
std::string explain_json();

}  // namespace sim::app
