// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/options.h"

#include <sstream>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "sim/app/command_line.h"
#include "sim/app/text.h"

namespace sim::app {
namespace {

namespace po = boost::program_options;

po::options_description visible_options(const std::string& command) {
  const bool payload = command == "payload";
  po::options_description all("Options");
  auto add = all.add_options();
  if (payload) {
    add("load", po::value<std::vector<std::string>>()->composing()->value_name("FILE@ADDRESS"),
        "put a file into memory, byte for byte; may be given several times");
    add("entry", po::value<std::string>()->value_name("ADDRESS"),
        "where the first PE starts, at EL2 with its MMU off (default: the address of the first --load)");
  } else {
    add("kernel", po::value<std::string>()->value_name("FILE"),
        "guest kernel: arm64 Image (raw, gzip, zstd, EFI zboot), ELF or raw binary");
    add("initrd", po::value<std::string>()->value_name("FILE"), "initial RAM disk");
    add("append", po::value<std::string>()->value_name("TEXT"),
        "added to the kernel command line of the configuration");
    add("vcpus", po::value<std::string>()->value_name("N"), "number of virtual CPUs");
    add("memory", po::value<std::string>()->value_name("SIZE"), "guest memory, e.g. 512MiB");
    add("cpu", po::value<std::string>()->value_name("MODEL"), "cortex-a72 or max");
  }
  add("set", po::value<std::vector<std::string>>()->composing()->value_name("PATH=VALUE"),
      payload ? "set any value of the configuration"
              : "set any value of the configuration, e.g. vms.0.vcpus=4 or machine.memory=4GiB");
  add("trace", po::value<std::string>()->value_name("FILE"), "write a trace as JSON lines (sim/trace/SCHEMA.md)");
  add("verbose",
      "say on standard error each RMI, RSI and PSCI command that fails: condition, and the values that made it true");
  add("check", po::value<std::string>()->implicit_value("invariants")->value_name("WHAT"),
      payload ? "check the monitor while running: its invariants (--check), or each of its steps against the abstract "
                "model until the first difference (--check=model)"
              : "check the monitor while running: its invariants (--check), each of its steps against the abstract "
                "model until the first difference (--check=model), or by more runs whether host or other realms see "
                "what a realm keeps in unmeasured memory (--check=secrets)");
  add("max-instructions", po::value<std::string>()->value_name("N"), "stop after N instructions (exit code 7)");
  add("until", po::value<std::string>()->value_name("TIME"),
      "stop at this virtual time, e.g. 1.5s or 20ms (exit code 7)");
  add("seed", po::value<std::string>()->value_name("N"), "seed of the machine's entropy and of random scheduling");
  add("strategy", po::value<std::string>()->value_name("NAME"), "scheduling: round-robin (default) or random");
  add("json", po::value<std::string>()->value_name("FILE"), "write the summary as JSON ('-' is standard output)");
  if (!payload)
    add("dump-dtb", po::value<std::string>()->value_name("FILE"),
        "write the first VM's device tree ('-' is standard output) and end");
  add("sweep", "at the end, write every DRAM granule once through the Non-secure view");
  add("batch", "not interactive, even on a terminal");
  add("quiet", "no summary; findings are told all the same");
  add("help", "this text");
  return all;
}

tl::unexpected<UsageError> usage(std::string message) { return tl::unexpected(UsageError{std::move(message)}); }

// FILE@ADDRESS. The last '@' counts: a path may have others.
std::optional<PayloadImage> parse_image(const std::string& text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos || at == 0) return std::nullopt;
  const auto address = parse_number(std::string_view(text).substr(at + 1));
  if (!address) return std::nullopt;
  return PayloadImage{text.substr(0, at), *address};
}

}  // namespace

