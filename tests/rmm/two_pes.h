// SPDX-License-Identifier: GPL-2.0-or-later
// Two PEs that use one monitor at the same time: each announced Step is a point at which the other may go on. A
// schedule says who begins and after how many Steps there is a preemption; a PE that waits for a lock, or has ended,
// makes way. Two threads, of which one runs at a time: whatever a schedule does, it does again.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "rmm/check/invariants.h"
#include "rmm/check/model_check.h"
#include "tests/rmm/rmi_bench.h"

namespace two_pes {

namespace port = rmm::port;

struct Schedule {
  static constexpr unsigned kNever = std::numeric_limits<unsigned>::max();
  unsigned first = 0;                                      // the PE that begins
  std::array<unsigned, 2> preemptions = {kNever, kNever};  // before which Steps, of both PEs together
};

class Sync : public port::Sync {
 public:
  port::ActorId self() const override { return {static_cast<std::uint16_t>(running_ ? current_ : 0)}; }
  void step(const port::Step&) override { point(); }
  void wait(port::WaitQueue&, const port::Step&) override { std::abort(); }
  void wait_until(port::WaitQueue&, std::uint64_t, const port::Step&) override { std::abort(); }
  void wake_all(port::WaitQueue& queue) override { ++queue.wakeups; }
  void acquire(port::Lock& lock, const port::Step& step) override {
    point();
    while (lock.held()) {
      if (lock.holder == self()) fail("locks again what it holds", step);
      if (!can_go_on(1 - current_)) fail("waits for a lock that nobody will release", step);
      waits_for_[current_] = &lock;
      hand_over();
    }
    waits_for_[current_] = nullptr;
    lock.holder = self();
  }
  void release(port::Lock& lock, const port::Step& step) override {
    point();
    if (lock.holder != self()) fail("releases what it does not hold", step);
    lock.holder = {};
  }
  void acquire_read(port::RwLock&, const port::Step&) override { std::abort(); }  // the monitor has none
  void release_read(port::RwLock&, const port::Step&) override { std::abort(); }
  void acquire_write(port::RwLock&, const port::Step&) override { std::abort(); }
  void release_write(port::RwLock&, const port::Step&) override { std::abort(); }

  // Runs both bodies to their end and returns how many Steps there were.
  unsigned run(const Schedule& schedule, const std::array<std::function<void()>, 2>& bodies) {
    schedule_ = schedule;
    steps_ = 0;
    done_ = {};
    waits_for_ = {};
    current_ = schedule.first;
    running_ = true;
    std::array<std::thread, 2> threads;
    for (unsigned pe = 0; pe < 2; ++pe)
      threads[pe] = std::thread([this, pe, &bodies] {
        wait_for_turn(pe);
        bodies[pe]();
        done_[pe] = true;
        pass_on();
      });
    for (std::thread& thread : threads) thread.join();
    running_ = false;
    return steps_;
  }

 private:
  bool can_go_on(unsigned pe) const { return !done_[pe] && (waits_for_[pe] == nullptr || !waits_for_[pe]->held()); }
  void point() {
    if (!running_) return;
    const unsigned now = steps_++;
    const bool preempted = now == schedule_.preemptions[0] || now == schedule_.preemptions[1];
    if (preempted && can_go_on(1 - current_)) hand_over();
  }
  void hand_over() {
    const unsigned me = current_;
    pass_on();
    wait_for_turn(me);
  }
  void pass_on() {
    const std::lock_guard guard(mutex_);
    current_ = 1 - current_;
    turn_.notify_all();
  }
  void wait_for_turn(unsigned pe) {
    std::unique_lock lock(mutex_);
    turn_.wait(lock, [&] { return current_ == pe; });
  }
  [[noreturn]] void fail(const char* what, const port::Step& step) const {
    std::fprintf(stderr, "PE %u %s: %s %#llx; first PE %u, preempted before Steps %u and %u\n", current_, what,
                 step.point, static_cast<unsigned long long>(step.object), schedule_.first, schedule_.preemptions[0],
                 schedule_.preemptions[1]);
    std::abort();
  }

