// SPDX-License-Identifier: GPL-2.0-or-later
// The platform of a payload: interrupt controller and devices on a bus, built as a PlatformConfig says.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <tuple>
#include <vector>

#include "host/port/console.h"
#include "host/vmm/devices/pl011.h"
#include "rmm/port/clock.h"
#include "sim/app/platform_config.h"
#include "sim/dev/bus.h"
#include "sim/dev/constant_region.h"
#include "sim/dev/generic_watchdog.h"
#include "sim/dev/nvm.h"
#include "sim/dev/sp805.h"
#include "sim/gic/physical_gic.h"

namespace sim::app {

struct PlatformState {
  PhysicalGicState gic;
  std::deque<host::vmm::Pl011State> uarts;
  std::deque<Sp805State> sp805;
  std::deque<GenericWatchdogState> generic_watchdogs;
  std::deque<NvmState> nvm;
  auto members() { return std::tie(gic, uarts, sp805, generic_watchdogs, nvm); }
};

class Platform {
 public:
  // The platform at power-on. UARTs that the configuration connects share `console`.
  Platform(const PlatformConfig& config, PlatformState& state, host::port::Console& console,
           const rmm::port::Clock& clock);
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  Bus& bus() { return bus_; }
  PhysicalGic& gic() { return gic_; }
  const PhysicalGic& gic() const { return gic_; }

  // Lets devices do what is due at `now_ns`, and UARTs take what has arrived at the console.
  void advance(std::uint64_t now_ns);
  // When a device would next do something by itself, if ever. The PEs' timers are not the platform's.
  std::optional<std::uint64_t> next_event_ns() const;

  // A watchdog asks for a reset of the platform, until reset().
  bool reset_requested() const;
  // All devices and the interrupt controller as at power-on; NVM keeps its content.
  void reset();

 private:
  // A UART of the VMM's kind on this bus.
  class Uart : public BusDevice {
   public:
    Uart(host::vmm::Pl011State& state, host::port::Console& console, SetIrq set_irq)
        : state_(state), pl011_(state, console, nullptr, std::move(set_irq)) {}
    std::uint64_t read(std::uint64_t offset, unsigned size) override { return pl011_.read(offset, size); }
    void write(std::uint64_t offset, unsigned size, std::uint64_t value) override { pl011_.write(offset, value, size); }
    void input_arrived() { pl011_.input_arrived(); }
    void reset() { state_ = {}; }

   private:
    host::vmm::Pl011State& state_;
    host::vmm::Pl011 pl011_;
  };

  // Nobody at the other end.
  class Disconnected : public host::port::Console {
   public:
    void put(std::uint8_t /*byte*/) override {}
    std::optional<std::uint8_t> get() override { return std::nullopt; }
    rmm::port::WaitQueue& input_arrived() override { return nothing_; }

   private:
    rmm::port::WaitQueue nothing_;
  };

  SetIrq wire(std::optional<unsigned> interrupt);

  PhysicalGic gic_;
  Disconnected disconnected_;
  std::deque<Uart> uarts_;
  std::deque<Sp805> sp805_;
  std::deque<GenericWatchdog> generic_watchdogs_;
  std::deque<Nvm> nvm_;
  std::deque<ConstantRegion> constant_;
  std::vector<TimedDevice*> timed_;  // those of the above that are
  Bus bus_;
};

}  // namespace sim::app
