// SPDX-License-Identifier: GPL-2.0-or-later
// Everything of scheduling and time that belongs to the machine's state. The actors' stacks don't: at a quiescent point
// every live actor is parked where its stack holds nothing of the machine.
#pragma once

#include <cstdint>
#include <deque>
#include <tuple>

#include "sim/dev/random_state.h"
#include "sim/sched/pe.h"

namespace sim {

struct ActorState {
  bool alive = false;
  PeState pe;
  auto members() { return std::tie(alive, pe); }
};

struct SchedulerState {
  std::uint64_t now_ns = 0;
  std::uint64_t fraction = 0;          // ns of retired instructions, to be divided by the PEs that run
  std::uint64_t retired = 0;           // by all PEs
  std::uint64_t boundary_ordinal = 0;  // boundaries so far at this very time
  std::uint64_t quantum_left = 0;      // of `turn`, in instructions
  bool quantum_is_solo = false;        // drawn while nobody else wanted to run
  std::uint32_t steps_left = 0;        // Steps until the strategy is asked; 0: drawn when the machine first runs
  std::uint16_t turn = 0xffff;         // actor that ran last
  RandomState random;
  std::deque<ActorState> actors;  // by actor id; a deque, since references to a PE outlive the start of new actors

  SchedulerState() = default;
  explicit SchedulerState(std::uint64_t seed) : random(seed, kRandomStream) {}
  auto members() {
    return std::tie(now_ns, fraction, retired, boundary_ordinal, quantum_left, quantum_is_solo, steps_left, turn,
                    random, actors);
  }
  static constexpr std::uint64_t kRandomStream = 0x7363686564;  // "sched"
};

}  // namespace sim
