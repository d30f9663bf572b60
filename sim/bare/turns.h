// SPDX-License-Identifier: GPL-2.0-or-later
// Several PEs that use one monitor: each runs on a stack of its own, one at a time. A PE parks where its realm waits to
// be told what it does, and, if two run together, at the Steps that a schedule names. Whatever a schedule does, it does
// again.
#pragma once

#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <optional>

#include "rmm/port/sync.h"
#include "sim/sched/fiber.h"
#include "sim/sched/stack_pool.h"

namespace sim::bare {

namespace port = rmm::port;

// Who of two begins, and before which Steps (of both together) the other goes on, if it can.
struct Schedule {
  static constexpr unsigned kNever = std::numeric_limits<unsigned>::max();
  unsigned first = 0;  // 0 or 1
  std::array<unsigned, 2> preemptions{kNever, kNever};
  bool operator==(const Schedule&) const = default;
};

class Turns : public port::Sync {
 public:
  static constexpr unsigned kPes = 32;
  using Job = std::function<void()>;

  Turns() = default;
  ~Turns() override;
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // Runs `job` as PE `pe` on the caller's stack: it must not park.
  template <class Body>
  void run_here(unsigned pe, Body&& body) {
    const unsigned before = current_;
    current_ = pe;
    body();
    current_ = before;
  }
  // Gives PE `pe`, which is idle, a job, or lets it go on where it is parked; returns when the job has ended or the PE
  // is parked. Together: two PEs at once; returns the number of Steps of both.
  void start(unsigned pe, Job job);
  void resume(unsigned pe);
  void prepare(unsigned pe, Job job);  // as start, but nothing runs before run_together()
  unsigned run_together(std::array<unsigned, 2> pes, const Schedule& schedule);

  bool is_idle(unsigned pe) const { return pes_.at(pe).state == State::kIdle; }
  bool is_parked(unsigned pe) const { return pes_.at(pe).state == State::kParked; }
  // From inside a job.
  void park();
  unsigned current() const { return current_; }
  // Locks held now.
  int held() const { return held_; }

  port::ActorId self() const override { return {static_cast<std::uint16_t>(current_)}; }
  void step(const port::Step&) override { point(); }
  void acquire(port::Lock& lock, const port::Step& step) override;
  void release(port::Lock& lock, const port::Step& step) override;
  void wake_all(port::WaitQueue& queue) override { ++queue.wakeups; }
  // The monitor waits for nothing but locks, and has no others.
  void wait(port::WaitQueue&, const port::Step& step) override { fail("waits", step); }
  void wait_until(port::WaitQueue&, std::uint64_t, const port::Step& step) override { fail("waits", step); }
  void acquire_read(port::RwLock&, const port::Step& step) override { fail("takes a read-write lock", step); }
  void release_read(port::RwLock&, const port::Step& step) override { fail("takes a read-write lock", step); }
  void acquire_write(port::RwLock&, const port::Step& step) override { fail("takes a read-write lock", step); }
  void release_write(port::RwLock&, const port::Step& step) override { fail("takes a read-write lock", step); }

 private:
  enum class State : std::uint8_t { kIdle, kReady, kParked };
  struct OnePe {
    std::unique_ptr<Fiber> fiber;
    Job job;
    State state = State::kIdle;
    const port::Lock* waits_for = nullptr;
    bool quits = false;
  };

  bool can_go_on(unsigned pe) const;
  void point() {
    if (together_) [[unlikely]]
      count_step();
  }
  void count_step();
  void run(unsigned pe);
  [[noreturn]] void fail(const char* what, const port::Step& step) const;

  StackPool stacks_;
  std::array<OnePe, kPes> pes_;
  unsigned current_ = 0;
  int held_ = 0;
  bool together_ = false;
  std::array<unsigned, 2> both_{};
  Schedule schedule_;
  unsigned steps_ = 0;
};

}  // namespace sim::bare
