// SPDX-License-Identifier: GPL-2.0-or-later
// What a running CPU asks of scheduling and time. Called only outside the engine: no fiber switch crosses its frames.
#pragma once

#include <cstdint>
#include <optional>

namespace sim {

class Execution {
 public:
  virtual ~Execution() = default;
  // Virtual time now, at a boundary between slices.
  virtual std::uint64_t now_ns() const = 0;
  // PEs that share the retired instructions of a time step (>= 1). Inside a slice, time is now_ns() + retired *
  // instruction_ns() / running_pes().
  virtual std::uint32_t running_pes() const = 0;
  // Virtual time of an instruction of a PE that runs alone (>= 1).
  virtual std::uint32_t instruction_ns() const { return 1; }
  // Instructions that the calling PE may retire before it must come back: the round-robin quantum, cut by the next
  // event of the machine (timer of any actor, journal input, instruction limit). At least 1.
  virtual std::uint64_t slice() const = 0;
  // The calling PE retired `n` instructions: advances time, may run other actors, returns when this PE may go on.
  virtual void retired(std::uint64_t n) = 0;
  // The calling PE gives up the rest of its slice (YIELD, WFE): others run first.
  virtual void yield() = 0;
  // The calling PE has nothing to do until an interrupt arrives for it or `deadline_ns`: parks. Wakeups may be
  // spurious.
  virtual void idle(std::optional<std::uint64_t> deadline_ns) = 0;

  // sim/cpu sets this around the engine's frames: parking or throwing through them is impossible, and aborts.
  void set_inside_engine(bool inside) { inside_engine_ = inside; }
  bool inside_engine() const { return inside_engine_; }

 private:
  bool inside_engine_ = false;
};

}  // namespace sim
