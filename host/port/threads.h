// SPDX-License-Identifier: GPL-2.0-or-later
// Host threads: each has one PE for life. Interprocessor interrupts between them, and the host's per-PE timer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "rmm/port/sync.h"

namespace host::port {

struct PeId {
  std::uint16_t value = 0;
  constexpr bool operator==(const PeId&) const = default;
};

class Threads {
 public:
  virtual ~Threads() = default;
  // Starts a thread at `body`; it is runnable at once but does not run before the caller parks.
  virtual rmm::port::ActorId spawn(std::string name, std::function<void()> body) = 0;
  virtual PeId current_pe() const = 0;
  // Sends an IPI: the PE leaves guest code with an IRQ, or leaves WFI. Pending until acknowledged.
  virtual void kick(PeId pe) = 0;
  virtual bool irq_pending() const = 0;  // on the calling thread's PE
  virtual void acknowledge_irqs() = 0;   // the host's interrupt handler ran on the calling thread's PE

  // Linux's signal_pending(current): the machine wants every thread back in user space, so that its state can be
  // copied. KVM_RUN returns -EINTR, interruptible waits of the kernel give up. On such a request every PE is kicked and
  // every wait returns once.
  virtual bool signal_pending() const { return false; }
  // A quiescent point of user space: between two ioctls, no lock held, no copy of machine state in local variables. The
  // thread parks here while the machine is being copied or restored. Each round of a user-space loop calls it, before
  // it waits for anything.
  virtual void park_quiescent() {}
};

// Virtual time as the host's clocksource shows it.
class HostClock {
 public:
  virtual ~HostClock() = default;
  virtual std::uint64_t now_ns() const = 0;
  virtual void spend_ns(std::uint64_t ns) = 0;  // fixed, documented cost of host work
};

}  // namespace host::port
