// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/bare/turns.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace sim::bare {

Turns::~Turns() {
  for (unsigned pe = 0; pe < kPes; ++pe) {
    OnePe& one = pes_.at(pe);
    if (!one.fiber) continue;
    if (one.state != State::kIdle) {
      std::fprintf(stderr, "sim/bare: PE %u is in the monitor while its machine ends\n", pe);
      std::abort();
    }
    one.quits = true;
    one.fiber->resume();
  }
}

void Turns::prepare(unsigned pe, Job job) {
  OnePe& one = pes_.at(pe);
  one.job = std::move(job);
  one.state = State::kReady;
  if (one.fiber) return;
  one.fiber = std::make_unique<Fiber>(stacks_, [&one] {
    while (!one.quits) {
      one.job();
      one.state = State::kIdle;
      one.fiber->suspend();
    }
  });
}

void Turns::start(unsigned pe, Job job) {
  prepare(pe, std::move(job));
  run(pe);
}

void Turns::resume(unsigned pe) {
  pes_.at(pe).state = State::kReady;
  run(pe);
}

void Turns::run(unsigned pe) {
  const unsigned before = std::exchange(current_, pe);
  pes_.at(pe).fiber->resume();
  current_ = before;
}

unsigned Turns::run_together(std::array<unsigned, 2> pes, const Schedule& schedule) {
  for (const unsigned pe : pes) pes_.at(pe).state = State::kReady;
  both_ = pes;
  schedule_ = schedule;
  steps_ = 0;
  together_ = true;
  unsigned turn = schedule.first & 1;
  while (can_go_on(pes.at(turn)) || can_go_on(pes.at(1 - turn))) {
    if (!can_go_on(pes.at(turn))) turn = 1 - turn;
    run(pes.at(turn));
    turn = 1 - turn;  // it was preempted, waits, is parked or has ended: the other one
  }
  together_ = false;
  return steps_;
}

void Turns::park() {
  OnePe& one = pes_.at(current_);
  one.state = State::kParked;
  one.fiber->suspend();
}

bool Turns::can_go_on(unsigned pe) const {
  const OnePe& one = pes_.at(pe);
  return one.state == State::kReady && (one.waits_for == nullptr || !one.waits_for->held());
}

void Turns::count_step() {
  const unsigned now = steps_++;
  if (now != schedule_.preemptions[0] && now != schedule_.preemptions[1]) return;
  const unsigned other = current_ == both_[0] ? both_[1] : both_[0];
  if (can_go_on(other)) pes_.at(current_).fiber->suspend();
}

void Turns::acquire(port::Lock& lock, const port::Step& step) {
  point();
  while (lock.held()) {
    if (lock.holder == self()) fail("locks again what it holds", step);
    OnePe& one = pes_.at(current_);
    const unsigned other = current_ == both_[0] ? both_[1] : both_[0];
    if (!together_ || !can_go_on(other)) fail("waits for a lock that nobody will release", step);
    one.waits_for = &lock;
    one.fiber->suspend();
    one.waits_for = nullptr;
  }
  lock.holder = self();
  ++held_;
}

void Turns::release(port::Lock& lock, const port::Step& step) {
  point();
  if (lock.holder != self()) fail("releases what it does not hold", step);
  lock.holder = {};
  --held_;
}

void Turns::fail(const char* what, const port::Step& step) const {
  std::fprintf(stderr, "PE %u %s: %s %#llx\n", current_, what, step.point,
               static_cast<unsigned long long>(step.object));
  std::abort();
}

}  // namespace sim::bare
