// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/rmi_script_options.h"

#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "sim/app/command_line.h"

namespace sim::app {
namespace {

namespace po = boost::program_options;

tl::unexpected<UsageError> usage(std::string message) { return tl::unexpected(UsageError{std::move(message)}); }

po::options_description visible_options() {
  po::options_description out("Options");
  out.add_options()("check", po::value<std::string>()->implicit_value("invariants"),
                    "check the monitor: --check or --check=invariants, --check=model");
  out.add_options()("trace", po::value<std::string>(), "write every event as JSON lines (sim/trace/SCHEMA.md)");
  out.add_options()("json", po::value<std::string>(), "write what came out, for a script ('-' is standard output)");
  out.add_options()("verbose", "also say what each command changes: granules, table entries, realms");
  out.add_options()("quiet", "say only what is not as expected");
  out.add_options()("help", "this text");
  return out;
}

}  // namespace

tl::expected<std::variant<RmiScriptOptions, HelpRequest>, UsageError> parse_rmi_script_options(
    const std::vector<std::string>& arguments) {
  const po::options_description visible = visible_options();
  const auto parsed = parse_command_line("rmi-script", visible, arguments);
  if (!parsed) return tl::unexpected(parsed.error());
  const po::variables_map& given = *parsed;
  if (given.count("help") != 0) {
    std::ostringstream text;
    text << "Usage: ccasim rmi-script FILE [options]\n"
            "Runs a script of RMI commands and realms' acts on a machine without a CPU engine, and says what each came "
            "to. The language: docs/rmi-script.md; examples: configs/scripts. FILE may be '-'.\n"
            "Exit codes: 0 as expected, 2 usage, 3 the script is wrong or unreadable, 8 the check found something, "
            "9 a file could not be written, 10 an expectation is not met.\n\n"
         << visible;
    return HelpRequest{text.str()};
  }
  RmiScriptOptions out;
  if (given.count("words") == 0) return usage("which script? Usage: ccasim rmi-script FILE [options]");
  const auto& words = given["words"].as<std::vector<std::string>>();
  if (words.size() > 1) return usage(fmt::format("unexpected argument '{}'; one script is run at a time", words[1]));
  out.file = words[0];
  out.quiet = given.count("quiet") != 0;
  out.verbose = given.count("verbose") != 0 && !out.quiet;
  for (const auto& [name, target] : {std::pair{"trace", &out.trace}, std::pair{"json", &out.json}}) {
    if (given.count(name) == 0) continue;
    *target = given[name].as<std::string>();
    if ((*target)->empty()) return usage(fmt::format("--{} needs the name of a file", name));
  }
  if (out.trace == "-") return usage("--trace needs a file: standard output says what each command came to");
  if (given.count("check") != 0) {
    const auto& what = given["check"].as<std::string>();
    if (what != "invariants" && what != "model")
      return usage(fmt::format("--check must be invariants (or nothing) or model, found '{}'", what));
    out.check = what == "model" ? Check::kModel : Check::kInvariants;
  }
  return out;
}

}  // namespace sim::app
