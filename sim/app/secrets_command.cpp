// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/secrets_command.h"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "sim/app/console_lines.h"
#include "sim/app/output_file.h"
#include "sim/app/report.h"
#include "sim/app/secrets_check.h"
#include "sim/app/summary.h"
#include "sim/app/terminal.h"

namespace sim::app {
namespace {

using Clock = std::chrono::steady_clock;

ExitCode complain(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "ccasim: %s\n", message.c_str());
  return code;
}

}  // namespace

ExitCode check_secrets(const RunOptions& options, const RunConfig& config) {
  const auto started = Clock::now();
  std::vector<std::string> names;
  for (const auto& vm : config.vms) names.push_back(vm.name);
  ConsoleLines lines(names, [](std::uint8_t byte) { std::fputc(byte, stdout); });
  Surroundings surroundings;
  surroundings.console = [&](unsigned vm, std::uint8_t byte) { lines.put(vm, byte); };
  surroundings.message = [](std::string_view text) {
    std::fprintf(stderr, "ccasim: %.*s\n", static_cast<int>(text.size()), text.data());
  };
  surroundings.trace_path = options.trace.value_or("");
  surroundings.verbose = options.verbose;
  surroundings.random_schedule = options.schedule == Schedule::kRandom;
  surroundings.limits.max_instructions = options.max_instructions.value_or(~0ULL);
  surroundings.limits.until_ns = options.until_ns.value_or(~0ULL);

  RunReport report;
  trace::Statistics statistics;
  bool trace_is_whole = true;
  SecretsCheck check(config, std::move(surroundings));
  check.set_first([&](Machine& machine, RunResult result) {
    report = make_report(machine, result, false);
    statistics = machine.statistics();
    trace_is_whole = machine.flush_trace();
    if (options.sweep && report.exit_code == ExitCode::kPoweredOff) {
      if (const auto swept = machine.sweep())
        report.swept_granules = *swept;
      else
        report.findings.push_back(swept.error());
    }
  });
  const bool shows_progress = Terminal::shows_progress();
  check.set_progress([&](unsigned run, unsigned of) {
    if (shows_progress) std::fprintf(stderr, "\rccasim: run %u of %u\033[K", run, of);
  });
  const auto found = check.run();
  if (shows_progress) std::fputs("\r\033[K", stderr);
  std::fflush(stdout);
  if (!found) return complain(ExitCode::kBadInput, found.error().message);

  report.checks["I27"] = check.compared_of_host();
  report.checks["I28"] = check.compared_of_realms();
  report.findings.insert(report.findings.end(), found->begin(), found->end());
  // Whatever the first run's end was: a difference is what was asked about.
  if (!report.findings.empty()) report.exit_code = ExitCode::kFinding;
  report.wall_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - started).count());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  report.peak_rss_kib = static_cast<std::uint64_t>(usage.ru_maxrss);
  std::fputs((options.quiet ? findings_text(report) : summary_text(report, statistics)).c_str(), stderr);
  if (!options.quiet)
    std::fprintf(stderr, "  secrets in %llu granules; %u runs\n",
                 static_cast<unsigned long long>(check.secret_granules()), check.runs());

  if (!trace_is_whole)
    return complain(ExitCode::kCannotWrite,
                    fmt::format("the trace '{}' could not be written whole; is the disk full?", *options.trace));
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    return complain(ExitCode::kCannotWrite, "standard output could not be written; the console is incomplete");
  if (options.json)
    if (const auto written = write_output(*options.json, summary_json(report, statistics)); !written)
      return complain(ExitCode::kCannotWrite, written.error());
  return report.exit_code;
}

}  // namespace sim::app
