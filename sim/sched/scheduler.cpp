// SPDX-License-Identifier: GPL-2.0-or-later
// Actors and turns. Locks and waits: scheduler_locks.cpp. Time, input and limits: scheduler_time.cpp.
#include "sim/sched/scheduler.h"

#include <algorithm>
#include <utility>

namespace sim {

using rmm::port::Access;
using rmm::port::ActorId;
using rmm::port::Step;

Scheduler::Scheduler(SchedulerState& state, const Strategy& strategy, bool paint_stacks)
    : state_(state), strategy_(strategy), stacks_(paint_stacks) {
  for (std::size_t i = 0; i < state_.actors.size(); ++i)
    actors_.push_back(std::make_unique<Actor>(static_cast<std::uint16_t>(i), "", state_.actors[i].pe));
}

Scheduler::~Scheduler() { abandon_all(); }

ActorId Scheduler::spawn(std::string name, std::function<void()> body) {
  const auto id = static_cast<std::uint16_t>(actors_.size());
  if (id >= kOutside) die("too many actors");
  auto& actor_state = state_.actors.emplace_back();
  actor_state.alive = true;
  actor_state.pe.id = id;
  actors_.push_back(std::make_unique<Actor>(id, std::move(name), actor_state.pe));
  actors_.back()->body = std::move(body);
  start(*actors_.back());
  return {id};
}

void Scheduler::before_restore(const SchedulerState& restored) {
  if (restored.actors.size() > actors_.size()) die("the state to restore has actors that were never started here");
  for (std::size_t i = 0; i < actors_.size(); ++i)
    if (i >= restored.actors.size() || !restored.actors[i].alive) abandon({static_cast<std::uint16_t>(i)});
  actors_.resize(restored.actors.size());
}

void Scheduler::after_restore() {
  for (auto& actor : actors_)
    if (state_.actors[actor->id].alive && actor->status == Status::kEnded) {
      prepare(*actor);
      set_status(*actor, Status::kQuiescent);  // runs when all do, so that restoring changes no state
    }
}

void Scheduler::start(Actor& actor) {
  prepare(actor);
  make_runnable(actor);
}

void Scheduler::prepare(Actor& actor) {
  actor.fiber = std::make_unique<Fiber>(stacks_, [&actor] {
    try {
      actor.body();
    } catch (const AbandonedActor&) {
    } catch (...) {
      actor.failure = std::current_exception();
    }
  });
  if (observer_ != nullptr) observer_->actor_started({actor.id}, actor.name);
}

RunResult Scheduler::run() {
  if (current_ != nullptr) die("run() called from inside an actor");
  check_lives();
  if (state_.steps_left == 0) state_.steps_left = strategy_.steps_until_choice(state_.random);
  const bool all_parked = std::ranges::none_of(
      actors_, [](const auto& a) { return a->status != Status::kQuiescent && a->status != Status::kEnded; });
  if (quiesce_ && all_parked) quiesce_ = false;
  if (!quiesce_)
    for (auto& actor : actors_)
      if (actor->status == Status::kQuiescent) make_runnable(*actor);

  for (;;) {
    if (stop_.exchange(false, std::memory_order_relaxed)) return RunResult::kStopped;
    if (const auto limit = limit_reached()) return *limit;
    wake_due();
    if (runnable_ == 0) {
      if (const auto result = result_of_silence()) return *result;
      continue;
    }
    const ActorId next = chosen_ && actors_[*chosen_]->status == Status::kRunnable
                             ? ActorId{*chosen_}
                             : strategy_.choose_next(runnable(), {state_.turn}, state_.random);
    chosen_.reset();
    if (next.value != state_.turn || state_.quantum_left == 0) {
      state_.turn = next.value;
      refill_quantum();
    }
    Actor& actor = *actors_[next.value];
    run_actor(actor);
    if (actor.failure) std::rethrow_exception(std::exchange(actor.failure, nullptr));
  }
}

void Scheduler::run_actor(Actor& actor) {
  current_ = &actor;
  if (observer_ != nullptr) observer_->switched(state_.now_ns, {actor.id});
  actor.fiber->resume();
  current_ = nullptr;
  if (!actor.fiber->finished()) return;
  actor.fiber.reset();
  state_.actors[actor.id].alive = false;
  set_status(actor, Status::kEnded);
  if (observer_ != nullptr) observer_->actor_ended({actor.id});
}

// Nobody can run: input, the next deadline, or the end.
std::optional<RunResult> Scheduler::result_of_silence() {
  const auto live = std::ranges::count_if(actors_, [](const auto& a) { return a->status != Status::kEnded; });
  const auto quiescent = std::ranges::count_if(actors_, [](const auto& a) { return a->status == Status::kQuiescent; });
  if (live == 0) {
    quiesce_ = false;
    return RunResult::kAllEnded;
  }
  if (quiesce_ && quiescent == live) return RunResult::kQuiescent;
  if (lock_waiters_ != 0 && lock_waiters_ == static_cast<std::uint32_t>(live - quiescent))
    die("deadlock: everybody waits for a lock");
  boundary(true);
  if (runnable_ != 0 || jump()) return std::nullopt;
  return RunResult::kStuck;
}

bool Scheduler::must_return() const { return stop_.load(std::memory_order_relaxed) || limit_reached().has_value(); }

void Scheduler::park(bool may_throw) {
  if (inside_engine()) die("an actor would park inside the engine's frames");
  if (std::uncaught_exceptions() > 0) die("an actor would park while an exception unwinds its stack");
  Actor& me = *current_;
  if (!abandoning_) me.fiber->suspend();
  if (abandoning_ && may_throw) throw AbandonedActor{};
}

void Scheduler::choose_at_step(const Step& step) {
  state_.steps_left = strategy_.steps_until_choice(state_.random);
  if (inside_engine()) die("a Step inside the engine's frames");
  if (abandoning_ || std::uncaught_exceptions() > 0) return;
  // A release is the work of a destructor: it can be interrupted, but not ended by an exception.
  const bool may_throw = step.access != Access::kRelease;
  if (must_return()) {
    chosen_ = current_->id;
    park(may_throw);
    return;
  }
  if (runnable_ < 2) return;
  const ActorId next = strategy_.choose_at_step(runnable(), {current_->id}, state_.random);
  if (next.value == current_->id) return;
  chosen_ = next.value;
  park(may_throw);
}

void Scheduler::set_status(Actor& actor, Status status) {
  const auto waits_for_lock = [](Status s) { return s == Status::kLock || s == Status::kRead || s == Status::kWrite; };
  if (actor.status == Status::kRunnable) --runnable_;
  if (waits_for_lock(actor.status)) --lock_waiters_;
  actor.status = status;
  if (status == Status::kRunnable) ++runnable_;
  if (waits_for_lock(status)) ++lock_waiters_;
}

void Scheduler::make_runnable(Actor& actor) {
  set_status(actor, Status::kRunnable);
  actor.object = nullptr;
  if (std::exchange(actor.deadline, std::nullopt)) update_next_deadline();
  // The actor that runs now was given a long quantum because it was alone.
  if (state_.quantum_is_solo && runnable_ > 1) {
    state_.quantum_is_solo = false;
    state_.quantum_left = std::min(state_.quantum_left, strategy_.quantum(state_.random));
  }
}

std::span<const ActorId> Scheduler::runnable() {
  ready_.clear();
  for (const auto& actor : actors_)
    if (actor->status == Status::kRunnable) ready_.push_back({actor->id});
  return ready_;
}

void Scheduler::check_lives() const {
  if (actors_.size() != state_.actors.size())
    die("the machine's state has another number of actors than the scheduler");
  for (const auto& actor : actors_)
    if (state_.actors[actor->id].alive != (actor->status != Status::kEnded))
      die("actor " + actor->name +
          (actor->status == Status::kEnded ? " is alive in the machine's state: restored without after_restore()"
                                           : " has ended in the machine's state: restored without before_restore()"));
}

void Scheduler::request_quiesce() {
  quiesce_ = true;
  for (auto& actor : actors_) {
    if (actor->status == Status::kEnded || actor->status == Status::kQuiescent) continue;
    kick({actor->id});
    if (actor->status == Status::kWait) make_runnable(*actor);
  }
}

void Scheduler::park_quiescent() {
  if (!quiesce_ || current_ == nullptr) return;
  block(Status::kQuiescent, nullptr, {"park_quiescent", 0, Access::kWait}, std::nullopt);
}

void Scheduler::abandon(ActorId id) {
  if (current_ != nullptr) die("an actor abandons an actor");
  Actor& actor = *actors_.at(id.value);
  if (actor.status == Status::kEnded) return;
  make_runnable(actor);
  if (actor.fiber->started()) {
    abandoning_ = true;
    run_actor(actor);
    abandoning_ = false;
    if (actor.status != Status::kEnded) die("an abandoned actor lives on: some catch (...) swallowed AbandonedActor");
  } else {
    actor.fiber.reset();
    state_.actors[id.value].alive = false;
    set_status(actor, Status::kEnded);
  }
  actor.failure = nullptr;
}

void Scheduler::abandon_all() {
  for (std::size_t i = 0; i < actors_.size(); ++i) abandon({static_cast<std::uint16_t>(i)});
}

Pe& Scheduler::current_pe_object() {
  if (current_ != nullptr) return current_->pe;
  if (actors_.empty()) die("no PE exists before the first actor");
  return actors_.front()->pe;
}

void Scheduler::kick(host::port::PeId pe) {
  state_.actors[pe.value].pe.irq_pending = true;
  wake_idle({pe.value});
}

void Scheduler::wake_idle(ActorId id) {
  Actor& actor = *actors_.at(id.value);
  if (actor.status == Status::kIdle) make_runnable(actor);
}

bool Scheduler::irq_pending() const { return current_ != nullptr && current_->pe.irq_pending(); }

void Scheduler::acknowledge_irqs() {
  if (current_ != nullptr) state_.actors[current_->id].pe.irq_pending = false;
}

}  // namespace sim
