// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/rmi_script_command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>

#include <tl/expected.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/app/output_file.h"
#include "sim/app/rmi_script_options.h"
#include "sim/script/play.h"
#include "sim/script/program.h"
#include "sim/trace/json_trace.h"

namespace sim::app {
namespace {

ExitCode complain(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "ccasim: %s\n", message.c_str());
  return code;
}

bare::Check check_of(Check check) {
  switch (check) {
    case Check::kNone:
    case Check::kSecrets: break;  // refused by the options
    case Check::kInvariants: return bare::Check::kInvariants;
    case Check::kModel: return bare::Check::kModel;
  }
  return bare::Check::kNone;
}

// What a command changes, told as it happens.
class Changes : public rmm::port::Observer {
 public:
  explicit Changes(std::function<void(const std::string&)> say) : say_(std::move(say)) {}
  void granule_transition(const rmm::port::GranuleTransition& e) override {
    say_(fmt::format("granule {:#x}: {} to {}", e.granule.pa().value, e.from, e.to));
  }
  void rtt_write(const rmm::port::RttWrite& e) override {
    say_(fmt::format("entry of IPA {:#x} at level {}: {:#x} to {:#x}", e.ipa.value, e.level, e.before, e.after));
  }
  void ripas_change(const rmm::port::RipasChange& e) override {
    say_(fmt::format("RIPAS of {:#x} to {:#x}: {} to {}", e.range.base.value, e.range.top.value, e.from, e.to));
  }
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override {
    say_(fmt::format("realm {:#x}: {} to {}", rd.value, from, to));
  }

 private:
  std::function<void(const std::string&)> say_;
};

nlohmann::json summary(const script::Played& played, ExitCode code) {
  nlohmann::json out = {{"commands", played.commands},         {"failed", played.failed},
                        {"expectations", played.expectations}, {"unexpected", played.unexpected},
                        {"not_reached", played.not_reached},   {"findings", played.findings},
                        {"exit_code", static_cast<int>(code)}};
  if (played.error) out["error"] = {{"line", played.error->line}, {"message", played.error->message}};
  return out;
}

// Standard output is one JSON document.
bool only_json(const RmiScriptOptions& options) { return options.json == "-"; }

ExitCode result(const script::Played& played) {
  if (played.error) return ExitCode::kBadInput;
  if (!played.findings.empty()) return ExitCode::kFinding;
  return played.unexpected.empty() ? ExitCode::kPoweredOff : ExitCode::kUnexpected;
}

void tell(const RmiScriptOptions& options, const script::Played& played) {
  if (played.error) {
    complain(ExitCode::kBadInput, fmt::format("{}:{}: {}", options.file, played.error->line, played.error->message));
    return;
  }
  if (only_json(options)) return;
  for (const std::string& finding : played.findings) std::printf("FINDING %s\n", finding.c_str());
  if (options.quiet)
    for (const std::string& line : played.unexpected) std::printf("%s: %s\n", options.file.c_str(), line.c_str());
  if (!options.quiet || !played.unexpected.empty() || !played.findings.empty())
    std::printf("%llu commands ended, %llu of them failed; %llu expectations, %zu not met%s\n",
                static_cast<unsigned long long>(played.commands), static_cast<unsigned long long>(played.failed),
                static_cast<unsigned long long>(played.expectations), played.unexpected.size(),
                options.check == Check::kNone ? ""
                : played.findings.empty()     ? "; the check found nothing"
                                              : "; the check found something");
}

tl::expected<std::string, std::string> read_script(const std::string& path) {
  std::string text;
  if (path == "-") {
    for (int c = 0; (c = std::getchar()) != EOF;) text += static_cast<char>(c);
    return text;
  }
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  errno = 0;
  std::ifstream in(path);
  if (!in || folder)
    return tl::unexpected(fmt::format("{} cannot be read: {}; examples of scripts are in configs/scripts", path,
                                      std::strerror(folder ? EISDIR : errno)));
  text.assign(std::istreambuf_iterator<char>(in), {});
  return text;
}

ExitCode play(const RmiScriptOptions& options, const std::vector<script::Statement>& program) {
  script::Play play(program, check_of(options.check), [&](std::string_view line) {
    if (!options.quiet && !only_json(options)) std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
  });
  bare::Machine* machine = nullptr;
  play.set_prepare([&](bare::Machine& made) { machine = &made; });
  std::unique_ptr<trace::JsonTrace> trace;
  if (options.trace) {
    auto opened = trace::JsonTrace::open(*options.trace, [&] {
      return trace::JsonTrace::Now{machine->platform().clock.now, machine->current_pe()};
    });
    if (!opened) return complain(ExitCode::kCannotWrite, opened.error());
    trace = std::move(*opened);
    play.observe(*trace);
  }
  Changes changes([](const std::string& line) { std::printf("        %s\n", line.c_str()); });
  if (options.verbose && !only_json(options)) play.observe(changes);
  const script::Played played = play.run();
  tell(options, played);
  ExitCode code = result(played);
  if (options.json)
    if (const auto written = write_output(*options.json, summary(played, code).dump(2) + "\n"); !written)
      code = complain(ExitCode::kCannotWrite, written.error());
  if (trace && !trace->flush()) code = complain(ExitCode::kCannotWrite, *options.trace + " could not be written");
  return code;
}

}  // namespace

ExitCode rmi_script_command(const std::vector<std::string>& arguments) {
  const auto parsed = parse_rmi_script_options(arguments);
  if (!parsed) return complain(ExitCode::kUsage, parsed.error().message);
  if (const auto* help = std::get_if<HelpRequest>(&*parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return ExitCode::kPoweredOff;
  }
  const auto& options = std::get<RmiScriptOptions>(*parsed);
  for (const auto* path : {&options.trace, &options.json})
    if (*path)
      if (const auto writable = check_writable(**path); !writable)
        return complain(ExitCode::kCannotWrite, writable.error());
  const auto text = read_script(options.file);
  if (!text) return complain(ExitCode::kBadInput, text.error());
  const auto program = script::parse(*text);
  if (!program)
    return complain(ExitCode::kBadInput,
                    fmt::format("{}:{}: {}", options.file, program.error().line, program.error().message));
  return play(options, *program);
}

}  // namespace sim::app
