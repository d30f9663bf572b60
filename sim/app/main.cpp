// SPDX-License-Identifier: GPL-2.0-or-later
// The `ccasim` command.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sim/app/exit_codes.h"
#include "sim/app/explain.h"
#include "sim/app/rmi_script_command.h"
#include "sim/app/run_command.h"
#include "sim/app/text.h"

namespace {

using sim::app::ExitCode;

constexpr std::string_view kHelp =
    "ccasim simulates an Arm CCA machine: CPUs, firmware, Realm Management Monitor and a KVM host in one process.\n"
    "\n"
    "  ccasim run CONFIG.json [options]              run the virtual machines of a configuration\n"
    "  ccasim inspect CONFIG.json [options] QUERY... run, then look at granules, translation tables, realms and RECs\n"
    "  ccasim payload CONFIG.json --load FILE@ADDR   run Non-secure EL2 code of your own in place of the host\n"
    "  ccasim explain WORD                           a command, a failure condition, an exit, an invariant, a race\n"
    "  ccasim rmi-script FILE [options]              RMI commands and realms' acts by hand, without a CPU engine\n"
    "  ccasim --version\n"
    "\n"
    "'ccasim run --help' lists the options, 'ccasim explain --help' what can be explained. Configurations: configs/. "
    "Exit codes: README.md.\n";

int explain_command(const std::vector<std::string>& words) {
  const auto text = sim::app::explain(words);
  if (text) {
    std::fputs(text->c_str(), stdout);
    return 0;
  }
  std::fprintf(stderr, "ccasim: %s\n", text.error().message.c_str());
  return static_cast<int>(ExitCode::kUsage);
}

int main_command(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help" || arguments[0] == "-h") {
    std::fputs(kHelp.data(), arguments.empty() ? stderr : stdout);
    return static_cast<int>(arguments.empty() ? ExitCode::kUsage : ExitCode::kPoweredOff);
  }
  if (arguments[0] == "--version") {
    std::puts("ccasim 0.1 (RMM 1.0-rel0, KVM series v12)");
    return 0;
  }
  std::error_code error;
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string directory = error ? "." : executable.parent_path().string();
  if (arguments[0] == "explain") return explain_command({arguments.begin() + 1, arguments.end()});
  if (arguments[0] == "rmi-script")
    return static_cast<int>(sim::app::rmi_script_command({arguments.begin() + 1, arguments.end()}));
  for (const std::string_view command : {"run", "inspect", "payload"})
    if (arguments[0] == command)
      return static_cast<int>(sim::app::run_command(arguments[0], {arguments.begin() + 1, arguments.end()}, directory));
  constexpr std::string_view kCommands[] = {"run", "inspect", "payload", "explain", "rmi-script"};
  const auto guess = sim::app::nearest(arguments[0], kCommands);
  std::fprintf(stderr, "ccasim: unknown command '%s'; %s'ccasim --help' lists the commands\n", arguments[0].c_str(),
               guess ? ("did you mean '" + std::string(*guess) + "'? ").c_str() : "");
  return static_cast<int>(ExitCode::kUsage);
}

// A standard descriptor that the caller closed would be the next file's: the console would go into the trace. Opened
// the wrong way round, it keeps refusing what one does with it.
void hold_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// What was printed must have arrived, also where nothing else says so (--help).
int flushed(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (code != 0) return code;
  std::fprintf(stderr, "ccasim: standard output could not be written\n");
  return static_cast<int>(ExitCode::kCannotWrite);
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  try {
    return flushed(main_command(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ccasim: internal error: %s; this is a bug of ccasim\n", error.what());
    return static_cast<int>(ExitCode::kInternalError);
  }
}
