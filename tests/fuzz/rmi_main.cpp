// SPDX-License-Identifier: GPL-2.0-or-later
// The program behind scripts/fuzz: runs the fuzzer in a child process, shows how far it is, shrinks what it finds to a
// script, and reports what it reached.
#include <getopt.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/app/output_file.h"
#include "sim/script/program.h"
#include "tests/fuzz/rmi/isolated.h"
#include "tests/fuzz/rmi/reach.h"
#include "tests/fuzz/rmi/session.h"
#include "tests/fuzz/rmi/shrink.h"

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr std::string_view kHelp =
    R"(Usage: scripts/fuzz [options]

Random RMI, RSI and PSCI calls on a bare machine, about half of them valid, on several PEs, each judged. A finding becomes
a short script that 'ccasim rmi-script' runs again.

  --seconds N       how long (default 60, or as long as --commands needs)
  --commands N      how many commands of the host and of realms
  --seed S          begins with this seed (default 1); the same seed does the same
  --judge J         local (default): invariants that one event decides, registers and locks after each call
                    invariants: all of them, as under --check
                    model: the abstract model, as under --check=model
  --model           the same as --judge model
  --json FILE       what was reached, for a script ('-' is standard output)
  --script FILE     where a finding's script goes (default finding.rmi-script)
  --help

Exit codes: 0 nothing found, 1 nothing found but less reached than promised (from 10 million commands on), 2 usage,
8 a finding, 9 a file could not be written.
)";

enum Exit : int { kNothing = 0, kTooLittle = 1, kUsage = 2, kFinding = 8, kCannotWrite = 9 };

struct Options {
  std::uint64_t seconds = 0, commands = 0, seed = 1;
  fuzz::Judged judge = fuzz::Judged::kLocal;
  std::string json, script;
  bool help = false;
};

// What parent and child both see.
struct Progress {
  std::atomic<std::uint64_t> episode{0}, commands{0};
};

bool parse_judge(std::string_view name, fuzz::Judged& judge) {
  if (name == "local")
    judge = fuzz::Judged::kLocal;
  else if (name == "invariants")
    judge = fuzz::Judged::kInvariants;
  else if (name == "model")
    judge = fuzz::Judged::kModel;
  else
    return false;
  return true;
}

// False: it was said what is wrong.
bool parse(int argc, char** argv, Options& options) {
  enum : int { kSeconds = 1, kCommands, kSeed, kJudge, kModel, kJson, kScript, kHelpWanted };
  static const option kOptions[] = {// NOLINT: getopt's form
                                    {"seconds", required_argument, nullptr, kSeconds},
                                    {"commands", required_argument, nullptr, kCommands},
                                    {"seed", required_argument, nullptr, kSeed},
                                    {"judge", required_argument, nullptr, kJudge},
                                    {"model", no_argument, nullptr, kModel},
                                    {"json", required_argument, nullptr, kJson},
                                    {"script", required_argument, nullptr, kScript},
                                    {"help", no_argument, nullptr, kHelpWanted},
                                    {nullptr, 0, nullptr, 0}};
  const auto number = [](const char* name, const char* text, std::uint64_t& out) {
    const auto value = sim::script::parse_number(text);
    if (value)
      out = *value;
    else
      std::fprintf(stderr, "fuzz: %s needs a whole number, found '%s'\n", name, text);
    return value.has_value();
  };
  for (int found = 0; (found = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    bool good = true;
    switch (found) {
      case kSeconds: good = number("--seconds", optarg, options.seconds); break;
      case kCommands: good = number("--commands", optarg, options.commands); break;
      case kSeed: good = number("--seed", optarg, options.seed); break;
      case kJudge:
        good = parse_judge(optarg, options.judge);
        if (!good) std::fprintf(stderr, "fuzz: '%s' is no judge; local, invariants and model are\n", optarg);
        break;
      case kModel: options.judge = fuzz::Judged::kModel; break;
      case kJson: options.json = optarg; break;
      case kScript: options.script = optarg; break;
      case kHelpWanted: options.help = true; break;
      default: good = false;
    }
    if (!good) return false;
  }
  if (optind == argc) return true;
  std::fprintf(stderr, "fuzz: '%s' is not expected; --help lists the options\n", argv[optind]);
  return false;
}

Json statistics_json(const fuzz::Statistics& statistics) {
  Json commands = Json::object();
  for (const auto& [name, count] : statistics.commands()) {
    Json conditions = Json::object();
    for (const auto& [id, hits] : count.conditions) conditions[std::string(id)] = hits;
    commands[std::string(name)] = {{"calls", count.calls}, {"successes", count.successes}, {"conditions", conditions}};
  }
  return {{"commands", commands}, {"exits", statistics.exits()}, {"states", statistics.states()}};
}

// The child's work. Its result is one line of JSON.
std::vector<std::string> work(const Options& options, Progress& progress) {
  const auto started = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - started).count(); };
  fuzz::Statistics statistics;
  fuzz::Order order;
  order.trial.judge = options.judge;
  order.seed = options.seed;
  order.commands = options.commands == 0 ? ~0ULL : options.commands;
  order.statistics = &statistics;
  order.begins = [&](std::uint64_t episode) { progress.episode = episode; };
  order.goes_on = [&](std::uint64_t commands) {
    progress.commands = commands;
    return options.seconds == 0 || elapsed() < static_cast<double>(options.seconds);
  };
  const fuzz::Ran ran = fuzz::run(order);
  Json result = statistics_json(statistics);
  result["ran"] = {{"commands", ran.commands}, {"episodes", ran.episodes}, {"seconds", elapsed()}};
  if (ran.finding) result["finding"] = {{"episode", ran.finding->episode}, {"lines", ran.finding->lines}};
  return {result.dump()};
}

