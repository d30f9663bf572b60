// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/run_command.h"

#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "sim/app/config.h"
#include "sim/app/inspect.h"
#include "sim/app/machine.h"
#include "sim/app/options.h"
#include "sim/app/report.h"
#include "sim/app/summary.h"
#include "sim/app/terminal.h"

namespace sim::app {
namespace {

using Clock = std::chrono::steady_clock;

ExitCode complain(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "ccasim: %s\n", message.c_str());
  return code;
}

// Writes `text` whole or not at all: to a file beside `path` first, then by rename.
bool write_file(const std::string& path, std::string_view text, std::string& problem) {
  const std::string partial = path + ".part";
  std::ofstream file(partial, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file || std::rename(partial.c_str(), path.c_str()) != 0) {
    problem = fmt::format("cannot write '{}': {}", path, std::strerror(errno));
    std::remove(partial.c_str());
    return false;
  }
  return true;
}

// The run's loop: slices of scheduler time between which the person is heard.
class Session {
 public:
  Session(const RunOptions& options, const RunConfig& config)
      : options_(options), config_(config), terminal_(!options.batch) {}

  ExitCode run(std::vector<Query> queries);

 private:
  Surroundings surroundings();
  RunResult run_machine(Machine& machine);
  ExitCode finish(Machine& machine, RunResult result, const std::vector<Query>& queries);

  const RunOptions& options_;
  const RunConfig& config_;
  Terminal terminal_;
  Clock::time_point started_ = Clock::now();
};

Surroundings Session::surroundings() {
  Surroundings out;
  const bool several = config_.vms.size() > 1;
  out.console = [this, several, at_line_start = std::vector<bool>(config_.vms.size(), true), last = ~0U](
                    unsigned vm, std::uint8_t byte) mutable {
    // Several consoles on one output: each line says whose it is, and a line of another VM starts on a line of its own.
    if (several) {
      if (last != vm && last != ~0U && !at_line_start[last]) {
        terminal_.put('\n');
        at_line_start[last] = true;
      }
      if (at_line_start[vm])
        for (const char c : config_.vms[vm].name + ": ") terminal_.put(static_cast<std::uint8_t>(c));
      at_line_start[vm] = byte == '\n';
      last = vm;
    }
    terminal_.put(byte);
  };
  out.message = [this](std::string_view text) { terminal_.say(fmt::format("ccasim: {}", text)); };
  if (terminal_.interactive()) {
    out.live_key = [this]() -> std::optional<std::uint8_t> { return terminal_.read_key(); };
    out.pace = [this](std::optional<std::uint64_t> ns) {
      const auto before = Clock::now();
      terminal_.wait(ns.value_or(1'000'000'000));
      return static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - before).count());
    };
  }
  out.trace_path = options_.trace.value_or("");
  out.check = options_.check;
  out.random_schedule = options_.schedule == Schedule::kRandom;
  out.limits.max_instructions = options_.max_instructions.value_or(~0ULL);
  out.limits.until_ns = options_.until_ns.value_or(~0ULL);
  return out;
}

ExitCode Session::run(std::vector<Query> queries) {
  auto machine = Machine::create(config_, surroundings());
  if (!machine) return complain(ExitCode::kBadInput, machine.error().message);
  for (const auto& query : queries)
    if (const auto* granule = std::get_if<GranuleQuery>(&query)) (*machine)->follow(granule->granule);
  const RunResult result = run_machine(**machine);
  terminal_.flush();
  terminal_.restore();
  return finish(**machine, result, queries);
}

// A line on standard error while a long run goes on whose console does not show there.
void show_progress(const SchedulerState& scheduler) {
  std::fprintf(stderr, "\rccasim: %llu million instructions, %.2f s virtual\033[K",
               static_cast<unsigned long long>(scheduler.retired / 1'000'000),
               static_cast<double>(scheduler.now_ns) / 1e9);
}

RunResult Session::run_machine(Machine& machine) {
  terminal_.set_signal_hook([](void* scheduler) { static_cast<Scheduler*>(scheduler)->request_stop(); },
                            &machine.scheduler());
  const bool progress = Terminal::shows_progress() && !Terminal::shows_output();
  if (progress) terminal_.tick_every_second();
  for (;;) {
    const RunResult result = machine.run();
    if (progress) show_progress(machine.state().scheduler);
    if (result != RunResult::kStopped || terminal_.ended() || !terminal_.output_ok()) {
      if (progress) std::fputs("\r\033[K", stderr);
      terminal_.set_signal_hook(nullptr, nullptr);
      return result;
    }
  }
}

ExitCode Session::finish(Machine& machine, RunResult result, const std::vector<Query>& queries) {
  Inspector inspector(machine.platform(), machine.state().monitor, machine.history(),
                      [&](std::string_view name) { return machine.find_realm(name); });
  for (const auto& query : queries) std::fputs(inspector.answer(query).c_str(), stdout);

  machine.check_now();
  RunReport report = make_report(machine, result, terminal_.ended());
  if (options_.sweep && report.exit_code == ExitCode::kPoweredOff) {
    if (const auto swept = machine.sweep())
      report.swept_granules = *swept;
    else
      report.findings.push_back(swept.error());
  }
  if (!report.findings.empty() && report.exit_code == ExitCode::kPoweredOff) report.exit_code = ExitCode::kFinding;
  report.wall_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - started_).count());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  report.peak_rss_kib = static_cast<std::uint64_t>(usage.ru_maxrss);

  if (needs_explanation(report.exit_code)) std::fputs(describe_vcpus(machine).c_str(), stderr);
  if (!options_.quiet) std::fputs(summary_text(report, machine.statistics()).c_str(), stderr);
  if (!machine.flush_trace())
    return complain(ExitCode::kCannotWrite,
                    fmt::format("the trace '{}' could not be written whole; is the disk full?", *options_.trace));
  if (!terminal_.output_ok())
    return complain(ExitCode::kCannotWrite, "standard output could not be written; the console is incomplete");
  if (options_.json) {
    const std::string text = summary_json(report, machine.statistics());
    std::string problem;
    if (*options_.json == "-")
      std::fputs(text.c_str(), stdout);
    else if (!write_file(*options_.json, text, problem))
      return complain(ExitCode::kCannotWrite, problem);
  }
  return report.exit_code;
}