  std::mutex mutex_;
  std::condition_variable turn_;
  Schedule schedule_;
  unsigned current_ = 0, steps_ = 0;
  bool running_ = false;
  std::array<bool, 2> done_{};
  std::array<const port::Lock*, 2> waits_for_{};
};

class Pe : public fake::Pe {
 public:
  explicit Pe(std::uint16_t id) : id_(id) {}
  rmm::port::PeId id() const override { return {id_}; }

 private:
  std::uint16_t id_;
};

// Tells the invariants, the model and a scenario's own observer.
class Observers : public port::Observer {
 public:
  Observers(port::Observer& invariants, port::Observer& model) : invariants_(invariants), model_(model) {}
  std::function<void(abi::Pa, std::string_view)> on_realm_state;
  std::function<void()> on_ripas_change;

  void command_begin(const port::CommandBegin& e) override { invariants_.command_begin(e); }
  void command_end(const port::CommandEnd& e) override {
    invariants_.command_end(e);
    model_.command_end(e);
  }
  void granule_transition(const port::GranuleTransition& e) override {
    invariants_.granule_transition(e);
    model_.granule_transition(e);
  }
  void rtt_write(const port::RttWrite& e) override {
    invariants_.rtt_write(e);
    model_.rtt_write(e);
  }
  void ripas_change(const port::RipasChange& e) override {
    if (on_ripas_change) on_ripas_change();
    invariants_.ripas_change(e);
  }
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override {
    if (on_realm_state) on_realm_state(rd, to);
    invariants_.realm_state(rd, from, to);
    model_.realm_state(rd, from, to);
  }
  void rec_enter(const port::RecEntry& e) override { invariants_.rec_enter(e); }
  void rec_exit(const port::RecExitEvent& e) override {
    invariants_.rec_exit(e);
    model_.rec_exit(e);
  }
  void trap(const port::TrapEvent& e) override { invariants_.trap(e); }
  void tlb_invalidate(abi::Vmid vmid, abi::IpaRange range) override { invariants_.tlb_invalidate(vmid, range); }
  void ns_read(abi::Pa pa, std::uint64_t size) override { invariants_.ns_read(pa, size); }

 private:
  port::Observer& invariants_;
  port::Observer& model_;
};

// What one PE's command answered.
struct Answer {
  std::uint64_t x0 = 0, x1 = 0, x2 = 0, x3 = 0;
  bool ok() const { return x0 == 0; }
  bool operator==(const Answer&) const = default;
  auto operator<=>(const Answer&) const = default;
};

// A bench whose monitor two PEs share. What `b` does is done before they begin.
struct World {
  rmi::Bench b;
  Sync sync;
  Pe pe0{0}, pe1{1};
  rmm::check::Findings findings;
  port::Platform ports{b.platform.memory, b.platform.gpt,     b.platform.tlb, b.platform.cpus,        sync,
                       b.platform.clock,  b.platform.entropy, nullptr,        &b.platform.attestation};
  rmm::check::Invariants invariants{ports, b.state, findings};
  rmm::check::ModelCheck model{ports, b.state, {}};  // from begin() on
  Observers observers{invariants, model};
  rmm::Monitor monitor;

  World() : monitor(watched(), {}, b.state) {}
  void begin() { model.state_was_replaced(); }

  template <class... Args>
  Answer call(unsigned pe, std::uint32_t fid, Args... args) {
    abi::SmcRegs regs;
    regs.x[0] = fid;
    std::size_t i = 1;
    ((regs.x[i++] = value(args)), ...);
    const abi::SmcRegs out = model.rmi(
        pe == 0 ? pe0 : pe1, regs, [this](port::Pe& on, const abi::SmcRegs& given) { return monitor.rmi(on, given); });
    return {out.x[0], out.x[1], out.x[2], out.x[3]};
  }
  // In the script of a CPU: the realm runs on, and the other PE may act.
  void realm_runs() { sync.step({"realm", 0, port::Access::kRead}); }

