// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the scenes of the tests with one mutant after the other, each in a process of its own.
//
//   runner JUDGE record FILE         what each scene reaches, and how long it takes; the scenes a judge cannot use
//   runner JUDGE try FILE            a line for each line it reads (a mutant's number, a tab, the scene to begin with
//   if
//                                    there is one): number, verdict, scenes run, the scene that noticed it, by what
//   runner JUDGE show NUMBER SCENE   one scene with a mutant (0: none), in this process: for a debugger
//
// JUDGE: unit, model or invariants. Verdicts: killed, crashed, timeout, survived, unreached.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_config.hpp>
#include <catch2/catch_test_case_info.hpp>
#include <catch2/catch_totals.hpp>
#include <catch2/interfaces/catch_interfaces_registry_hub.hpp>
#include <catch2/interfaces/catch_interfaces_testcase.hpp>
#include <catch2/internal/catch_context.hpp>
#include <catch2/internal/catch_run_context.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <unordered_set>
#include <vector>

#include <mutation_numbers.h>  // written beside the copy of the monitor
#include "tests/fuzz/rmi/session.h"
#include "tests/mutation/judges.h"
#include "tests/mutation/mutant.h"

namespace mutant {

State state;
unsigned char* reached = nullptr;

}  // namespace mutant

namespace mutation {
namespace {

constexpr int kKilled = 10, kOutOfTime = 11;
constexpr std::uint64_t kLeastEvaluations = 200'000;
constexpr std::uint64_t kTimesEvaluations = 20;
constexpr std::uint64_t kEpisodes = 8;            // of the fuzzer, for the model and the invariants
constexpr std::size_t kScenesOfAJudge = 60;       // the shortest of a mutant, before the episodes
constexpr std::size_t kCrashesLookedBehind = 12;  // another scene may say what is wrong

// Shared by a parent and the child that runs scenes.
struct Shared {
  std::uint64_t scene = 0;  // at work
  std::uint64_t evaluations = 0;
  std::array<char, 240> finding{};
  std::array<unsigned char, mutant::kEnd> reached{};
};
Shared* g_shared = nullptr;

// What was noticed, on one line.
std::string finding() {
  std::string text = g_shared->finding.data();
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return text;
}

class Silent : public Catch::EventListenerBase {
 public:
  using EventListenerBase::EventListenerBase;
  void assertionEnded(const Catch::AssertionStats& stats) override {
    if (stats.assertionResult.isOk() || g_shared->finding[0] != 0) return;
    const auto at = stats.assertionResult.getSourceInfo();
    const std::string text = stats.assertionResult.getExpression() + std::string(stats.assertionResult.getMessage());
    std::snprintf(g_shared->finding.data(), g_shared->finding.size(), "%s:%zu: %s", at.file, at.line, text.c_str());
  }
};

// A test, or an episode of the fuzzer.
struct Scene {
  std::string name;
  std::optional<Catch::TestCaseHandle> test;
  std::uint64_t episode = 0;
  bool usable = false;  // without a mutant its judge finds nothing
  std::uint64_t microseconds = 0;
  std::uint64_t evaluations = 0;
  std::unordered_set<std::uint64_t> reaches;
};

// The scene's own verdict: false if an assertion failed (unit) or the judge found something.
class Stage {
 public:
  explicit Stage(JudgeKind kind) : kind_(kind) {
    data_.abortAfter = kind == JudgeKind::kUnit ? 1 : -1;
    config_.emplace(data_);
    Catch::getCurrentMutableContext().setConfig(&*config_);
    context_.emplace(&*config_, Catch::Detail::make_unique<Silent>(&*config_));
    appoint(kind);
  }
  bool passes(const Scene& scene) {
    if (!scene.test) return passes_episode(scene.episode);
    const Catch::Totals totals = context_->runTest(*scene.test);
    if (kind_ == JudgeKind::kUnit) return totals.assertions.failed == 0;
    return tell(take_finding());
  }

 private:
  static bool tell(const std::string& finding) {
    std::snprintf(g_shared->finding.data(), g_shared->finding.size(), "%s", finding.c_str());
    return finding.empty();
  }
  bool passes_episode(std::uint64_t episode) const {
    const auto judge = kind_ == JudgeKind::kModel ? fuzz::Judged::kModel : fuzz::Judged::kInvariants;
    const auto ran = fuzz::run({.trial = {.judge = judge, .prepare = {}}, .commands = 1, .first_episode = episode});
    if (!ran.finding) return true;
    return tell(ran.finding->lines.empty() ? "finding" : ran.finding->lines[0]);
  }