// A line on a terminal while the child works.
class Ticker {
 public:
  explicit Ticker(const Progress& progress) {
    if (isatty(STDERR_FILENO) == 0) return;
    thread_ = std::thread([this, &progress] {
      while (!done_) {
        for (int i = 0; i < 5 && !done_; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
        std::fprintf(stderr, "\rfuzz: %.2f million commands, episode %llu\033[K",
                     static_cast<double>(progress.commands) / 1e6,
                     static_cast<unsigned long long>(progress.episode.load()));
      }
      std::fputs("\r\033[K", stderr);
    });
  }
  ~Ticker() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

bool done_or_told(const tl::expected<void, std::string>& written) {
  if (!written) std::fprintf(stderr, "fuzz: %s\n", written.error().c_str());
  return written.has_value();
}

int tell_finding(const Options& options, std::uint64_t episode, const std::vector<std::string>& lines) {
  std::printf("FINDING in episode %llu of seed %llu\n", static_cast<unsigned long long>(episode),
              static_cast<unsigned long long>(options.seed));
  for (const std::string& line : lines) std::printf("  %s\n", line.c_str());
  const fuzz::Trial trial{.judge = options.judge};
  fuzz::Recording recording;
  (void)fuzz::isolated_record(trial, options.seed, episode, recording);
  const std::size_t turns = recording.turns.size();
  const fuzz::Shrunk shrunk = fuzz::shrink(
      recording, [&](const fuzz::Recording& candidate) { return fuzz::isolated_replay(trial, candidate); });
  if (shrunk.lines.empty()) {
    std::printf("it does not happen again from its record of %zu turns; seed and episode are all there is\n", turns);
    return kFinding;
  }
  const std::string script = options.script.empty() ? "finding.rmi-script" : options.script;
  const std::string text = fuzz::script_of(shrunk, options.judge, options.seed, episode);
  if (!done_or_told(sim::app::write_output(script, text))) {
    std::fputs(text.c_str(), stdout);
    return kCannotWrite;
  }
  std::printf("%zu turns became %zu in %zu tries: %s\nrun it again: ccasim rmi-script %s%s\n", turns,
              shrunk.recording.turns.size(), shrunk.tries, script.c_str(),
              options.judge == fuzz::Judged::kModel ? "--check=model " : "--check ", script.c_str());
  return kFinding;
}

void tell_table(const Json& result) {
  std::printf("%-32s %12s %8s  %s\n", "command", "calls", "success", "failed conditions");
  for (const auto& [name, count] : result["commands"].items()) {
    const double calls = count["calls"], successes = count["successes"];
    std::string conditions;
    for (const auto& [id, hits] : count["conditions"].items())
      conditions += fmt::format(" {}={}", id, hits.get<std::uint64_t>());
    std::printf("%-32s %12.0f %7.1f%% %s\n", name.c_str(), calls, calls == 0 ? 0.0 : 100 * successes / calls,
                conditions.c_str());
  }
  std::printf("REC exits:");
  for (const auto& [reason, hits] : result["exits"].items())
    std::printf(" %s=%llu", reason.c_str(), static_cast<unsigned long long>(hits.get<std::uint64_t>()));
  std::printf("\n");
}

int report(const Options& options, Json result) {
  const double commands = result["ran"]["commands"], seconds = result["ran"]["seconds"];
  result["seed"] = options.seed;
  result["commands_per_second"] = seconds > 0 ? commands / seconds : 0;
  const fuzz::Shortfalls shortfalls = fuzz::shortfalls(result);
  result["shortfalls"] = shortfalls;
  if (!options.json.empty() && !done_or_told(sim::app::write_output(options.json, result.dump(2) + "\n")))
    return kCannotWrite;
  if (options.json != "-") {
    tell_table(result);
    for (const fuzz::Unreachable& known : fuzz::unreachable())
      std::printf("unreachable: %s %s: %s\n", std::string(known.command).c_str(), std::string(known.condition).c_str(),
                  std::string(known.reason).c_str());
    std::printf("%.0f commands in %.1f s, %.0f a second, %llu episodes of seed %llu, about %llu abstract states\n",
                commands, seconds, seconds > 0 ? commands / seconds : 0.0,
                static_cast<unsigned long long>(result["ran"]["episodes"].get<std::uint64_t>()),
                static_cast<unsigned long long>(options.seed),
                static_cast<unsigned long long>(result["states"].get<std::uint64_t>()));
  }
  constexpr double kEnough = 10e6;
  if (commands < kEnough) return kNothing;
  for (const std::string& line : shortfalls) std::fprintf(stderr, "fuzz: %s\n", line.c_str());
  return shortfalls.empty() ? kNothing : kTooLittle;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) return kUsage;
  if (options.help) return std::fputs(kHelp.data(), stdout) >= 0 ? kNothing : kCannotWrite;
  for (const std::string* path : {&options.json, &options.script})
    if (!path->empty() && !done_or_told(sim::app::check_writable(*path))) return kCannotWrite;
  constexpr std::uint64_t kDefaultSeconds = 60;
  if (options.seconds == 0 && options.commands == 0) options.seconds = kDefaultSeconds;
  void* memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::fputs("fuzz: there is no memory to share with a child process\n", stderr);
    return kCannotWrite;
  }
  auto& progress = *new (memory) Progress;
  std::vector<std::string> lines;
  {
    const Ticker ticker(progress);
    lines = fuzz::isolated([&] { return work(options, progress); }, 0);
  }
  const Json result = lines.empty() ? Json() : Json::parse(lines.front(), nullptr, false);
  if (!result.is_object()) return tell_finding(options, progress.episode, lines);  // it crashed
  if (result.contains("finding"))
    return tell_finding(options, result["finding"]["episode"], result["finding"]["lines"]);
  return report(options, result);
}