// --dump-dtb: the device tree of the first VM, as its guest gets it.
ExitCode dump_dtb(const RunConfig& config, const std::string& path) {
  const auto plan = host::vmm::plan_boot(config.vms.front());
  if (!plan) return complain(ExitCode::kBadInput, host::vmm::to_string(plan.error()));
  const std::vector<std::byte> blob = first_device_tree(config, *plan);
  std::string problem;
  if (!write_file(path, {reinterpret_cast<const char*>(blob.data()), blob.size()}, problem))
    return complain(ExitCode::kCannotWrite, problem);
  return ExitCode::kPoweredOff;
}

}  // namespace

ExitCode run_command(const std::string& command, const std::vector<std::string>& arguments,
                     const std::string& executable_dir) {
  const auto parsed = parse_run_options(command, arguments);
  if (!parsed) return complain(ExitCode::kUsage, parsed.error().message);
  if (const auto* help = std::get_if<HelpRequest>(&*parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return ExitCode::kPoweredOff;
  }
  const RunOptions& options = std::get<RunOptions>(*parsed);
  std::vector<Query> queries;
  for (const auto& text : options.queries) {
    auto query = parse_query(text);
    if (!query) return complain(ExitCode::kUsage, query.error());
    queries.push_back(std::move(*query));
  }
  const auto config = load_config(options, executable_dir, cache_directory());
  if (!config) return complain(ExitCode::kBadInput, config.error().message);
  if (options.dump_dtb) return dump_dtb(*config, *options.dump_dtb);
  return Session(options, *config).run(std::move(queries));
}

}  // namespace sim::app
