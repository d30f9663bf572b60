// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/sched/strategy.h"

namespace sim {

using rmm::port::ActorId;

ActorId RoundRobin::choose_at_step(std::span<const ActorId> runnable, ActorId current, RandomState& random) const {
  return choose_next(runnable, current, random);
}

ActorId RoundRobin::choose_next(std::span<const ActorId> runnable, ActorId last, RandomState&) const {
  // kNobody, the turn of a machine that never ran, is above every id: the lowest actor begins.
  for (const ActorId id : runnable)
    if (id.value > last.value) return id;
  return runnable.front();
}

std::uint32_t SeededRandom::steps_until_choice(RandomState& random) const {
  return 1 + static_cast<std::uint32_t>(random.below(2ULL * mean_steps_ - 1));
}

ActorId SeededRandom::choose_at_step(std::span<const ActorId> runnable, ActorId, RandomState& random) const {
  return runnable[random.below(runnable.size())];
}

ActorId SeededRandom::choose_next(std::span<const ActorId> runnable, ActorId, RandomState& random) const {
  return runnable[random.below(runnable.size())];
}

std::uint64_t SeededRandom::quantum(RandomState& random) const { return 1 + random.below(max_quantum_); }

bool SeededRandom::hands_off(RandomState& random) const { return random.below(2) == 0; }

}  // namespace sim
