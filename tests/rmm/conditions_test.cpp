// SPDX-License-Identifier: GPL-2.0-or-later
// Tests generated from the provocations: every failure condition alone, every mandated ordered pair, and that neither
// a row nor a condition is without one.
#include <fmt/core.h>

#include <algorithm>
#include <functional>

#include <catch2/internal/catch_test_registry.hpp>

#include "tests/rmm/conditions_suite.h"

using namespace conditions;

namespace {

using rmm::call::Command;
using rmm::port::Interface;

bool contains(std::string_view ids, std::string_view id) {
  bool found = false;
  rmm::call::for_each_id(ids, [&](std::string_view each) { found = found || each == id; });
  return found;
}

std::unique_ptr<Scene> scene(const Suite& suite, const rmm::core::Limits& limits) {
  auto s = std::make_unique<Scene>(limits);
  s->x[0] = suite.fid;
  if (suite.prepare != nullptr) suite.prepare(*s);
  return s;
}

// What the specification says about one output of a failing command (D1, the pages' outputs `top`, VERSION).
std::uint64_t expected_output(const Scene& s, std::string_view name) {
  if (name == "lower" || name == "higher") return abi::v1_0::kInterfaceVersion10;
  return name == "top" ? s.top : 0;
}

void check_registers(const Command& row, const Scene& s, const Observed& seen) {
  std::array<std::uint64_t, kRegisters> expected = s.x;
  expected[0] = seen.x[0];
  expected[1] = expected[2] = expected[3] = 0;
  for (const auto& out : row.out) expected[out.reg] = expected_output(s, out.name);
  CHECK(seen.x == expected);
}

void check_failure(const Command& row, const Scene& s, const Observed& seen, std::string_view id) {
  CHECK(seen.answered);
  CHECK(seen.condition == id);
  CHECK(seen.x[0] == (specified_status(row, id) | (s.index << 8)));
  CHECK((seen.unchanged || s.rec_runs));
  CHECK(seen.locks_held == 0);
  check_registers(row, s, seen);
}

void test_alone(const Suite& suite, const Provocation& p) {
  const Command& row = row_of(suite.command);
  const auto s = scene(suite, p.limits);
  p.spoil(*s);
  check_failure(row, *s, make_call(*s, row.interface), p.id);
}

void test_without(const Suite& suite, const Provocation& p) {
  if (p.without.kind == Without::Kind::kUnsafe) {
    CHECK_FALSE(p.without.text.empty());
    return;
  }
  const Command& row = row_of(suite.command);
  const auto s = scene(suite, p.limits);
  p.spoil(*s);
  s->b.monitor.switches().turn_off(row.fid, p.id);
  const Observed seen = make_call(*s, row.interface);
  CHECK(seen.condition == p.without.text);
  CHECK(seen.locks_held == 0);
}

const Suite& suite_of(std::string_view command) {
  const auto& all = all_suites();
  return *std::find_if(all.begin(), all.end(), [&](const Suite& s) { return s.command == command; });
}
const Provocation* provocation(const Suite& suite, std::string_view id) {
  for (const Provocation& p : suite.provocations)
    if (p.id == id) return &p;
  return nullptr;
}
std::size_t variants(const Suite& suite, std::string_view id) {
  return static_cast<std::size_t>(std::count_if(suite.provocations.begin(), suite.provocations.end(),
                                                [&](const Provocation& p) { return p.id == id; }));
}

const Impossible* impossible(std::string_view command, std::string_view first, std::string_view then) {
  for (const Impossible& i : impossible_pairs()) {
    const bool named = i.command.empty() || contains(i.command, command);
    if (named && contains(i.first, first) && contains(i.then, then)) return &i;
  }
  return nullptr;
}

// One mandated pair of a row, in the order of the page.
struct Pair {
  const Command* row;
  std::string_view first, then;
};
std::vector<Pair> mandated_pairs() {
  std::vector<Pair> pairs;
  for (const Command* row : all_rows())
    for (const auto& before : row->before)
      rmm::call::for_each_id(before.first, [&](std::string_view first) {
        rmm::call::for_each_id(before.then, [&](std::string_view then) { pairs.push_back({row, first, then}); });
      });
  return pairs;
}

const Together* together_of(const Pair& pair) {
  for (const Together& t : together())
    if (t.command == pair.row->name && t.first == pair.first && t.then == pair.then) return &t;
  return nullptr;
}

// A world in which both conditions of the pair hold. The index that belongs to the second is not the first's.
std::unique_ptr<Scene> both(const Pair& pair) {
  const Suite& suite = suite_of(pair.row->name);
  auto s = scene(suite, {});
  if (const Together* t = together_of(pair)) {
    t->spoil(*s);
  } else {
    provocation(suite, pair.first)->spoil(*s);
    provocation(suite, pair.then)->spoil(*s);
  }
  return s;
}

// The first condition can be ignored without harm up to where the second is tested.
bool second_is_visible(const Pair& pair) {
  return !contains("run_pas rec_bound rec_gran_state", pair.first) || pair.row->name != "RMI_REC_ENTER";
}

void test_pair(const Pair& pair) {
  auto s = both(pair);
  const Observed seen = make_call(*s, pair.row->interface);
  s->index = 0;
  s->top = 0;
  check_failure(*pair.row, *s, seen, pair.first);
  if (!second_is_visible(pair)) return;
  s = both(pair);
  auto& switches = s->b.monitor.switches();
  switches.turn_off(pair.row->fid, pair.first);
  if (const Together* t = together_of(pair))
    for (const auto id : t->also_off) switches.turn_off(pair.row->fid, id);
  CHECK(make_call(*s, pair.row->interface).condition == pair.then);
}

}  // namespace

