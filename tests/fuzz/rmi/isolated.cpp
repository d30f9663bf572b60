// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/rmi/isolated.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#ifdef CCASIM_COVERAGE
extern "C" {
#include <gcov.h>
}
#endif

namespace fuzz {
namespace {

constexpr unsigned kPatience = 20;  // seconds for an episode
constexpr std::string_view kFound = "found: ";

// An episode in memory that survives the child.
struct Shared {
  static constexpr std::size_t kMost = 4096;
  std::size_t count = 0;
  std::array<sim::bare::Turn, kMost> turns;
};
static_assert(std::is_trivially_copyable_v<sim::bare::Turn>);

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

[[noreturn]] void be_child(int fd, const std::function<std::vector<std::string>()>& body, unsigned seconds) {
  dup2(fd, STDERR_FILENO);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM, SIGINT}) std::signal(signal, SIG_DFL);
  alarm(seconds);
  std::string text;
  for (std::string line : body()) {
    for (char& c : line)
      if (c == '\n') c = '\x1f';
    text += fmt::format("{}{}\n", kFound, line);
  }
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t put = write(fd, rest.data(), rest.size());
    if (put <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
#ifdef CCASIM_COVERAGE
  __gcov_dump();  // what exit() would do
#endif
  _exit(0);
}

}  // namespace

std::vector<std::string> isolated(const std::function<std::vector<std::string>()>& body, unsigned seconds) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return {"no pipe could be made"};
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return {"no child process could be made"};
  if (child == 0) {
    close(ends[0]);
    be_child(ends[1], body, seconds);
  }
  close(ends[1]);
  const std::string text = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  std::vector<std::string> lines;
  std::string said;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!line.starts_with(kFound)) {
      if (said.empty() || line.find("ERROR:") != std::string::npos) said = line;
      continue;
    }
    for (char& c : line)
      if (c == '\x1f') c = '\n';
    lines.push_back(line.substr(kFound.size()));
  }
  if (WIFSIGNALED(status)) {
    const bool slow = WTERMSIG(status) == SIGALRM;
    lines.push_back(slow ? fmt::format("hang: no end after {} s", seconds)
                         : fmt::format("crash by signal {}: {}", WTERMSIG(status), said));
  } else if (WEXITSTATUS(status) != 0) {
    lines.push_back(fmt::format("crash with exit code {}: {}", WEXITSTATUS(status), said));
  }
  return lines;
}

std::vector<std::string> isolated_record(const Trial& trial, std::uint64_t seed, std::uint64_t episode,
                                         Recording& out) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {"no memory for a recording"};
  auto* shared = new (memory) Shared;
  std::vector<std::string> lines = isolated(
      [&] {
        Recording unused;
        const auto finding = record(trial, seed, episode, unused, [&](const sim::bare::Turn& turn) {
          if (shared->count < Shared::kMost) shared->turns.at(shared->count++) = turn;
        });
        return finding ? finding->lines : std::vector<std::string>{};
      },
      kPatience);
  out.settings = settings_of(seed, episode);
  out.turns.assign(shared->turns.begin(), shared->turns.begin() + static_cast<std::ptrdiff_t>(shared->count));
  munmap(memory, sizeof(Shared));
  return lines;
}

std::vector<std::string> isolated_replay(const Trial& trial, const Recording& recording) {
  return isolated([&] { return replay(trial, recording); }, kPatience);
}

}  // namespace fuzz
