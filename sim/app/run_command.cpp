// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/run_command.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "sim/app/address_space.h"
#include "sim/app/config.h"
#include "sim/app/console_lines.h"
#include "sim/app/inspect.h"
#include "sim/app/last_look.h"
#include "sim/app/machine.h"
#include "sim/app/options.h"
#include "sim/app/output_file.h"
#include "sim/app/report.h"
#include "sim/app/secrets_command.h"
#include "sim/app/summary.h"
#include "sim/app/terminal.h"
#include "sim/app/text.h"

namespace sim::app {
namespace {

using Clock = std::chrono::steady_clock;

ExitCode complain(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "ccasim: %s\n", message.c_str());
  return code;
}

// The run's loop: slices of scheduler time between which the person is heard.
class Session {
 public:
  Session(const RunOptions& options, const RunConfig& config, std::vector<Query> queries)
      : options_(options),
        config_(config),
        last_look_(std::move(queries)),
        terminal_(!options.batch && !config.payload) {}

  ExitCode run();

 private:
  Surroundings surroundings();
  RunResult run_machine();
  ExitCode finish(RunResult result);
  ExitCode write_files(const RunReport& report);
  void tell_script(const std::vector<std::string>& script);

  const RunOptions& options_;
  const RunConfig& config_;
  LastLook last_look_;
  Terminal terminal_;
  std::unique_ptr<Machine> machine_;
  Clock::time_point started_ = Clock::now();
};

Surroundings Session::surroundings() {
  Surroundings out;
  std::vector<std::string> names;
  for (const auto& vm : config_.vms) names.push_back(vm.name);
  out.console = [lines = ConsoleLines(names, [this](std::uint8_t byte) { terminal_.put(byte); })](
                    unsigned vm, std::uint8_t byte) mutable { lines.put(vm, byte); };
  out.message = [this](std::string_view text) { terminal_.say(fmt::format("ccasim: {}", text)); };
  if (terminal_.interactive()) {
    out.live_key = [this]() -> std::optional<std::uint8_t> { return terminal_.read_key(); };
    out.pace = [this](std::optional<std::uint64_t> ns) {
      const auto before = Clock::now();
      terminal_.wait(ns.value_or(1'000'000'000));
      return static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - before).count());
    };
  }
  out.before_teardown = [this](unsigned vm) { last_look_.before_teardown(*machine_, vm); };
  out.trace_path = options_.trace.value_or("");
  out.verbose = options_.verbose;
  out.check = options_.check == Check::kInvariants;
  out.check_model = options_.check == Check::kModel;
  out.random_schedule = options_.schedule == Schedule::kRandom;
  out.limits.max_instructions = options_.max_instructions.value_or(~0ULL);
  out.limits.until_ns = options_.until_ns.value_or(~0ULL);
  return out;
}

ExitCode Session::run() {
  auto machine = Machine::create(config_, surroundings());
  if (!machine) {
    terminal_.restore();
    return complain(ExitCode::kBadInput, machine.error().message);
  }
  machine_ = std::move(*machine);
  last_look_.prepare(*machine_);
  const RunResult result = run_machine();
  terminal_.flush();
  terminal_.restore();
  return finish(result);
}

// A line on standard error while a long run goes on whose console does not show there.
void show_progress(const SchedulerState& scheduler) {
  std::fprintf(stderr, "\rccasim: %llu million instructions, %.2f s virtual\033[K",
               static_cast<unsigned long long>(scheduler.retired / 1'000'000),
               static_cast<double>(scheduler.now_ns) / 1e9);
}

RunResult Session::run_machine() {
  Machine& machine = *machine_;
  terminal_.set_signal_hook([](void* scheduler) { static_cast<Scheduler*>(scheduler)->request_stop(); },
                            &machine.scheduler());
  const bool progress = Terminal::shows_progress() && !Terminal::shows_output();
  if (progress) terminal_.tick_every_second();
  for (;;) {
    const RunResult result = machine.run();
    if (progress) show_progress(machine.state().scheduler);
    const auto* model = machine.model_check();
    const bool differs = model != nullptr && model->difference();
    if (result != RunResult::kStopped || differs || terminal_.ended() || !terminal_.output_ok()) {
      if (progress) std::fputs("\r\033[K", stderr);
      terminal_.set_signal_hook(nullptr, nullptr);
      return result;
    }
  }
}

ExitCode Session::finish(RunResult result) {
  Machine& machine = *machine_;
  std::fputs(last_look_.answers(machine).c_str(), stdout);

  machine.check_now();
  RunReport report = make_report(machine, result, terminal_.ended());
  if (options_.sweep && report.exit_code == ExitCode::kPoweredOff) {
    if (const auto swept = machine.sweep())
      report.swept_granules = *swept;
    else
      report.findings.push_back(swept.error());
  }
  const auto* model = machine.model_check();
  const bool differs = model != nullptr && model->difference();
  if (differs) {
    report.exit_code = ExitCode::kFinding;
    report.outcome = "stopped: the monitor does what the model does not allow";
    report.findings = model->difference()->lines;
    tell_script(model->difference()->script);
  }
  if (!report.findings.empty() && report.exit_code == ExitCode::kPoweredOff) report.exit_code = ExitCode::kFinding;
  report.wall_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(Clock::now() - started_).count());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  report.peak_rss_kib = static_cast<std::uint64_t>(usage.ru_maxrss);

