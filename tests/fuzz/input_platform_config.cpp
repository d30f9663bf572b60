// SPDX-License-Identifier: GPL-2.0-or-later
// Configurations of `ccasim payload`, and the platforms that come out of those that are accepted: every device is where
// the configuration puts it and bears accesses of any value at its edges.
// Lines that begin with "--set " come first and change the rest, as on the command line.
#include "sim/app/platform.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/set_lines.h"

namespace {

struct NoConsole : host::port::Console {
  rmm::port::WaitQueue queue;
  void put(std::uint8_t /*byte*/) override {}
  std::optional<std::uint8_t> get() override { return std::nullopt; }
  rmm::port::WaitQueue& input_arrived() override { return queue; }
};

struct StandingClock : rmm::port::Clock {
  std::uint64_t now = 0;
  std::uint64_t now_ns() const override { return now; }
  void spend_ns(std::uint64_t ns) override { now += ns; }
};

void poke(sim::app::Platform& platform, abi::Pa base, std::uint64_t size) {
  fuzz::expect(platform.bus().claims(base) && platform.bus().claims(base + (size - 1)), "a device is not where it is");
  for (const unsigned width : {1U, 2U, 4U, 8U}) {
    for (const abi::Pa pa : {base, base + 8, base + 0xc00, base + (size - width)}) {
      fuzz::expect(platform.bus().read(pa, width).has_value(), "a device doesn't answer");
      fuzz::expect(platform.bus().write(pa, width, ~0ULL), "a device doesn't take a write");
    }
  }
  fuzz::expect(!platform.bus().read(base + (size - 1), 2).has_value(), "an access across a device's end is answered");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::SetLines input = fuzz::split_set_lines(fuzz::as_text({data, size}));
  const auto config = sim::app::parse_platform_config("fuzz.json", input.text, input.set);
  if (!config) {
    fuzz::refused(config.error().message);
    return 0;
  }
  fuzz::accepted();
  NoConsole console;
  StandingClock clock;
  sim::app::PlatformState state;
  sim::app::Platform platform(*config, state, console, clock);
  for (const auto& bank : config->dram) fuzz::expect(!platform.bus().claims(bank.base), "DRAM is on the bus");
  poke(platform, config->gic.distributor, sim::PhysicalGic::kDistributorSize);
  poke(platform, config->gic.redistributors, platform.gic().redistributors_size());
  for (const auto& uart : config->uarts) poke(platform, uart.base, 0x1000);
  for (const auto& watchdog : config->sp805) poke(platform, watchdog.base, 0x1000);
  for (const auto& watchdog : config->generic_watchdogs) {
    poke(platform, watchdog.control, 0x1000);
    poke(platform, watchdog.refresh, 0x1000);
  }
  for (const auto& region : config->nvm) poke(platform, region.base, region.size);
  for (const auto& region : config->constant) poke(platform, region.base, region.size);
  for (int events = 0; events < 8; ++events) {
    const auto next = platform.next_event_ns();
    if (!next) break;
    fuzz::expect(*next >= clock.now, "an event lies in the past");
    clock.now = *next;
    platform.advance(clock.now);
  }
  platform.reset();
  fuzz::expect(!platform.reset_requested(), "a reset asks for a reset");
  return 0;
}