  JudgeKind kind_;
  Catch::ConfigData data_;
  std::optional<Catch::Config> config_;
  std::optional<Catch::RunContext> context_;
};

void limit_time(std::uint64_t seconds) {
  const itimerval timer{.it_interval = {}, .it_value = {.tv_sec = static_cast<time_t>(seconds), .tv_usec = 0}};
  setitimer(ITIMER_PROF, &timer, nullptr);
}

enum class End : std::uint8_t { kPassed, kKilled, kCrashed, kTimeout };

// Runs `body` in a child that ends with what it returns.
End in_child(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) {
    std::perror("runner: fork");
    std::exit(1);
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);                 // NOLINT: POSIX
    const int nothing = open("/dev/null", O_WRONLY);  // NOLINT: POSIX
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    const rlimit memory{4ULL << 30, 4ULL << 30};
    setrlimit(RLIMIT_AS, &memory);
    _exit(body());
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGPROF ? End::kTimeout : End::kCrashed;
  switch (WEXITSTATUS(status)) {
    case 0: return End::kPassed;
    case kKilled: return End::kKilled;
    case kOutOfTime: return End::kTimeout;
    default: return End::kCrashed;
  }
}

std::vector<Scene> all_scenes(JudgeKind kind) {
  std::vector<Scene> scenes;
  for (const Catch::TestCaseHandle& handle : Catch::getRegistryHub().getTestCaseRegistry().getAllTests())
    scenes.push_back({.name = handle.getTestCaseInfo().name, .test = handle});
  if (kind != JudgeKind::kUnit)
    for (std::uint64_t n = 0; n < kEpisodes; ++n)
      scenes.push_back({.name = fmt::format("episode {} of the fuzzer", n), .episode = n});
  return scenes;
}

int record(JudgeKind kind, const std::string& file) {
  std::ofstream out(file);
  for (const Scene& scene : all_scenes(kind)) {
    g_shared->reached.fill(0);
    g_shared->finding[0] = 0;
    g_shared->evaluations = 0;
    const auto begin = std::chrono::steady_clock::now();
    const End end = in_child([&] {
      limit_time(60);
      Stage stage(kind);
      const bool passed = stage.passes(scene);
      g_shared->evaluations = ~0ULL - mutant::state.left;
      return passed ? 0 : kKilled;
    });
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
    if (end != End::kPassed && kind == JudgeKind::kUnit) {
      fmt::print(stderr, "runner: without a mutant this test fails: {}\n  {}\n", scene.name, g_shared->finding.data());
      return 1;
    }
    out << (end == End::kPassed) << ' ' << took.count() << ' ' << g_shared->evaluations << " 0,";
    for (std::size_t number = 0; number < g_shared->reached.size(); ++number)
      if (g_shared->reached[number] != 0) out << number << ',';
    out << ' ' << scene.name << (end == End::kPassed ? "" : "\t" + finding()) << '\n';
  }
  return out.flush() ? 0 : 1;
}

std::vector<Scene> recorded_scenes(JudgeKind kind, const std::string& file) {
  std::vector<Scene> scenes = all_scenes(kind);
  std::ifstream in(file);
  std::size_t n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    std::istringstream words(line);
    std::string reaches, name;
    if (n >= scenes.size()) break;
    Scene& scene = scenes[n];
    words >> scene.usable >> scene.microseconds >> scene.evaluations >> reaches >> std::ws;
    std::getline(words, name);
    name = name.substr(0, name.find('\t'));
    if (name != scene.name) break;
    std::istringstream list(reaches);
    for (std::string number; std::getline(list, number, ',');) scene.reaches.insert(std::stoul(number));
  }
  if (n == scenes.size()) return scenes;
  fmt::print(stderr, "runner: {} was recorded by another build. Record again.\n", file);
  std::exit(1);
}

