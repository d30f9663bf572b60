// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <string>

#include "sim/dev/entropy.h"
#include "sim/dev/journal.h"
#include "sim/sched/scheduler.h"

namespace {

using sim::InputKind;
using sim::Journal;
using sim::JournalEntry;
using sim::JournalState;

JournalEntry keys(std::uint64_t time_ns, std::uint64_t ordinal, const std::string& text) {
  return {time_ns, ordinal, InputKind::kKeys, {text.begin(), text.end()}};
}

std::string take_all(Journal& journal) {
  std::string text;
  while (const auto byte = journal.get()) text += static_cast<char>(*byte);
  return text;
}

}  // namespace

TEST_CASE("Journal entries arrive at the first boundary at or after their stamp, in order") {
  JournalState state;
  state.entries = {keys(100, 0, "a"), keys(100, 2, "b"), keys(300, 0, "c")};
  Journal journal(state, [](std::uint8_t) {});
  CHECK(journal.next_due_ns() == 100);
  CHECK_FALSE(journal.deliver({.now_ns = 99, .ordinal = 9}));
  CHECK(journal.deliver({.now_ns = 100, .ordinal = 1}));
  CHECK(take_all(journal) == "a");
  CHECK(journal.deliver({.now_ns = 100, .ordinal = 2}));
  CHECK(journal.deliver({.now_ns = 350, .ordinal = 1}));
  CHECK(take_all(journal) == "bc");
  CHECK_FALSE(journal.next_due_ns());
}

TEST_CASE("An idle machine receives what is due at this instant, one stamp at a time") {
  JournalState state;
  state.entries = {keys(100, 5, "a"), keys(100, 5, "b"), keys(100, 7, "c")};
  Journal journal(state, [](std::uint8_t) {});
  CHECK(journal.deliver({.now_ns = 100, .ordinal = 1, .idle = true}));
  CHECK(take_all(journal) == "ab");
  CHECK(journal.deliver({.now_ns = 100, .ordinal = 2, .idle = true}));
  CHECK(take_all(journal) == "c");
}

TEST_CASE("Live keys become entries stamped with the boundary at which they were found") {
  JournalState state;
  Journal journal(state, [](std::uint8_t) {});
  std::deque<std::uint8_t> typed{'l', 's'};
  journal.set_live_input([&]() -> std::optional<std::uint8_t> {
    if (typed.empty()) return std::nullopt;
    const auto byte = typed.front();
    typed.pop_front();
    return byte;
  });
  CHECK(journal.deliver({.now_ns = 70, .ordinal = 3}));
  CHECK_FALSE(journal.deliver({.now_ns = 80, .ordinal = 1}));
  CHECK(state.entries == std::vector{keys(70, 3, "ls")});
  CHECK(take_all(journal) == "ls");
}

TEST_CASE("The saved form of a journal reads back equal, and mistakes are told with their line") {
  const std::vector<JournalEntry> entries{sim::seed_entry(0x1234), keys(10, 1, "ls\n"), keys(99, 4, "x")};
  const auto text = sim::to_text(entries);
  const auto back = sim::parse_journal(text);
  REQUIRE(back);
  CHECK(*back == entries);
  JournalState state;
  state.entries = *back;
  CHECK(state.seed() == 0x1234);
  CHECK(sim::parse_journal("# nothing\n\n  5 0 keys 61 # a\r\n").value() == std::vector{keys(5, 0, "a")});

  const auto error = [](std::string_view bad) {
    const auto result = sim::parse_journal(bad);
    return result ? std::string("accepted") : result.error();
  };
  CHECK(error("5 0 keys 61\nsoon 0 keys 61").starts_with("journal line 2: expected a virtual time"));
  CHECK(error("5 keys 61").find("ordinal") != std::string::npos);
  CHECK(error("5 0 mouse 61").find("'seed' or 'keys'") != std::string::npos);
  CHECK(error("5 0 keys 6").find("hexadecimal") != std::string::npos);
  CHECK(error("5 0 keys zz").find("hexadecimal") != std::string::npos);
  CHECK(error("5 0 keys 61 62").find("text after") != std::string::npos);
  CHECK(error("5 0 seed 61").find("8 bytes") != std::string::npos);
  CHECK(error("5 0 keys 61\n4 0 keys 61").find("sort by time") != std::string::npos);
}

