// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "sim/sched/scheduler.h"

namespace {

using rmm::port::Access;
using rmm::port::ActorId;
using sim::RunResult;
using sim::Scheduler;

// Everything that a run decides, in one string.
class ScheduleLog : public sim::SchedulerObserver {
 public:
  void switched(std::uint64_t now_ns, ActorId actor) override {
    text += std::to_string(now_ns) + ":" + std::to_string(actor.value) + " ";
  }
  std::string text;
};

// A workload whose state is a value beside the scheduler's: vCPU-like threads that work, lock, idle and quiesce.
struct Workload {
  rmm::port::Lock lock;
  std::vector<std::uint64_t> progress = std::vector<std::uint64_t>(3);
  std::uint64_t shared = 0;
  bool operator==(const Workload& other) const { return progress == other.progress && shared == other.shared; }
};

constexpr std::uint64_t kRounds = 40;

void vcpu_loop(Scheduler& sched, Workload& work, std::size_t n) {
  while (work.progress[n] < kRounds) {
    sched.park_quiescent();
    {
      rmm::port::LockGuard guard(sched, work.lock, "work", 1);
      sched.retired(sched.slice() / 3 + n);
      work.shared = work.shared * 31 + n + sched.now_ns();
    }
    ++work.progress[n];
    if (!sched.signal_pending()) sched.idle(sched.now_ns() + 100 * (n + 1));
    sched.acknowledge_irqs();
  }
}

struct Run {
  std::string log;
  std::uint64_t now = 0;
  Workload work;
};

Run run_all(const sim::Strategy& strategy, std::uint64_t seed) {
  sim::SchedulerState state(seed);
  Run run;
  ScheduleLog log;
  Scheduler sched(state, strategy);
  sched.set_observer(&log);
  for (std::size_t n = 0; n < 3; ++n) sched.spawn("vcpu", [&, n] { vcpu_loop(sched, run.work, n); });
  CHECK(sched.run() == RunResult::kAllEnded);
  run.log = log.text;
  run.now = state.now_ns;
  return run;
}

}  // namespace

TEST_CASE("Equal seeds give equal schedules, other seeds other ones") {
  const sim::SeededRandom random(2, 1000);
  const Run first = run_all(random, 7);
  const Run second = run_all(random, 7);
  CHECK(first.log == second.log);
  CHECK(first.now == second.now);
  CHECK(first.work == second.work);
  CHECK(run_all(random, 8).log != first.log);
  const sim::RoundRobin round_robin;
  CHECK(run_all(round_robin, 1).log == run_all(round_robin, 2).log);
}

TEST_CASE("A quiesced machine is copied, runs on, is restored and runs on again to the same end") {
  const sim::SeededRandom random(2, 1000);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    sim::SchedulerState state(seed);
    Workload work;
    Scheduler sched(state, random);
    const auto body = [&](std::size_t n) { return [&, n] { vcpu_loop(sched, work, n); }; };
    for (std::size_t n = 0; n < 3; ++n) sched.spawn("vcpu", body(n));
    sched.set_limits({.max_instructions = 2000});
    REQUIRE(sched.run() == RunResult::kInstructionLimit);
    sched.set_limits({});
    sched.request_quiesce();
    REQUIRE(sched.run() == RunResult::kQuiescent);
    const sim::SchedulerState saved_state = state;
    const Workload saved_work = work;

    ScheduleLog first;
    sched.set_observer(&first);
    REQUIRE(sched.run() == RunResult::kAllEnded);
    const Workload end = work;
    const auto end_time = state.now_ns;
    REQUIRE(end_time > saved_state.now_ns);

    sched.before_restore(saved_state);
    state = saved_state;
    work = saved_work;
    sched.after_restore();
    ScheduleLog second;
    sched.set_observer(&second);
    REQUIRE(sched.run() == RunResult::kAllEnded);
    CHECK(work == end);
    CHECK(state.now_ns == end_time);
    CHECK(second.text == first.text);
  }
}

TEST_CASE("State may be assigned while the fibers stay parked at their quiescent points") {
  sim::SchedulerState state(1);
  const sim::RoundRobin round_robin(500);
  Workload work;
  Scheduler sched(state, round_robin);
  for (std::size_t n = 0; n < 3; ++n) sched.spawn("vcpu", [&, n] { vcpu_loop(sched, work, n); });
  sched.request_quiesce();
  REQUIRE(sched.run() == RunResult::kQuiescent);
  const auto saved_state = state;
  const auto saved_work = work;
  std::vector<std::uint64_t> ends;
  for (int i = 0; i < 2; ++i) {
    sched.set_limits({.until_ns = saved_state.now_ns + 3000});
    REQUIRE(sched.run() == RunResult::kTimeLimit);
    sched.set_limits({});
    sched.request_quiesce();
    REQUIRE(sched.run() == RunResult::kQuiescent);
    CHECK(state.now_ns > saved_state.now_ns);
    ends.push_back(work.shared);
    state = saved_state;
    work = saved_work;
  }
  CHECK(ends[0] == ends[1]);
}

TEST_CASE("Waits return once on a quiesce request, so that user-space loops reach their quiescent point") {
  sim::SchedulerState state;
  const sim::RoundRobin round_robin;
  Scheduler sched(state, round_robin);
  rmm::port::WaitQueue ended;
  bool over = false;
  sched.spawn("main", [&] {
    while (!over) {
      sched.park_quiescent();
      sched.wait(ended, {"join", 1, Access::kWait});
    }
  });
  sched.spawn("vcpu", [&] {
    while (!over) {
      sched.park_quiescent();
      if (!sched.signal_pending()) sched.idle(std::nullopt);
      sched.acknowledge_irqs();
    }
  });
  CHECK(sched.run() == RunResult::kStuck);
  sched.request_quiesce();
  CHECK(sched.run() == RunResult::kQuiescent);
  CHECK(sched.run() == RunResult::kStuck);
  over = true;
  sched.wake_all(ended);
  sched.kick({1});
  CHECK(sched.run() == RunResult::kAllEnded);
}