  if (needs_explanation(report.exit_code)) std::fputs(last_look_.explanation(machine).c_str(), stderr);
  std::fputs((options_.quiet ? findings_text(report) : summary_text(report, machine.statistics())).c_str(), stderr);
  return write_files(report);
}

// What led to the difference: a file beside --json, or the last lines on standard error.
void Session::tell_script(const std::vector<std::string>& script) {
  constexpr std::size_t kShown = 40;
  if (options_.json && *options_.json != "-") {
    const std::string path = *options_.json + ".rmi-script";
    const std::string text =
        fmt::format("# What led to the difference. Run it again: ccasim rmi-script --check=model FILE\n{}\n",
                    fmt::join(script, "\n"));
    if (const auto written = write_output(path, text); written) {
      std::fprintf(stderr, "ccasim: the history is in %s\n", path.c_str());
      return;
    }
  }
  const std::size_t first = script.size() - std::min(script.size(), kShown);
  std::fputs("ccasim: the last commands, oldest first (--json FILE writes them all to FILE.rmi-script):\n", stderr);
  for (std::size_t i = first; i < script.size(); ++i) std::fprintf(stderr, "  %s\n", script[i].c_str());
}

ExitCode Session::write_files(const RunReport& report) {
  if (!machine_->flush_trace())
    return complain(ExitCode::kCannotWrite,
                    fmt::format("the trace '{}' could not be written whole; is the disk full?", *options_.trace));
  if (!terminal_.output_ok() || std::fflush(stdout) != 0)
    return complain(ExitCode::kCannotWrite, "standard output could not be written; the console is incomplete");
  if (options_.json)
    if (const auto written = write_output(*options_.json, summary_json(report, machine_->statistics())); !written)
      return complain(ExitCode::kCannotWrite, written.error());
  return report.exit_code;
}

// --dump-dtb: the device tree of the first VM, as its guest gets it.
ExitCode dump_dtb(const RunConfig& config, const std::string& path) {
  const auto plan = host::vmm::plan_boot(config.vms.front());
  if (!plan)
    return complain(ExitCode::kBadInput,
                    fmt::format("VM '{}': {}", config.vms.front().name, host::vmm::to_string(plan.error())));
  const std::vector<std::byte> blob = first_device_tree(config, *plan);
  if (const auto written = write_output(path, {reinterpret_cast<const char*>(blob.data()), blob.size()}); !written)
    return complain(ExitCode::kCannotWrite, written.error());
  return ExitCode::kPoweredOff;
}

// A query that names no VM of the configuration is a slip of the pen; said before the run.
std::optional<std::string> unknown_realm(const std::vector<Query>& queries, const RunConfig& config) {
  std::vector<std::string_view> names;
  for (const auto& vm : config.vms) names.push_back(vm.name);
  for (const Query& query : queries) {
    const std::string_view realm = realm_of(query);
    if (realm.empty() || std::find(names.begin(), names.end(), realm) != names.end()) continue;
    const auto guess = nearest(realm, names);
    return guess ? fmt::format("no VM is named '{}'; did you mean '{}'?", realm, *guess)
                 : fmt::format("no VM is named '{}'; there are {}", realm, fmt::join(names, ", "));
  }
  return std::nullopt;
}

tl::expected<RunConfig, InputError> payload_run(const RunOptions& options) {
  auto payload = load_payload_config(options);
  if (!payload) return tl::unexpected(payload.error());
  RunConfig out;
  out.machine = payload->platform.machine;
  out.payload = std::move(*payload);
  return out;
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
  const auto& options = std::get<RunOptions>(*parsed);
  std::vector<Query> queries;
  for (const auto& text : options.queries) {
    auto query = parse_query(text);
    if (!query) return complain(ExitCode::kUsage, query.error());
    queries.push_back(std::move(*query));
  }
  const auto config =
      command == "payload" ? payload_run(options) : load_config(options, executable_dir, cache_directory());
  if (!config) return complain(ExitCode::kBadInput, config.error().message);
  if (const auto unknown = unknown_realm(queries, *config)) return complain(ExitCode::kUsage, *unknown);
  for (const auto* path : {&options.dump_dtb, &options.trace, &options.json})
    if (*path)
      if (const auto writable = check_writable(**path); !writable)
        return complain(ExitCode::kCannotWrite, writable.error());
  if (options.dump_dtb) return dump_dtb(*config, *options.dump_dtb);
  if (const auto room = check_address_space(*config); !room) return complain(ExitCode::kBadInput, room.error());
  if (options.check == Check::kSecrets) return check_secrets(options, *config);
  return Session(options, *config, std::move(queries)).run();
}

}  // namespace sim::app