tl::expected<std::variant<RunOptions, HelpRequest>, UsageError> parse_run_options(
    const std::string& command, const std::vector<std::string>& arguments) {
  const po::options_description visible = visible_options(command);
  const auto parsed = parse_command_line(command, visible, arguments);
  if (!parsed) return tl::unexpected(parsed.error());
  const po::variables_map& given = *parsed;

  const bool inspect = command == "inspect";
  if (given.count("help") != 0) {
    std::ostringstream text;
    text
        << (inspect ? "Usage: ccasim inspect CONFIG.json [options] QUERY...\n"
                      "Runs like 'ccasim run', then answers at the end, at --until TIME or on a failure. A QUERY is "
                      "one argument:\n"
                      "  \"granule ADDRESS\"   state, owner and life so far\n"
                      "  \"walk REALM IPA\"    each level's descriptor\n"
                      "  \"rtt REALM\"         the tree of translation tables\n"
                      "  \"realm REALM\"       attributes and measurements\n"
                      "  \"rec REALM N\"       a REC: state and registers\n"
                      "REALM is a VM's name in the configuration.\n\n"
            : command == "payload"
                ? "Usage: ccasim payload CONFIG.json --load FILE@ADDRESS [options]\n"
                  "Runs Non-secure EL2 code of your own on the platform of CONFIG.json, in place of the built-in host. "
                  "It ends at\nPSCI SYSTEM_OFF, when every PE waits for an interrupt that cannot come, or when the "
                  "only PE takes an exception\nat its own vector.\n\n"
                : "Usage: ccasim run CONFIG.json [options]\n\n")
        << visible;
    return HelpRequest{text.str()};
  }

  RunOptions out;
  std::vector<std::string> words;
  if (given.count("words") != 0) words = given["words"].as<std::vector<std::string>>();
  if (words.empty())
    return usage(fmt::format("which machine? Usage: ccasim {} CONFIG.json [options]; see configs/", command));
  out.config = words[0];
  if (inspect)
    out.queries.assign(words.begin() + 1, words.end());
  else if (words.size() > 1)
    return usage(fmt::format("unexpected argument '{}'; one configuration file is run at a time", words[1]));
  if (inspect && out.queries.empty())
    return usage("nothing to inspect; add a query, e.g. \"realm NAME\" ('ccasim inspect --help')");

  if (given.count("load") != 0) {
    for (const auto& text : given["load"].as<std::vector<std::string>>()) {
      auto image = parse_image(text);
      if (!image) return usage(fmt::format("--load needs FILE@ADDRESS, e.g. payload.bin@0x88000000, found '{}'", text));
      out.images.push_back(std::move(*image));
    }
  }
  if (command == "payload" && out.images.empty())
    return usage("nothing to run; say what goes where with --load FILE@ADDRESS, e.g. --load payload.bin@0x88000000");

  const auto string = [&](const char* name) -> std::optional<std::string> {
    if (given.count(name) == 0) return std::nullopt;
    return given[name].as<std::string>();
  };
  out.kernel = string("kernel");
  out.initrd = string("initrd");
  out.append = string("append");
  out.memory = string("memory");
  out.cpu = string("cpu");
  out.trace = string("trace");
  out.json = string("json");
  out.dump_dtb = string("dump-dtb");
  out.verbose = given.count("verbose") != 0;
  if (const auto text = string("check")) {
    if (*text != "invariants" && *text != "model" && *text != "secrets")
      return usage(fmt::format("--check must be invariants (or nothing), model or secrets, found '{}'", *text));
    if (*text == "secrets" && command != "run")
      return usage(
          fmt::format("--check=secrets repeats the runs of 'ccasim run' alone; 'ccasim {}' has none", command));
    out.check = *text == "model" ? Check::kModel : *text == "secrets" ? Check::kSecrets : Check::kInvariants;
  }
  out.sweep = given.count("sweep") != 0;
  out.quiet = given.count("quiet") != 0;
  out.batch = given.count("batch") != 0;
  for (const auto& [name, target] : {std::pair{"max-instructions", &out.max_instructions}, std::pair{"seed", &out.seed},
                                     std::pair{"vcpus", &out.vcpus}}) {
    if (const auto text = string(name)) {
      *target = parse_number(*text);
      if (!*target) return usage(fmt::format("--{} must be a whole number, found '{}'", name, *text));
    }
  }
  if (!out.images.empty() && given.count("entry") == 0 && out.images.front().address % 4 != 0)
    return usage(
        fmt::format("the first PE starts at the address of the first --load, and {:#x} is no multiple of 4; say where "
                    "it starts with --entry ADDRESS",
                    out.images.front().address));
  if (const auto text = string("entry")) {
    const auto address = parse_number(*text);
    if (!address || *address % 4 != 0)
      return usage(fmt::format("--entry must be an address that is a multiple of 4, found '{}'", *text));
    out.entry = address;
  }
  for (const auto& [name, path] :
       {std::pair{"trace", &out.trace}, std::pair{"json", &out.json}, std::pair{"dump-dtb", &out.dump_dtb}}) {
    if (*path && (*path)->empty()) return usage(fmt::format("--{} needs the name of a file", name));
  }
  if (out.trace == "-") return usage("--trace needs a file: standard output is the guest's console");
  if (const auto text = string("until")) {
    out.until_ns = parse_time_ns(*text);
    if (!out.until_ns)
      return usage(fmt::format("--until must be a time such as 1.5s, 20ms or 1000ns, found '{}'", *text));
  }
  if (const auto text = string("strategy")) {
    if (*text == "random")
      out.schedule = Schedule::kRandom;
    else if (*text != "round-robin")
      return usage(fmt::format("--strategy must be round-robin or random, found '{}'", *text));
  }
  if (given.count("set") != 0) {
    for (const auto& assignment : given["set"].as<std::vector<std::string>>()) {
      const auto equals = assignment.find('=');
      if (equals == std::string::npos || equals == 0)
        return usage(fmt::format("--set needs PATH=VALUE, found '{}'", assignment));
      out.set.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
    }
  }
  return out;
}

}  // namespace sim::app
