// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/command_line.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "sim/app/text.h"

namespace sim::app {
namespace {

namespace po = boost::program_options;

tl::unexpected<UsageError> usage(std::string message) { return tl::unexpected(UsageError{std::move(message)}); }

// Boost names a wrong option in its own words; a person also wants the nearest right one.
std::string unknown_option_message(const std::string& option, const po::options_description& all,
                                   const std::string& command) {
  std::vector<std::string> names;
  for (const auto& known : all.options()) names.push_back(known->long_name());
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string bare = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  if (const auto guess = nearest(bare, views))
    return fmt::format("unknown option '{}'; did you mean '--{}'?", option, *guess);
  return fmt::format("unknown option '{}'; 'ccasim {} --help' lists them", option, command);
}

}  // namespace

tl::expected<po::variables_map, UsageError> parse_command_line(const std::string& command,
                                                               const po::options_description& visible,
                                                               const std::vector<std::string>& arguments) {
  po::options_description all;
  all.add(visible);
  all.add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("words", -1);

  po::variables_map given;
  try {
    using namespace po::command_line_style;
    std::vector<std::string> words = arguments;
    std::replace(words.begin(), words.end(), std::string("--check"), std::string("--check=invariants"));
    po::store(
        po::command_line_parser(words).options(all).positional(positional).style(unix_style & ~allow_guessing).run(),
        given);
  } catch (const po::unknown_option& error) {
    return usage(unknown_option_message(error.get_option_name(), visible, command));
  } catch (const po::error& error) {
    return usage(fmt::format("{}; 'ccasim {} --help' lists the options", error.what(), command));
  }
  return given;
}

}  // namespace sim::app