// The scenes that reach the mutant, the shortest first.
std::vector<const Scene*> candidates(JudgeKind kind, const std::vector<Scene>& scenes, unsigned number) {
  std::vector<const Scene*> out;
  for (const Scene& s : scenes)
    if (s.usable && s.reaches.contains(number)) out.push_back(&s);
  // By what they do, not by how long it took: the same scenes judge a mutant each time.
  std::stable_sort(out.begin(), out.end(),
                   [](const Scene* a, const Scene* b) { return a->evaluations < b->evaluations; });
  if (kind == JudgeKind::kUnit) return out;
  const auto episodes =
      std::stable_partition(out.begin(), out.end(), [](const Scene* s) { return s->test.has_value(); });
  if (episodes - out.begin() > static_cast<std::ptrdiff_t>(kScenesOfAJudge))
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(kScenesOfAJudge), episodes);
  return out;
}

bool swaps(unsigned number) {
  return std::find(std::begin(mutant::kPairs), std::end(mutant::kPairs), number) != std::end(mutant::kPairs);
}

int run_from(JudgeKind kind, const std::vector<const Scene*>& scenes, std::size_t first, unsigned number) {
  mutant::state.active = number;
  mutant::state.swaps = swaps(number);
  Stage stage(kind);
  for (std::size_t i = first; i < scenes.size(); ++i) {
    g_shared->scene = i;
    limit_time(2 + scenes[i]->microseconds / 100'000);
    mutant::state.left = kLeastEvaluations + kTimesEvaluations * scenes[i]->evaluations;
    if (!stage.passes(*scenes[i])) return kKilled;
  }
  g_shared->scene = scenes.size();
  return 0;
}

void try_one(JudgeKind kind, const std::vector<Scene>& all, unsigned number, const std::string& first) {
  auto scenes = candidates(kind, all, number);
  std::stable_partition(scenes.begin(), scenes.end(), [&](const Scene* s) { return s->name == first; });
  std::string verdict = scenes.empty() ? "unreached" : "survived", by;
  std::size_t next = 0, crashes = 0;
  while (next < scenes.size()) {
    g_shared->finding[0] = 0;
    const End end = in_child([&] { return run_from(kind, scenes, next, number); });
    if (end == End::kPassed) {
      next = scenes.size();
      break;
    }
    const std::size_t at = g_shared->scene;
    const std::string what = scenes[at]->name + "\t" + finding();
    next = at + 1;
    if (end == End::kKilled) {
      verdict = "killed";
      by = what;
      break;
    }
    if (crashes++ == 0) {
      verdict = end == End::kCrashed ? "crashed" : "timeout";
      by = what;
    }
    if (crashes > kCrashesLookedBehind) break;
  }
  fmt::print("{}\t{}\t{}\t{}\n", number, verdict, next, by);
  std::fflush(stdout);
}

int show(JudgeKind kind, unsigned number, const std::string& name) {
  for (const Scene& scene : all_scenes(kind)) {
    if (scene.name != name) continue;
    mutant::state.active = number;
    mutant::state.swaps = swaps(number);
    const bool passed = Stage(kind).passes(scene);
    fmt::print("{} {}\n", passed ? "passed" : "noticed:", g_shared->finding.data());
    return passed ? 0 : 1;
  }
  fmt::print(stderr, "runner: there is no scene '{}'\n", name);
  return 2;
}

int main_of(const std::vector<std::string>& args) {
  if (args.size() != (args.size() > 1 && args[1] == "show" ? 4 : 3)) {
    fmt::print(stderr, "usage: runner unit|model|invariants record|try FILE, or show NUMBER SCENE\n");
    return 2;
  }
  const JudgeKind kind = args[0] == "unit"    ? JudgeKind::kUnit
                         : args[0] == "model" ? JudgeKind::kModel
                                              : JudgeKind::kInvariants;
  g_shared = new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared;
  mutant::reached = g_shared->reached.data();
  if (args[1] == "show") return show(kind, static_cast<unsigned>(std::stoul(args[2])), args[3]);
  if (args[1] == "record") return record(kind, args[2]);
  const std::vector<Scene> scenes = recorded_scenes(kind, args[2]);
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    const auto number = static_cast<unsigned>(std::stoul(line.substr(0, tab)));
    if (number < mutant::kEnd) try_one(kind, scenes, number, line.substr(std::min(tab + 1, line.size())));
  }
  return 0;
}

}  // namespace
}  // namespace mutation

[[noreturn]] void mutant::give_up() { _exit(mutation::kOutOfTime); }

int main(int argc, char** argv) { return mutation::main_of({argv + 1, argv + argc}); }
