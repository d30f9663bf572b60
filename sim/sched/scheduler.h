// SPDX-License-Identifier: GPL-2.0-or-later
// The scheduler: actors (host threads, each with a PE for life) as fibers on one OS thread, their locks and waits, and
// virtual time.
//
// Virtual time advances by retired instructions divided by the running PEs, and by the fixed costs that host, monitor
// and firmware report. A PE runs unless its actor waits, idles or ended. When nobody can run, time jumps to the next
// deadline.
//
// An object that somebody waits on (Lock, RwLock, WaitQueue) must not move until the wait is over.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/port/threads.h"
#include "rmm/port/clock.h"
#include "rmm/port/sync.h"
#include "sim/cpu/execution.h"
#include "sim/dev/input_source.h"
#include "sim/sched/fiber.h"
#include "sim/sched/pe.h"
#include "sim/sched/scheduler_state.h"
#include "sim/sched/strategy.h"

namespace sim {

// Thrown through the straight-line code of an actor that will not go on. Not a std::exception: nothing catches it but
// the scheduler. `catch (...)` must rethrow it.
struct AbandonedActor {};

enum class RunResult : std::uint8_t {
  kAllEnded,          // every actor returned
  kStuck,             // nobody can run and no deadline is left; describe() says who waits for what
  kStopped,           // request_stop()
  kInstructionLimit,  // Limits::max_instructions
  kTimeLimit,         // Limits::until_ns
  kQuiescent,         // request_quiesce(): every live actor is in user space, state may be copied or assigned
};

struct Limits {
  std::uint64_t max_instructions = ~0ULL;  // total of SchedulerState::retired; the last block may overshoot
  std::uint64_t until_ns = ~0ULL;          // virtual time
};

class SchedulerObserver {
 public:
  virtual ~SchedulerObserver() = default;
  virtual void actor_started(rmm::port::ActorId, const std::string& /*name*/) {}
  virtual void actor_ended(rmm::port::ActorId) {}
  virtual void switched(std::uint64_t /*now_ns*/, rmm::port::ActorId) {}  // this actor goes on
};

class Scheduler final : public rmm::port::Sync,
                        public host::port::Threads,
                        public Execution,
                        public rmm::port::Clock,
                        public host::port::HostClock {
 public:
  // What a native caller outside every actor (wiring, inspection) is: it takes free locks, and must not block.
  static constexpr std::uint16_t kOutside = 0xfffe;
  static constexpr std::uint64_t kSoloQuantum = 5'000'000;  // instructions of a PE that nobody competes with

  // `state` is fresh or has no live actors. `paint_stacks`: see StackPool.
  Scheduler(SchedulerState& state, const Strategy& strategy, bool paint_stacks = false);
  // Abandons live actors: what they use must outlive the scheduler, or abandon_all() was called before.
  ~Scheduler() override;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs until a result; may be called again. An exception that left an actor's body is rethrown here.
  RunResult run();
  void set_limits(const Limits& limits) { limits_ = limits; }
  // Before the first run(): part of what the machine is.
  void set_instruction_ns(std::uint32_t ns) { instruction_ns_ = ns; }
  // Async-signal-safe. run() returns at the next boundary.
  void request_stop() { stop_.store(true, std::memory_order_relaxed); }
  // Asks every actor to park_quiescent(): all PEs are kicked, every wait returns once. Until run() returns kQuiescent.
  void request_quiesce();
  // Ends a live actor, or all of them, by AbandonedActor. Not from inside an actor.
  void abandon(rmm::port::ActorId id);
  void abandon_all();
  // The two halves of restoring a state, around its assignment. Actors that `restored` does not know or says have ended
  // are abandoned. A state with more actors than were ever started here is refused (abort): it is of another run.
  void before_restore(const SchedulerState& restored);
  // Actors that the restored state says are alive and whose fibers have ended begin their bodies again: a body must
  // find its way to its quiescent point from the machine's state alone.
  void after_restore();

  // Outside input; may be null. `pace` makes idle time real: it waits for `ns` of wall time (for ever if empty) or
  // until live input is there, and returns the nanoseconds that passed.
  void set_input(InputSource* input) { input_ = input; }
  using Pace = std::function<std::uint64_t(std::optional<std::uint64_t> ns)>;
  void set_pace(Pace pace) { pace_ = std::move(pace); }
  void set_observer(SchedulerObserver* observer) { observer_ = observer; }

  // A table of actors: what each does or waits for, and who holds it.
  std::string describe() const;
  // What one of them does or waits for: "idles in guest at WFI".
  std::string activity(rmm::port::ActorId id) const;
  std::size_t stack_high_water() const { return stacks_.high_water(); }
  std::size_t actor_count() const { return actors_.size(); }
  const std::string& actor_name(rmm::port::ActorId id) const { return actors_.at(id.value)->name; }
  // The PE of the calling actor; from outside, that of actor 0.
  Pe& current_pe_object();
  Pe& pe(host::port::PeId id) { return actors_.at(id.value)->pe; }
  // The actor in idle(), if it is there, looks again.
  void wake_idle(rmm::port::ActorId id);
  bool idles(rmm::port::ActorId id) const { return actors_.at(id.value)->status == Status::kIdle; }

  // rmm::port::Sync
  rmm::port::ActorId self() const override { return {current_ == nullptr ? kOutside : current_->id}; }
  void step(const rmm::port::Step& step) override {
    if (current_ != nullptr && --state_.steps_left == 0) choose_at_step(step);
  }
  void wait(rmm::port::WaitQueue& queue, const rmm::port::Step& step) override;
  void wait_until(rmm::port::WaitQueue& queue, std::uint64_t deadline_ns, const rmm::port::Step& step) override;
  void wake_all(rmm::port::WaitQueue& queue) override;
  void acquire(rmm::port::Lock& lock, const rmm::port::Step& step) override;
  void release(rmm::port::Lock& lock, const rmm::port::Step& step) override;
  void acquire_read(rmm::port::RwLock& lock, const rmm::port::Step& step) override;
  void release_read(rmm::port::RwLock& lock, const rmm::port::Step& step) override;
  void acquire_write(rmm::port::RwLock& lock, const rmm::port::Step& step) override;
  void release_write(rmm::port::RwLock& lock, const rmm::port::Step& step) override;

  // host::port::Threads
  rmm::port::ActorId spawn(std::string name, std::function<void()> body) override;
  host::port::PeId current_pe() const override { return {current_ == nullptr ? std::uint16_t{0} : current_->id}; }
  void kick(host::port::PeId pe) override;
  bool irq_pending() const override;
  void acknowledge_irqs() override;
  bool signal_pending() const override { return quiesce_; }
  void park_quiescent() override;

  // Execution, and both clocks
  std::uint64_t now_ns() const override { return state_.now_ns; }
  std::uint32_t running_pes() const override { return runnable_ == 0 ? 1 : runnable_; }
  std::uint32_t instruction_ns() const override { return instruction_ns_; }
  std::uint64_t slice() const override;
  void retired(std::uint64_t n) override;
  void yield() override;
  void idle(std::optional<std::uint64_t> deadline_ns) override;
  void spend_ns(std::uint64_t ns) override;

 private:
  enum class Status : std::uint8_t { kRunnable, kWait, kLock, kRead, kWrite, kIdle, kQuiescent, kEnded };

  struct Actor {
    Actor(std::uint16_t number, std::string title, PeState& pe_state)
        : id(number), name(std::move(title)), pe(pe_state) {}
    std::uint16_t id;
    std::string name;
    Pe pe;
    std::function<void()> body;
    std::unique_ptr<Fiber> fiber;
    Status status = Status::kEnded;
    const void* object = nullptr;           // the Lock, RwLock or WaitQueue it waits for
    rmm::port::Step step{};                 // the Step at which it waits
    std::optional<std::uint64_t> deadline;  // wakes it without anybody's help
    std::uint64_t ticket = 0;               // order of blocking, for hand-off
    std::exception_ptr failure;
  };

  static constexpr std::uint64_t kNoEvent = ~0ULL;

  // Actors and fibers (scheduler.cpp)
  void start(Actor& actor);
  void prepare(Actor& actor);
  void run_actor(Actor& actor);
  void park(bool may_throw);
  void set_status(Actor& actor, Status status);
  void make_runnable(Actor& actor);
  void choose_at_step(const rmm::port::Step& step);
  std::span<const rmm::port::ActorId> runnable();
  void check_lives() const;
  std::optional<RunResult> result_of_silence();
  bool must_return() const;

  // Blocking (scheduler_locks.cpp)
  void block(Status status, const void* object, const rmm::port::Step& step, std::optional<std::uint64_t> deadline);
  void wait_on(rmm::port::WaitQueue& queue, const rmm::port::Step& step, std::optional<std::uint64_t> deadline);
  Actor* longest_waiting(const void* object) const;
  void grant(rmm::port::RwLock& lock);
  const Actor* holder_of_wait(const Actor& actor) const;
  void abort_on_cycle(const Actor& actor) const;
  [[noreturn]] void die(const std::string& why) const;

  // Time (scheduler_time.cpp)
  void advance(std::uint64_t ns);
  void boundary(bool idle);
  void wake_due();
  void update_next_deadline();
  bool jump();
  void refill_quantum();
  std::optional<RunResult> limit_reached() const;
  void end_of_slice();

  SchedulerState& state_;
  const Strategy& strategy_;
  StackPool stacks_;
  std::vector<std::unique_ptr<Actor>> actors_;
  Actor* current_ = nullptr;
  std::vector<rmm::port::ActorId> ready_;  // what runnable() returned last
  std::optional<std::uint16_t> chosen_;    // by choose_at_step, for the next turn
  std::uint32_t runnable_ = 0;
  std::uint32_t lock_waiters_ = 0;
  std::uint64_t next_deadline_ = kNoEvent;
  std::uint64_t next_ticket_ = 0;
  std::uint32_t instruction_ns_ = 1;
  bool quiesce_ = false;
  bool abandoning_ = false;
  std::atomic<bool> stop_{false};
  Limits limits_;
  InputSource* input_ = nullptr;
  Pace pace_;
  SchedulerObserver* observer_ = nullptr;
};

}  // namespace sim
