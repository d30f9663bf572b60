// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/platform.h"

#include <algorithm>

namespace sim::app {

namespace {

constexpr std::uint64_t kFrameSize = 0x1000;

}  // namespace

Platform::Platform(const PlatformConfig& config, PlatformState& state, host::port::Console& console,
                   const rmm::port::Clock& clock)
    : gic_(state.gic, config.pes.affinities, config.gic.spis) {
  bus_.add(config.gic.distributor, PhysicalGic::kDistributorSize, gic_.distributor());
  bus_.add(config.gic.redistributors, gic_.redistributors_size(), gic_.redistributors());
  for (const UartConfig& uart : config.uarts) {
    host::port::Console& wire_end = uart.console ? console : disconnected_;
    bus_.add(uart.base, kFrameSize, uarts_.emplace_back(state.uarts.emplace_back(), wire_end, wire(uart.interrupt)));
  }
  for (const Sp805Config& watchdog : config.sp805) {
    Sp805& device =
        sp805_.emplace_back(state.sp805.emplace_back(), clock, TickRate{watchdog.clock_hz}, wire(watchdog.interrupt));
    bus_.add(watchdog.base, kFrameSize, device);
    timed_.push_back(&device);
  }
  for (const GenericWatchdogConfig& watchdog : config.generic_watchdogs) {
    GenericWatchdog& device = generic_watchdogs_.emplace_back(state.generic_watchdogs.emplace_back(), clock,
                                                              watchdog.reset, wire(watchdog.interrupt), config.counter);
    bus_.add(watchdog.control, kFrameSize, device.control_frame());
    bus_.add(watchdog.refresh, kFrameSize, device.refresh_frame());
    timed_.push_back(&device);
  }
  for (const FilledRegionConfig& region : config.nvm)
    bus_.add(region.base, region.size, nvm_.emplace_back(state.nvm.emplace_back(), region.size, region.byte));
  for (const FilledRegionConfig& region : config.constant)
    bus_.add(region.base, region.size, constant_.emplace_back(region.byte));
}

SetIrq Platform::wire(std::optional<unsigned> interrupt) {
  if (!interrupt) return [](bool) {};
  return [this, intid = *interrupt](bool level) { gic_.set_spi(intid, level); };
}

void Platform::advance(std::uint64_t now_ns) {
  for (TimedDevice* device : timed_) device->advance(now_ns);
  for (Uart& uart : uarts_) uart.input_arrived();
}

std::optional<std::uint64_t> Platform::next_event_ns() const {
  std::optional<std::uint64_t> first;
  for (const TimedDevice* device : timed_)
    if (const auto event = device->next_event_ns(); event && (!first || *event < *first)) first = event;
  return first;
}

bool Platform::reset_requested() const {
  return std::any_of(timed_.begin(), timed_.end(), [](const TimedDevice* device) { return device->reset_requested(); });
}

void Platform::reset() {
  for (Uart& uart : uarts_) uart.reset();
  for (TimedDevice* device : timed_) device->reset();
  gic_.reset();
}

}  // namespace sim::app
