// SPDX-License-Identifier: GPL-2.0-or-later
// Two PEs that use one monitor at the same time, under every schedule (sim/bare/turns.h) of at most two preemptions.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rmm/check/invariants.h"
#include "rmm/check/model_check.h"
#include "sim/bare/turns.h"
#include "tests/rmm/rmi_bench.h"

namespace two_pes {

namespace port = rmm::port;

using sim::bare::Schedule;

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
  sim::bare::Turns turns;
  fake::Pe pe0{0}, pe1{1};
  rmm::check::Findings findings;
  port::Platform ports{b.platform.memory, b.platform.gpt,     b.platform.tlb, b.platform.cpus,        turns,
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
  void realm_runs() { turns.step({"realm", 0, port::Access::kRead}); }

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
    for (unsigned pe = 0; pe < 2; ++pe) scenario->w.turns.prepare(pe, [&scenario, pe] { scenario->act(pe); });
    const unsigned steps = scenario->w.turns.run_together({0, 1}, schedule);
    CHECK((scenario->w.turns.is_idle(0) && scenario->w.turns.is_idle(1)));
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
