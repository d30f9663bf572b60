// SPDX-License-Identifier: GPL-2.0-or-later
// Arm Watchdog Module SP805 (DDI 0270B): a down counter that interrupts when it reaches zero and resets the platform
// when it does so again before the interrupt was cleared. Its integration test registers are not there.
#pragma once

#include <cstdint>
#include <tuple>

#include "rmm/port/clock.h"
#include "sim/dev/bus.h"
#include "sim/dev/timed_device.h"
#include "sim/timer/tick_rate.h"

namespace sim {

struct Sp805State {
  std::uint32_t load = 0xffff'ffff;
  // The counter had this value at this tick of its clock; it holds it while it doesn't run.
  std::uint32_t value = 0xffff'ffff;
  std::uint64_t since = 0;
  bool int_enable = false, reset_enable = false;  // WdogControl
  bool locked = false;
  bool interrupt = false;  // WdogRIS
  bool reset = false;      // WDOGRES: asserted until the platform is reset, and the counter stands still
  auto members() { return std::tie(load, value, since, int_enable, reset_enable, locked, interrupt, reset); }
};

class Sp805 : public BusDevice, public TimedDevice {
 public:
  Sp805(Sp805State& state, const rmm::port::Clock& clock, TickRate rate, SetIrq set_irq)
      : state_(state), clock_(clock), rate_(rate), set_irq_(std::move(set_irq)) {}

  std::uint64_t read(std::uint64_t offset, unsigned size) override;
  void write(std::uint64_t offset, unsigned size, std::uint64_t value) override;

  void advance(std::uint64_t now_ns) override;
  std::optional<std::uint64_t> next_event_ns() const override;
  bool reset_requested() const override { return state_.reset; }
  void reset() override;

 private:
  bool running() const { return state_.int_enable && !state_.reset; }
  std::uint64_t zero_at() const { return state_.since + state_.value; }
  std::uint32_t counter(std::uint64_t tick) const;
  void reload(std::uint64_t tick);
  void update_irq() { set_irq_(state_.interrupt && state_.int_enable); }

  Sp805State& state_;
  const rmm::port::Clock& clock_;
  TickRate rate_;
  SetIrq set_irq_;
};

}  // namespace sim