namespace {

struct Session {
  std::string seen;  // what the guest's device saw, and when
  std::vector<JournalEntry> journal;
  std::uint64_t end_ns = 0;
};

// A console reader and a worker that keeps the machine busy, with pauses. `typed` arrives live every 7th poll.
Session play(std::vector<JournalEntry> entries, std::string typed) {
  sim::SchedulerState state(1);
  const sim::RoundRobin round_robin(1000);
  JournalState journal_state;
  journal_state.entries = std::move(entries);
  Session session;
  Journal journal(journal_state, [](std::uint8_t) {});
  int polls = 0;
  std::size_t next = 0;
  if (!typed.empty())
    journal.set_live_input([&]() -> std::optional<std::uint8_t> {
      if (next == typed.size() || ++polls % 7 != 0) return std::nullopt;
      return static_cast<std::uint8_t>(typed[next++]);
    });
  sim::Scheduler sched(state, round_robin);
  sched.set_input(&journal);
  sched.spawn("console", [&] {
    for (int taken = 0; taken < 5;) {
      if (const auto byte = journal.get()) {
        session.seen += static_cast<char>(*byte) + std::to_string(sched.now_ns()) + " ";
        ++taken;
      } else {
        sched.wait(journal.input_arrived(), {"read", 1, rmm::port::Access::kWait});
      }
    }
  });
  sched.spawn("worker", [&] {
    for (int i = 0; i < 60; ++i) {
      sched.retired(sched.slice() / 2 + 13);
      if (i % 5 == 0) sched.idle(sched.now_ns() + 10'000);
      if (i % 3 == 0) sched.yield();
    }
  });
  CHECK(sched.run() == sim::RunResult::kAllEnded);
  session.journal = journal_state.entries;
  session.end_ns = state.now_ns;
  return session;
}

}  // namespace

TEST_CASE("Replaying a recorded journal gives the run that was recorded") {
  const Session recorded = play({}, "hello");
  REQUIRE(recorded.journal.size() == 5);
  const Session replayed = play(sim::parse_journal(sim::to_text(recorded.journal)).value(), "");
  CHECK(replayed.seen == recorded.seen);
  CHECK(replayed.end_ns == recorded.end_ns);
  CHECK(replayed.journal == recorded.journal);
}

TEST_CASE("Scripted input wakes an idle machine at its time") {
  const Session session = play({keys(500'000'000, 0, "hello")}, "");
  CHECK(session.seen == "h500000000 e500000000 l500000000 l500000000 o500000000 ");
}

TEST_CASE("Entropy is a function of seed and stream, and continues after a restore") {
  const auto bytes = [](sim::RandomState state, std::size_t n) {
    std::vector<std::byte> out(n);
    sim::SeededEntropy(state).fill(out);
    return out;
  };
  const sim::RandomState monitor(5, sim::kMonitorEntropyStream);
  CHECK(bytes(monitor, 33) == bytes(monitor, 33));
  CHECK(bytes(monitor, 33) != bytes(sim::RandomState(5, sim::kHostEntropyStream), 33));
  CHECK(bytes(monitor, 33) != bytes(sim::RandomState(6, sim::kMonitorEntropyStream), 33));

  sim::RandomState live = monitor;
  sim::SeededEntropy entropy(live);
  std::array<std::byte, 16> before{};
  entropy.fill(before);
  const auto saved = live;
  std::array<std::byte, 16> first{};
  std::array<std::byte, 16> second{};
  entropy.fill(first);
  live = saved;
  entropy.fill(second);
  CHECK(first == second);
  CHECK(first != before);
}