 private:
  port::Platform watched() {
    port::Platform out = model.watched_platform();
    out.observer = &observers;
    return out;
  }
  template <class T>
  static std::uint64_t value(T v) {
    if constexpr (requires { v.value; })
      return v.value;
    else
      return static_cast<std::uint64_t>(v);
  }
};

// What both PEs do in one world, and what has to be true at its end.
class Scenario {
 public:
  virtual ~Scenario() = default;
  virtual void act(unsigned pe) = 0;
  virtual void check() {}
  World w;
};

// Everything that a host can tell: both answers and the monitor's state.
struct Outcome {
  std::array<std::vector<Answer>, 2> answers;
  std::string state;
  bool operator==(const Outcome&) const = default;
  auto operator<=>(const Outcome&) const = default;
};

// Runs fresh scenarios under every schedule of at most two preemptions. After each: no finding of the invariants, no
// difference from the model, no lock held, check().
// Returns the number of schedules.
inline unsigned explore(const std::function<std::unique_ptr<Scenario>()>& make) {
  unsigned schedules = 0;
  const auto run = [&](const Schedule& schedule) {
    const std::unique_ptr<Scenario> scenario = make();
    scenario->w.begin();
    INFO("PE " << schedule.first << " begins, preempted before Steps " << schedule.preemptions[0] << " and "
               << schedule.preemptions[1]);
    const unsigned steps = scenario->w.sync.run(schedule, {[&] { scenario->act(0); }, [&] { scenario->act(1); }});
    ++schedules;
    scenario->w.invariants.sweep();
    CHECK(scenario->w.findings.found() == std::vector<std::string>{});
    scenario->w.model.read_back();
    if (const auto& difference = scenario->w.model.difference())
      for (const std::string& line : difference->lines) FAIL_CHECK(line);
    bool held = scenario->w.b.state.vmid_lock.held();
    scenario->w.b.state.granules.for_each_delegated(
        [&](abi::GranulePa, const rmm::core::Granule& g) { held = held || g.lock.held(); });
    CHECK_FALSE(held);
    scenario->check();
    return steps;
  };
  for (unsigned first = 0; first < 2; ++first) {
    const unsigned serial = run({.first = first});
    for (unsigned p = 0; p < serial; ++p) {
      const unsigned once = run({.first = first, .preemptions = {p, Schedule::kNever}});
      for (unsigned q = p + 1; q < once; ++q) run({.first = first, .preemptions = {p, q}});
    }
  }
  return schedules;
}

// One command on each PE: whatever the schedule, both answers and the state are those of one order or the other.
// `prepare` returns the two commands in a world that it has prepared.
using Commands = std::array<std::function<Answer()>, 2>;
inline unsigned explore_atomic(const std::function<Commands(World&)>& prepare) {
  struct Pair : Scenario {
    Pair(const std::function<Commands(World&)>& make, const std::set<Outcome>& orders)
        : commands(make(w)), serial_outcomes(orders) {}
    void act(unsigned pe) override { outcome.answers[pe] = {commands[pe]()}; }
    void check() override {
      outcome.state = w.b.fingerprint();
      CHECK(serial_outcomes.contains(outcome));
    }
    Commands commands;
    const std::set<Outcome>& serial_outcomes;
    Outcome outcome;
  };
  std::set<Outcome> serial;
  for (unsigned first = 0; first < 2; ++first) {
    Pair pair(prepare, serial);
    pair.act(first);
    pair.act(1 - first);
    pair.outcome.state = pair.w.b.fingerprint();
    serial.insert(pair.outcome);
  }
  return explore([&] { return std::make_unique<Pair>(prepare, serial); });
}

}  // namespace two_pes
