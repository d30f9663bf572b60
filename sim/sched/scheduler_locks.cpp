// SPDX-License-Identifier: GPL-2.0-or-later
// Blocking: wait queues, locks, and what is said when nobody can go on.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "sim/sched/scheduler.h"

namespace sim {

using rmm::port::ActorId;
using rmm::port::Lock;
using rmm::port::RwLock;
using rmm::port::Step;
using rmm::port::WaitQueue;

namespace {

constexpr const char* kStatusNames[] = {"can run",        "waits",          "waits for a lock", "waits to read",
                                        "waits to write", "idles in guest", "is parked",        "has ended"};

bool is_held(const RwLock& lock) { return lock.writer.value != ActorId::kNobody; }

}  // namespace

void Scheduler::block(Status status, const void* object, const Step& step, std::optional<std::uint64_t> deadline) {
  if (current_ == nullptr) die(fmt::format("{} would block outside every actor", step.point));
  Actor& me = *current_;
  me.object = object;
  me.step = step;
  me.ticket = next_ticket_++;
  set_status(me, status);
  me.deadline = deadline;
  if (deadline && *deadline < next_deadline_) next_deadline_ = *deadline;
  if (status == Status::kLock || status == Status::kRead || status == Status::kWrite) abort_on_cycle(me);
  park(true);
}

void Scheduler::wait(WaitQueue& queue, const Step& step) { wait_on(queue, step, std::nullopt); }

void Scheduler::wait_until(WaitQueue& queue, std::uint64_t deadline_ns, const Step& step) {
  wait_on(queue, step, deadline_ns);
}

void Scheduler::wait_on(WaitQueue& queue, const Step& step, std::optional<std::uint64_t> deadline) {
  // Whoever runs at this Step may change what the caller looked at before it called: then there is nothing to wait for.
  const std::uint32_t seen = queue.wakeups;
  this->step(step);
  if (queue.wakeups != seen || (deadline && *deadline <= state_.now_ns)) return;
  block(Status::kWait, &queue, step, deadline);
}

void Scheduler::wake_all(WaitQueue& queue) {
  ++queue.wakeups;
  for (auto& actor : actors_)
    if (actor->status == Status::kWait && actor->object == &queue) make_runnable(*actor);
}

void Scheduler::acquire(Lock& lock, const Step& step) {
  this->step(step);
  if (!lock.held()) {
    lock.holder = self();
    return;
  }
  if (lock.holder == self()) die(fmt::format("{} locks {:#x} again, which it holds", step.point, step.object));
  do {
    block(Status::kLock, &lock, step, std::nullopt);
    if (lock.holder == self()) return;  // handed over by release()
  } while (lock.held());
  lock.holder = self();
}

void Scheduler::release(Lock& lock, const Step& step) {
  if (lock.holder != self()) die(fmt::format("{} releases {:#x}, which it doesn't hold", step.point, step.object));
  this->step(step);
  lock.holder = {};
  if (lock_waiters_ == 0) return;
  Actor* next = longest_waiting(&lock);
  if (next == nullptr) return;
  if (strategy_.hands_off(state_.random)) lock.holder = {next->id};
  make_runnable(*next);
}

void Scheduler::acquire_read(RwLock& lock, const Step& step) {
  this->step(step);
  if (is_held(lock) && lock.writer == self())
    die(fmt::format("{} reads under {:#x}, which it holds for writing", step.point, step.object));
  // Fair: a reader queues behind a writer that already waits.
  if (!is_held(lock) && (lock_waiters_ == 0 || longest_waiting(&lock) == nullptr)) {
    ++lock.readers;
    return;
  }
  block(Status::kRead, &lock, step, std::nullopt);  // returns after grant() counted this reader
}

void Scheduler::release_read(RwLock& lock, const Step& step) {
  if (lock.readers == 0) die(fmt::format("{} releases {:#x}, which nobody reads", step.point, step.object));
  this->step(step);
  --lock.readers;
  grant(lock);
}

void Scheduler::acquire_write(RwLock& lock, const Step& step) {
  this->step(step);
  if (is_held(lock) && lock.writer == self())
    die(fmt::format("{} locks {:#x} again, which it holds", step.point, step.object));
  if (!is_held(lock) && lock.readers == 0) {
    lock.writer = self();
    return;
  }
  block(Status::kWrite, &lock, step, std::nullopt);  // returns after grant() made this actor the writer
}

void Scheduler::release_write(RwLock& lock, const Step& step) {
  if (lock.writer != self()) die(fmt::format("{} releases {:#x}, which it doesn't hold", step.point, step.object));
  this->step(step);
  lock.writer = {};
  grant(lock);
}

void Scheduler::grant(RwLock& lock) {
  if (lock_waiters_ == 0) return;
  for (Actor* next = longest_waiting(&lock); next != nullptr; next = longest_waiting(&lock)) {
    if (is_held(lock)) return;
    if (next->status == Status::kWrite) {
      if (lock.readers != 0) return;
      lock.writer = {next->id};
    } else {
      ++lock.readers;
    }
    make_runnable(*next);
  }
}

Scheduler::Actor* Scheduler::longest_waiting(const void* object) const {
  Actor* first = nullptr;
  for (const auto& actor : actors_) {
    const bool waits =
        actor->status == Status::kLock || actor->status == Status::kRead || actor->status == Status::kWrite;
    if (waits && actor->object == object && (first == nullptr || actor->ticket < first->ticket)) first = actor.get();
  }
  return first;
}

const Scheduler::Actor* Scheduler::holder_of_wait(const Actor& actor) const {
  ActorId holder;
  if (actor.status == Status::kLock) holder = static_cast<const Lock*>(actor.object)->holder;
  if (actor.status == Status::kRead || actor.status == Status::kWrite)
    holder = static_cast<const RwLock*>(actor.object)->writer;
  return holder.value < actors_.size() ? actors_[holder.value].get() : nullptr;
}

void Scheduler::abort_on_cycle(const Actor& actor) const {
  // At most one edge leaves each actor, so that a walk of as many steps as there are actors meets any cycle.
  const Actor* at = &actor;
  for (std::size_t i = 0; i < actors_.size(); ++i) {
    at = holder_of_wait(*at);
    if (at == nullptr) return;
    if (at == &actor) die("deadlock: a circle of lock holders wait for each other");
  }
}

std::string Scheduler::describe() const {
  std::string text = fmt::format("virtual time {} ns, {} instructions retired\n", state_.now_ns, state_.retired);
  for (const auto& actor : actors_)
    text += fmt::format("  actor {} '{}' {}\n", actor->id, actor->name, activity({actor->id}));
  return text;
}

std::string Scheduler::activity(ActorId id) const {
  const Actor& actor = *actors_.at(id.value);
  std::string text = kStatusNames[static_cast<int>(actor.status)];
  if (actor.status != Status::kRunnable && actor.status != Status::kEnded) {
    text += fmt::format(" at {}", actor.step.point);
    if (actor.step.object != 0) text += fmt::format(" ({:#x})", actor.step.object);
    if (const Actor* holder = holder_of_wait(actor))
      text += fmt::format(", held by actor {} '{}'", holder->id, holder->name);
    else if (actor.status == Status::kWrite)
      text += fmt::format(", {} readers", static_cast<const RwLock*>(actor.object)->readers);
    if (actor.deadline) text += fmt::format(", until {} ns", *actor.deadline);
  }
  if (actor.pe.irq_pending()) text += ", IRQ pending";
  return text;
}

void Scheduler::die(const std::string& why) const {
  fmt::print(stderr, "sim/sched: {}\n", why);
  if (current_ != nullptr) fmt::print(stderr, "running: actor {} '{}'\n", current_->id, current_->name);
  fmt::print(stderr, "{}", describe());
  std::abort();
}

}  // namespace sim
