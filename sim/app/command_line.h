// SPDX-License-Identifier: GPL-2.0-or-later
// The part of every command line that is alike: options beside plain words, mistakes in words of ours.
#pragma once

#include <string>
#include <vector>

#include <boost/program_options.hpp>
#include <tl/expected.hpp>

#include "sim/app/options.h"

namespace sim::app {

// Parses the arguments of `ccasim <command>`. Plain words are in "words"; a bare --check is --check=invariants, and the
// word behind it a plain one. Error: a message that names the nearest option, or where they are listed.
tl::expected<boost::program_options::variables_map, UsageError> parse_command_line(
    const std::string& command, const boost::program_options::options_description& visible,
    const std::vector<std::string>& arguments);

}  // namespace sim::app
