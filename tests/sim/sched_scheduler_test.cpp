// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/sched/scheduler.h"
#include "tests/sim/aborts.h"

namespace {

using rmm::port::Access;
using rmm::port::Lock;
using rmm::port::LockGuard;
using rmm::port::RwLock;
using rmm::port::WaitQueue;
using sim::RunResult;
using sim::Scheduler;

struct Machine {
  sim::SchedulerState state;
  sim::RoundRobin round_robin;
  Scheduler sched{state, round_robin};
};

// Retires `n` instructions in slices, as sim/cpu does.
void run_guest(Scheduler& sched, std::uint64_t n) {
  while (n != 0) {
    const auto slice = std::min(n, sched.slice());
    sched.retired(slice);
    n -= slice;
  }
}

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("A spawned actor does not run before its creator parks") {
  Machine m;
  std::string log;
  m.sched.spawn("parent", [&] {
    m.sched.spawn("child", [&] { log += "child "; });
    log += "parent ";
  });
  CHECK(m.sched.run() == RunResult::kAllEnded);
  CHECK(log == "parent child ");
}

TEST_CASE("Round robin shares the machine by quanta, and time by the number of running PEs") {
  Machine m;
  std::string log;
  for (const char* name : {"a", "b"})
    m.sched.spawn(name, [&, name] {
      for (int i = 0; i < 3; ++i) {
        CHECK(m.sched.running_pes() == 2);
        log += name;
        run_guest(m.sched, sim::RoundRobin::kQuantum);
      }
    });
  m.sched.run();
  CHECK(log == "ababab");
  CHECK(m.state.retired == 6 * sim::RoundRobin::kQuantum);
  // The last quantum of b runs after a has ended: alone it takes its full time.
  CHECK(m.sched.now_ns() == 5 * sim::RoundRobin::kQuantum / 2 + sim::RoundRobin::kQuantum / 2);
}

TEST_CASE("Instructions that make no whole nanosecond are kept") {
  Machine m;
  for (int i = 0; i < 3; ++i)
    m.sched.spawn("pe", [&] {
      m.sched.retired(1);
      m.sched.retired(1);
      m.sched.idle(1000);
    });
  m.sched.set_limits({.until_ns = 100});
  CHECK(m.sched.run() == RunResult::kTimeLimit);
  CHECK(m.state.retired == 6);
  CHECK(m.state.now_ns == 100);
}

TEST_CASE("A single running PE gets a long slice, cut by the next deadline and the limits") {
  Machine m;
  m.sched.spawn("sleeper", [&] { m.sched.idle(10'000); });
  m.sched.spawn("worker", [&] {
    m.sched.yield();  // the sleeper runs first only if it was not first already
    CHECK(m.sched.slice() == 10'000);
    m.sched.retired(10'000);
    m.sched.yield();
    CHECK(m.sched.slice() == Scheduler::kSoloQuantum);
    m.sched.set_limits({.max_instructions = 10'500});
    CHECK(m.sched.slice() == 500);
    run_guest(m.sched, 600);
  });
  CHECK(m.sched.run() == RunResult::kInstructionLimit);
  CHECK(m.state.retired == 10'500);
  m.sched.set_limits({});
  CHECK(m.sched.run() == RunResult::kAllEnded);
  CHECK(m.state.retired == 10'600);
}

TEST_CASE("Instructions kept from a time of more running PEs never let a slice pass an event") {
  Machine m;
  m.state.fraction = 7;
  m.sched.spawn("sleeper", [&] { m.sched.idle(3); });
  m.sched.spawn("worker", [&] { CHECK(m.sched.slice() == 1); });
  CHECK(m.sched.run() == RunResult::kAllEnded);
}

TEST_CASE("Instructions may take longer than a nanosecond: time advances by that, and slices reach the next event") {
  Machine m;
  m.sched.set_instruction_ns(10);
  m.sched.set_limits({.max_instructions = ~0ULL, .until_ns = 1'005});
  m.sched.spawn("guest", [&] {
    CHECK(m.sched.slice() == 101);
    m.sched.retired(100);
    CHECK(m.sched.now_ns() == 1'000);
    CHECK(m.sched.slice() == 1);
    m.sched.retired(1);
  });
  CHECK(m.sched.run() == RunResult::kTimeLimit);
  CHECK(m.sched.now_ns() == 1'010);
  CHECK(m.state.retired == 101);
}

TEST_CASE("A PE that was alone gets an ordinary quantum as soon as another can run") {
  Machine m;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  m.sched.spawn("a", [&] {
    before = m.sched.slice();
    m.sched.spawn("b", [] {});
    after = m.sched.slice();
  });
  m.sched.run();
  CHECK(before == Scheduler::kSoloQuantum);
  CHECK(after == sim::RoundRobin::kQuantum);
}

TEST_CASE("Idle PEs are woken by a kick or their deadline; idle time jumps to the next event in time order") {
  Machine m;
  std::vector<std::pair<std::string, std::uint64_t>> woken;
  const auto sleeper = [&](const char* name, std::optional<std::uint64_t> deadline) {
    return m.sched.spawn(name, [&, name, deadline] {
      m.sched.idle(deadline);
      woken.emplace_back(name, m.sched.now_ns());
      m.sched.acknowledge_irqs();
    });
  };
  sleeper("late", 900);
  sleeper("early", 300);
  const auto kicked = sleeper("kicked", std::nullopt);
  m.sched.spawn("kicker", [&] {
    m.sched.idle(500);
    m.sched.kick({kicked.value});
  });
  CHECK(m.sched.run() == RunResult::kAllEnded);
  CHECK(woken == std::vector<std::pair<std::string, std::uint64_t>>{{"early", 300}, {"kicked", 500}, {"late", 900}});
}

TEST_CASE("An IPI that arrived before WFI is not lost, and stays pending until acknowledged") {
  Machine m;
  m.sched.spawn("cpu", [&] {
    m.sched.kick(m.sched.current_pe());
    CHECK(m.sched.irq_pending());
    CHECK(m.sched.current_pe_object().irq_pending());
    m.sched.idle(std::nullopt);
    m.sched.acknowledge_irqs();
    CHECK_FALSE(m.sched.irq_pending());
  });
  CHECK(m.sched.run() == RunResult::kAllEnded);
}

TEST_CASE("Locks exclude, and go to the longest waiting") {
  Machine m;
  Lock lock;
  std::string log;
  for (const char* name : {"a", "b", "c"})
    m.sched.spawn(name, [&, name] {
      for (int i = 0; i < 2; ++i) {
        LockGuard guard(m.sched, lock, "test", 1);
        log += name;
        m.sched.yield();
        log += name;
      }
    });
  CHECK(m.sched.run() == RunResult::kAllEnded);
  CHECK(log == "aabbccaabbcc");
  CHECK_FALSE(lock.held());
}

TEST_CASE("Readers share, writers exclude, and a reader queues behind a waiting writer") {
  Machine m;
  RwLock lock;
  std::string log;
  const auto reader = [&](const char* name) {
    m.sched.spawn(name, [&, name] {
      m.sched.acquire_read(lock, {"read", 1, Access::kAcquire});
      log += name;
      m.sched.yield();
      log += name;
      m.sched.release_read(lock, {"read", 1, Access::kRelease});
    });
  };
  reader("a");
  reader("b");
  m.sched.spawn("W", [&] {
    rmm::port::WriteGuard guard(m.sched, lock, "write", 1);
    log += "W";
    m.sched.yield();
    log += "W";
  });
  reader("c");
  CHECK(m.sched.run() == RunResult::kAllEnded);
  CHECK(log == "ababWWcc");
  CHECK(lock.readers == 0);
}

TEST_CASE("A wake that happens while the waiter announces its Step is not lost") {
  // Under every seed, whoever is chosen at the Step inside wait().
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    sim::SchedulerState state(seed);
    const sim::SeededRandom random(1);
    Scheduler sched(state, random);
    WaitQueue queue;
    bool ready = false;
    sched.spawn("waiter", [&] {
      while (!ready) sched.wait(queue, {"wait", 1, Access::kWait});
    });
    sched.spawn("waker", [&] {
      sched.step({"ready", 1, Access::kWrite});
      ready = true;
      sched.wake_all(queue);
    });
    CHECK(sched.run() == RunResult::kAllEnded);
  }
}

TEST_CASE("A timed wait ends at its deadline when nobody wakes it") {
  Machine m;
  WaitQueue queue;
  m.sched.spawn("waiter", [&] {
    m.sched.wait_until(queue, 5000, {"wait", 1, Access::kWait});
    CHECK(m.sched.now_ns() == 5000);
    m.sched.wait_until(queue, 10, {"past", 1, Access::kWait});
  });
  CHECK(m.sched.run() == RunResult::kAllEnded);
}

TEST_CASE("A machine in which nobody can go on is stuck, and says who waits for what") {
  Machine m;
  WaitQueue queue;
  m.sched.spawn("vmm", [&] { m.sched.wait(queue, {"kvm_vcpu_block", 0x42, Access::kWait}); });
  CHECK(m.sched.run() == RunResult::kStuck);
  const auto text = m.sched.describe();
  CHECK(says(text, "'vmm' waits at kvm_vcpu_block (0x42)"));
  m.sched.wake_all(queue);
  CHECK(m.sched.run() == RunResult::kAllEnded);
}

TEST_CASE("A circle of lock holders aborts at once with the holders' names") {
  const auto message = tests::abort_message([] {
    Machine m;
    Lock first;
    Lock second;
    m.sched.spawn("a", [&] {
      LockGuard one(m.sched, first, "slots_lock", 1);
      m.sched.yield();
      LockGuard two(m.sched, second, "config_lock", 2);
    });
    m.sched.spawn("b", [&] {
      LockGuard one(m.sched, second, "config_lock", 2);
      m.sched.yield();
      LockGuard two(m.sched, first, "slots_lock", 1);
    });
    m.sched.spawn("spinner", [&] {
      for (;;) m.sched.yield();
    });
    m.sched.run();
  });
  CHECK(says(message, "deadlock"));
  CHECK(says(message, "'a' waits for a lock at config_lock (0x2), held by actor 1 'b'"));
}

TEST_CASE("Relocking, foreign releases, blocking outside actors and parking in the engine abort") {
  CHECK(says(tests::abort_message([] {
               Machine m;
               Lock lock;
               m.sched.spawn("a", [&] {
                 LockGuard one(m.sched, lock, "twice", 1);
                 LockGuard two(m.sched, lock, "twice", 1);
               });
               m.sched.run();
             }),
             "locks 0x1 again"));
  CHECK(says(tests::abort_message([] {
               Machine m;
               Lock lock;
               m.sched.release(lock, {"unlock", 1, Access::kRelease});
             }),
             "doesn't hold"));
  CHECK(says(tests::abort_message([] {
               Machine m;
               WaitQueue queue;
               m.sched.wait(queue, {"wait", 1, Access::kWait});
             }),
             "outside every actor"));
  CHECK(says(tests::abort_message([] {
               Machine m;
               m.sched.spawn("a", [&] {
                 m.sched.set_inside_engine(true);
                 m.sched.idle(100);
               });
               m.sched.run();
             }),
             "inside the engine"));
}

TEST_CASE("Native code outside every actor takes free locks and passes Steps") {
  Machine m;
  Lock lock;
  {
    LockGuard guard(m.sched, lock, "setup", 1);
    CHECK(lock.held());
  }
  m.sched.step({"setup", 1, Access::kWrite});
  CHECK_FALSE(lock.held());
}

TEST_CASE("A loop that polls without an end does not keep the others out for ever") {
  Machine m;
  rmm::port::Shared<bool> flag{false};
  m.sched.spawn("poller", [&] {
    while (!flag.load(m.sched, "poll", 1)) {
    }
  });
  m.sched.spawn("setter", [&] { flag.store(m.sched, true, "set", 1); });
  CHECK(m.sched.run() == RunResult::kAllEnded);
}

TEST_CASE("An exception that leaves an actor comes out of run()") {
  Machine m;
  m.sched.spawn("thrower", [&] {
    m.sched.yield();
    throw std::runtime_error("from the actor");
  });
  m.sched.spawn("other", [&] { m.sched.yield(); });
  CHECK_THROWS_AS(m.sched.run(), std::runtime_error);
  CHECK(m.sched.run() == RunResult::kAllEnded);
}

TEST_CASE("A lock released while an exception unwinds does not park") {
  sim::SchedulerState state(3);
  const sim::SeededRandom random(1);
  Scheduler sched(state, random);
  Lock lock;
  int caught = 0;
  for (int i = 0; i < 3; ++i)
    sched.spawn("a", [&] {
      for (int n = 0; n < 20; ++n) {
        try {
          LockGuard guard(sched, lock, "guarded", 1);
          throw 1;
        } catch (int) {
          sched.step({"in catch", 1, Access::kWrite});
          ++caught;
        }
      }
    });
  CHECK(sched.run() == RunResult::kAllEnded);
  CHECK(caught == 60);
}

TEST_CASE("Abandoned actors unwind their stacks and release what they hold") {
  Machine m;
  Lock lock;
  WaitQueue queue;
  int destroyed = 0;
  struct Witness {
    int& count;
    ~Witness() { ++count; }
  };
  m.sched.spawn("holder", [&] {
    const Witness witness{destroyed};
    LockGuard guard(m.sched, lock, "held", 1);
    try {
      m.sched.wait(queue, {"wait", 1, Access::kWait});
    } catch (const std::exception&) {
      FAIL("AbandonedActor is no std::exception");
    }
  });
  m.sched.spawn("contender", [&] {
    const Witness witness{destroyed};
    LockGuard guard(m.sched, lock, "contended", 1);
    FAIL("an abandoned actor went on");
  });
  m.sched.spawn("idler", [&] {
    const Witness witness{destroyed};
    m.sched.idle(std::nullopt);
  });
  CHECK(m.sched.run() == RunResult::kStuck);
  m.sched.spawn("never started", [&] { FAIL("an abandoned actor started"); });
  m.sched.abandon_all();
  CHECK(destroyed == 3);
  CHECK(m.sched.run() == RunResult::kAllEnded);
}

TEST_CASE("An actor that is stopped at a release finishes the release before it is abandoned") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    sim::SchedulerState state(seed);
    const sim::SeededRandom random(1);
    Scheduler sched(state, random);
    Lock lock;
    for (int i = 0; i < 3; ++i)
      sched.spawn("looper", [&] {
        for (;;) {
          LockGuard guard(sched, lock, "loop", 1);
          sched.retired(1);
        }
      });
    sched.set_limits({.max_instructions = 50});
    CHECK(sched.run() == RunResult::kInstructionLimit);
    sched.abandon_all();
    sched.set_limits({});
    CHECK(sched.run() == RunResult::kAllEnded);
  }
}

TEST_CASE("A stop request ends the run at the next boundary, also of native loops, and the run can go on") {
  Machine m;
  bool done = false;
  m.sched.spawn("native", [&] {
    m.sched.request_stop();
    while (!done) m.sched.step({"loop", 1, Access::kRead});
  });
  CHECK(m.sched.run() == RunResult::kStopped);
  done = true;
  CHECK(m.sched.run() == RunResult::kAllEnded);
}

TEST_CASE("Interactive idle time is paced, and passes as the pacer says") {
  Machine m;
  std::vector<std::optional<std::uint64_t>> asked;
  m.sched.set_pace([&](std::optional<std::uint64_t> ns) -> std::uint64_t {
    asked.push_back(ns);
    return asked.size() == 1 ? 400 : 10'000'000;  // first interrupted early, then late
  });
  m.sched.spawn("cpu", [&] {
    m.sched.idle(1000);
    CHECK(m.sched.now_ns() == 1000);
  });
  CHECK(m.sched.run() == RunResult::kAllEnded);
  CHECK(asked == std::vector<std::optional<std::uint64_t>>{1000, 600});
}

TEST_CASE("Costs of native work advance time") {
  Machine m;
  m.sched.spawn("host", [&] { m.sched.spend_ns(250); });
  m.sched.run();
  CHECK(m.sched.now_ns() == 250);
  CHECK(m.sched.count() == 15);
}
