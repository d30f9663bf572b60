// SPDX-License-Identifier: GPL-2.0-or-later
// What lies around a PE whose EL2 is simulated code: physical addresses beside DRAM, the interrupt controller, EL3's
// wish that the PE stops. And what moves with time and belongs to no CPU.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rmm/abi/addr.h"
#include "rmm/port/pe.h"
#include "sim/dev/bus.h"

namespace sim {

// Of one PE. Called outside the engine, but for timer_changed().
class Interconnect {
 public:
  virtual ~Interconnect() = default;
  // An access beside DRAM, of 1, 2, 4 or 8 bytes. nullopt or false: nothing answers, an external abort.
  virtual std::optional<std::uint64_t> read(abi::Pa pa, unsigned size) = 0;
  virtual bool write(abi::Pa pa, unsigned size, std::uint64_t value) = 0;
  // The addresses beside DRAM that read as a constant: a CPU may serve loads from them by itself. Never changes.
  virtual std::vector<ConstantBytes> constants() { return {}; }
  // MRS and MSR of the physical GIC CPU interface, by abi::sysreg_key. False: it has no such register.
  virtual bool read_gic(std::uint32_t key, std::uint64_t& value) = 0;
  virtual bool write_gic(std::uint32_t key, std::uint64_t value) = 0;
  // The interrupt controller signals an IRQ to this PE.
  virtual bool irq_pending() = 0;
  // A timer of the PE was programmed. May be called inside the engine: only to be noted.
  virtual void timer_changed() noexcept = 0;
  // Others may use the time in which this PE waits for an event.
  virtual bool has_company() = 0;
  // The PE must come back to EL3 at once: power is cut, the machine is reset, or its state is looked at.
  virtual bool must_leave() = 0;
};

// Devices and timers outside the CPU that runs. Every CPU looks at it before each slice, also a realm's.
class PlatformTime {
 public:
  virtual ~PlatformTime() = default;
  // Everything acts up to `now_ns`: interrupt lines are as they are then.
  virtual void advance(std::uint64_t now_ns) = 0;
  // The next time after now at which something would change by itself; nullopt: never.
  virtual std::optional<std::uint64_t> next_event_ns() = 0;
  // Level of the overflow interrupt of the Performance Monitors of a PE.
  virtual void set_pmu_line(rmm::port::PeId /*pe*/, bool /*level*/) {}
};

}  // namespace sim
