// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of `ccasim rmi-script`.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "sim/app/options.h"

namespace sim::app {

struct RmiScriptOptions {
  std::string file;  // "-": standard input
  std::optional<std::string> trace, json;
  Check check = Check::kNone;
  bool quiet = false, verbose = false;
};

// Parses the arguments after the command word.
tl::expected<std::variant<RmiScriptOptions, HelpRequest>, UsageError> parse_rmi_script_options(
    const std::vector<std::string>& arguments);

}  // namespace sim::app
