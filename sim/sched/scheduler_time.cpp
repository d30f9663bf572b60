// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual time: retired instructions, costs, deadlines, limits and the boundaries at which input arrives.
#include <algorithm>
#include <utility>

#include "sim/sched/scheduler.h"

namespace sim {

void Scheduler::advance(std::uint64_t ns) {
  if (ns == 0) return;
  state_.now_ns += ns;
  state_.boundary_ordinal = 0;
}

std::uint64_t Scheduler::slice() const {
  std::uint64_t n = std::max<std::uint64_t>(state_.quantum_left, 1);
  const std::uint64_t event = std::min(next_deadline_, limits_.until_ns);
  if (event <= state_.now_ns) {
    n = 1;
  } else if (event - state_.now_ns < n * instruction_ns_) {  // else even a single PE needs the whole slice to get there
    const std::uint64_t needed = (event - state_.now_ns) * running_pes();
    // The fraction may be worth more than a nanosecond now: it was kept while more PEs ran.
    const std::uint64_t left = needed > state_.fraction ? needed - state_.fraction : 1;
    n = std::min(n, (left + instruction_ns_ - 1) / instruction_ns_);
  }
  if (limits_.max_instructions <= state_.retired) return 1;
  return std::min(n, limits_.max_instructions - state_.retired);
}

void Scheduler::retired(std::uint64_t n) {
  state_.retired += n;
  state_.fraction += n * instruction_ns_;
  if (const std::uint32_t running = running_pes(); running == 1) {
    advance(std::exchange(state_.fraction, 0));
  } else {
    advance(state_.fraction / running);
    state_.fraction %= running;
  }
  if (current_ == nullptr) return;
  state_.quantum_left -= std::min(state_.quantum_left, n);
  if (state_.quantum_left != 0 && state_.now_ns < next_deadline_ && !must_return()) return;
  end_of_slice();
}

void Scheduler::yield() {
  if (current_ == nullptr) return;
  state_.quantum_left = 0;
  end_of_slice();
}

void Scheduler::end_of_slice() {
  boundary(false);
  if (state_.quantum_left != 0) {
    // Only an event or a limit cut the slice: this PE goes on, after run() has returned if it must.
    if (!must_return()) return;
    chosen_ = current_->id;
    park(true);
  } else if (runnable_ > 1 || must_return()) {
    park(true);
  } else {
    refill_quantum();
  }
}

void Scheduler::refill_quantum() {
  state_.quantum_is_solo = runnable_ <= 1;
  state_.quantum_left = state_.quantum_is_solo ? kSoloQuantum : strategy_.quantum(state_.random);
}

void Scheduler::idle(std::optional<std::uint64_t> deadline_ns) {
  if (irq_pending() || (deadline_ns && *deadline_ns <= state_.now_ns)) return;
  block(Status::kIdle, nullptr, {"WFI", 0, rmm::port::Access::kWait}, deadline_ns);
}

// Native software runs on the same PEs: where an instruction takes longer, so does what it costs.
void Scheduler::spend_ns(std::uint64_t ns) {
  advance(ns * instruction_ns_);
  state_.quantum_left -= std::min(state_.quantum_left, ns);
}

void Scheduler::boundary(bool idle) {
  ++state_.boundary_ordinal;
  wake_due();
  if (input_ != nullptr && input_->deliver({.now_ns = state_.now_ns, .ordinal = state_.boundary_ordinal, .idle = idle}))
    wake_all(input_->arrived());
}

void Scheduler::wake_due() {
  if (state_.now_ns < next_deadline_) return;
  for (auto& actor : actors_)
    if (actor->deadline && *actor->deadline <= state_.now_ns) make_runnable(*actor);
}

void Scheduler::update_next_deadline() {
  next_deadline_ = kNoEvent;
  for (const auto& actor : actors_)
    if (actor->deadline) next_deadline_ = std::min(next_deadline_, *actor->deadline);
}

bool Scheduler::jump() {
  std::uint64_t target = next_deadline_;
  if (input_ != nullptr)
    if (const auto due = input_->next_due_ns()) target = std::min(target, *due);
  if (target == kNoEvent) {
    if (!pace_) return false;
    advance(pace_(std::nullopt));
    return true;
  }
  target = std::max(std::min(target, limits_.until_ns), state_.now_ns);
  const std::uint64_t distance = target - state_.now_ns;
  advance(pace_ ? std::min(pace_(distance), distance) : distance);
  return true;
}

std::optional<RunResult> Scheduler::limit_reached() const {
  if (state_.retired >= limits_.max_instructions) return RunResult::kInstructionLimit;
  if (state_.now_ns >= limits_.until_ns) return RunResult::kTimeLimit;
  return std::nullopt;
}

}  // namespace sim
