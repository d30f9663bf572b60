// SPDX-License-Identifier: GPL-2.0-or-later
// Who runs next: a strategy decides where two or more actors could go on. Its only memory is the machine's RandomState,
// so that a restored machine decides again as it did.
#pragma once

#include <cstdint>
#include <span>

#include "rmm/port/sync.h"
#include "sim/dev/random_state.h"

namespace sim {

class Strategy {
 public:
  virtual ~Strategy() = default;
  // How many Steps may pass before choose_at_step() is asked; at least 1.
  virtual std::uint32_t steps_until_choice(RandomState& random) const = 0;
  // At a Step: one of `runnable` (ascending, contains `current`, at least two).
  virtual rmm::port::ActorId choose_at_step(std::span<const rmm::port::ActorId> runnable, rmm::port::ActorId current,
                                            RandomState& random) const = 0;
  // After `last` parked or used up its quantum: one of `runnable` (ascending, at least one, may contain `last`).
  virtual rmm::port::ActorId choose_next(std::span<const rmm::port::ActorId> runnable, rmm::port::ActorId last,
                                         RandomState& random) const = 0;
  // Instructions that a PE may retire while others want to run; at least 1.
  virtual std::uint64_t quantum(RandomState& random) const = 0;
  // A released lock with waiters: true gives it to the one who waits longest, false lets all contend again.
  virtual bool hands_off(RandomState& random) const = 0;
};

// Turns in ascending actor order; nobody is interrupted at a Step unless he loops without end.
class RoundRobin : public Strategy {
 public:
  static constexpr std::uint64_t kQuantum = 50'000;
  static constexpr std::uint32_t kPatience = 100'000;  // Steps: a loop that polls must not keep the others out for ever

  explicit RoundRobin(std::uint64_t quantum = kQuantum) : quantum_(quantum) {}
  std::uint32_t steps_until_choice(RandomState&) const override { return kPatience; }
  rmm::port::ActorId choose_at_step(std::span<const rmm::port::ActorId> runnable, rmm::port::ActorId current,
                                    RandomState& random) const override;
  rmm::port::ActorId choose_next(std::span<const rmm::port::ActorId> runnable, rmm::port::ActorId last,
                                 RandomState& random) const override;
  std::uint64_t quantum(RandomState&) const override { return quantum_; }
  bool hands_off(RandomState&) const override { return true; }

 private:
  std::uint64_t quantum_;
};

// Chooses with equal chances after 1 .. 2 * mean_steps - 1 Steps and after quanta of 1 .. max_quantum instructions.
class SeededRandom : public Strategy {
 public:
  explicit SeededRandom(std::uint32_t mean_steps = 4, std::uint64_t max_quantum = 20'000)
      : mean_steps_(mean_steps), max_quantum_(max_quantum) {}
  std::uint32_t steps_until_choice(RandomState& random) const override;
  rmm::port::ActorId choose_at_step(std::span<const rmm::port::ActorId> runnable, rmm::port::ActorId current,
                                    RandomState& random) const override;
  rmm::port::ActorId choose_next(std::span<const rmm::port::ActorId> runnable, rmm::port::ActorId last,
                                 RandomState& random) const override;
  std::uint64_t quantum(RandomState& random) const override;
  bool hands_off(RandomState& random) const override;

 private:
  std::uint32_t mean_steps_;
  std::uint64_t max_quantum_;
};

}  // namespace sim
