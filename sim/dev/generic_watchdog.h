// SPDX-License-Identifier: GPL-2.0-or-later
// The Generic Watchdog of Arm's base systems (DEN0029 SBSA, DEN0094 BSA: "Generic Watchdog"), revision 0: a compare
// value on the system counter. The first time it passes WS0 interrupts, the second time WS1 calls a more privileged
// agent, which here resets the platform if it is wired so.
#pragma once

#include <cstdint>
#include <tuple>

#include "rmm/port/clock.h"
#include "sim/dev/bus.h"
#include "sim/dev/timed_device.h"
#include "sim/timer/generic_timer.h"

namespace sim {

struct GenericWatchdogState {
  bool enabled = false, ws0 = false, ws1 = false;  // WCS
  std::uint32_t offset = 0;                        // WOR
  std::uint64_t compare = 0;                       // WCV
  auto members() { return std::tie(enabled, ws0, ws1, offset, compare); }
};

class GenericWatchdog : public TimedDevice {
 public:
  // `ws1_resets`: WS1 asks for a reset of the platform. `counter`: the system counter.
  GenericWatchdog(GenericWatchdogState& state, const rmm::port::Clock& clock, bool ws1_resets, SetIrq set_ws0,
                  Counter counter = {})
      : state_(state), clock_(clock), counter_(counter), ws1_resets_(ws1_resets), set_ws0_(std::move(set_ws0)) {}

  BusDevice& control_frame() { return control_; }
  BusDevice& refresh_frame() { return refresh_; }

  void advance(std::uint64_t now_ns) override;
  std::optional<std::uint64_t> next_event_ns() const override;
  bool reset_requested() const override { return ws1_resets_ && state_.ws1; }
  void reset() override;

 private:
  struct ControlFrame : BusDevice {
    explicit ControlFrame(GenericWatchdog& watchdog) : owner(watchdog) {}
    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, unsigned size, std::uint64_t value) override;
    GenericWatchdog& owner;
  };
  struct RefreshFrame : BusDevice {
    explicit RefreshFrame(GenericWatchdog& watchdog) : owner(watchdog) {}
    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, unsigned size, std::uint64_t value) override;
    GenericWatchdog& owner;
  };
  void refresh();

  GenericWatchdogState& state_;
  const rmm::port::Clock& clock_;
  Counter counter_;
  bool ws1_resets_;
  SetIrq set_ws0_;
  ControlFrame control_{*this};
  RefreshFrame refresh_{*this};
};

}  // namespace sim