TEST_CASE("conditions: in the world from which a condition starts the command succeeds") {
  for (const Suite& suite : all_suites()) {
    DYNAMIC_SECTION(suite.command) {
      if (suite.prepare == nullptr) {
        CHECK(suite.command == "unknown");
        return;
      }
      const auto s = scene(suite, {});
      const Observed seen = make_call(*s, row_of(suite.command).interface);
      CHECK(seen.condition.empty());
      CHECK((!seen.answered || seen.x[0] == 0));
    }
  }
}

TEST_CASE("conditions: switched off, no other condition is left but those that depend on it") {
  for (const Suite& suite : all_suites())
    for (const Provocation& p : suite.provocations)
      DYNAMIC_SECTION(suite.command << '.' << p.id << (p.variant.empty() ? "" : " / ") << p.variant) {
        test_without(suite, p);
      }
}

namespace {

// A test case of its own for each provocation and each pair that can hold: the name carries the ids, and what a tool
// counts by name is what ran.
class Generated : public Catch::ITestInvoker {
 public:
  explicit Generated(std::function<void()> body) : body_(std::move(body)) {}
  void invoke() const override { body_(); }

 private:
  std::function<void()> body_;
};

void generate(const std::string& name, std::function<void()> body, const char* tags = "") {
  Catch::AutoReg(Catch::Detail::make_unique<Generated>(std::move(body)), CATCH_INTERNAL_LINEINFO, {}, {name, tags});
}

// Status, index and outputs are the condition's, and nothing else has changed.
void generate_alone() {
  for (const Suite& suite : all_suites())
    for (const Provocation& p : suite.provocations)
      generate(fmt::format("conditions: {}.{} alone{}", suite.command, p.id,
                           p.variant.empty() ? "" : fmt::format(" ({})", p.variant)),
               [&suite, &p] { test_alone(suite, p); });
}

// The first is reported, and with the first switched off the second.
void generate_pairs() {
  for (const Pair& pair : mandated_pairs())
    if (impossible(pair.row->name, pair.first, pair.then) == nullptr)
      generate(
          fmt::format("conditions: {}.{} before {}", pair.row->name, pair.first, pair.then),
          [pair] { test_pair(pair); }, "[D2]");
}

[[maybe_unused]] const bool kGenerated = [] {
  generate_alone();
  generate_pairs();
  return true;
}();

}  // namespace

TEST_CASE("conditions: every condition of every row has a provocation, and every provocation a row") {
  for (const Command* row : all_rows())
    for (const auto& condition : row->conditions) {
      INFO(row->name << '.' << condition.id);
      const auto& all = all_suites();
      const auto suite = std::find_if(all.begin(), all.end(), [&](const Suite& s) { return s.command == row->name; });
      REQUIRE(suite != all.end());
      CHECK(provocation(*suite, condition.id) != nullptr);
    }
  for (const Suite& suite : all_suites()) {
    const Command& row = row_of(suite.command);
    CHECK((row.fid == suite.fid || suite.command == "unknown"));
    for (const Provocation& p : suite.provocations) {
      INFO(suite.command << '.' << p.id);
      CHECK(rmm::call::find_condition(row, p.id) != rmm::call::kNotFound);
      CHECK((variants(suite, p.id) == 1 || !p.variant.empty()));
    }
  }
}

TEST_CASE("conditions: no change of its own is kept for a pair that is not mandated or cannot hold") {
  const auto pairs = mandated_pairs();
  for (const Together& t : together()) {
    INFO(t.command << '.' << t.first << " < " << t.then);
    CHECK(std::any_of(pairs.begin(), pairs.end(), [&](const Pair& p) {
      return p.row->name == t.command && p.first == t.first && p.then == t.then;
    }));
    CHECK(impossible(t.command, t.first, t.then) == nullptr);
  }
}

TEST_CASE("conditions: counts") {
  std::map<std::string, std::size_t> provoked;
  std::size_t tests = 0, own = 0;
  for (const Suite& suite : all_suites()) {
    tests += suite.provocations.size();
    std::set<std::string_view> ids;
    for (const Provocation& p : suite.provocations) ids.insert(p.id);
    for (const auto id : ids) {
      if (id.front() == '_')
        ++own;
      else
        ++provoked[std::string(suite.command.substr(0, suite.command.find('_')))];
    }
  }
  std::size_t tested = 0, excused = 0;
  for (const Pair& pair : mandated_pairs())
    ++(impossible(pair.row->name, pair.first, pair.then) != nullptr ? excused : tested);
  fmt::print(
      "conditions provoked: {} RMI, {} RSI, {} PSCI, {} of our own, by {} tests\n"
      "mandated pairs: {} tested, {} impossible\n",
      provoked["RMI"], provoked["RSI"], provoked["PSCI"], own, tests, tested, excused);
  CHECK(provoked["RMI"] == 187);
  CHECK(provoked["PSCI"] == 5);
  CHECK(provoked["RSI"] == 23);
  CHECK(tested + excused == 135);
}
