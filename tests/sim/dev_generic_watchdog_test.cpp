// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dev/generic_watchdog.h"

#include <catch2/catch_test_macros.hpp>

#include "sim/timer/generic_timer.h"
#include "tests/sim/fixed_clock.h"

namespace {

constexpr std::uint64_t kWcs = 0, kWor = 8, kWcv = 0x10, kWrr = 0;
constexpr std::uint64_t kEnabled = 1, kWs0 = 2, kWs1 = 4;

struct Bench {
  sim::test::FixedClock clock;
  sim::GenericWatchdogState state;
  bool line = false;
  sim::GenericWatchdog watchdog;
  explicit Bench(bool ws1_resets = false) : watchdog(state, clock, ws1_resets, [this](bool level) { line = level; }) {}
  std::uint64_t read(std::uint64_t offset, unsigned size = 4) { return watchdog.control_frame().read(offset, size); }
  void write(std::uint64_t offset, std::uint64_t value, unsigned size = 4) {
    watchdog.control_frame().write(offset, size, value);
  }
  void at_count(std::uint64_t count) {
    clock.now = count * abi::kNsPerCount;
    watchdog.advance(clock.now);
  }
};

}  // namespace

TEST_CASE("generic watchdog: disabled, it does nothing") {
  Bench b;
  b.write(kWor, 10);
  CHECK(b.watchdog.next_event_ns() == std::nullopt);
  b.at_count(1000);
  CHECK(b.read(kWcs) == 0);
  CHECK_FALSE(b.line);
  CHECK(b.read(0xfcc) == 0x43b);
  CHECK(b.watchdog.refresh_frame().read(0xfcc, 4) == 0x43b);
  CHECK(b.watchdog.refresh_frame().read(kWrr, 4) == 0);
}

TEST_CASE("generic watchdog: WS0 after the offset, WS1 after the offset again") {
  Bench b;
  b.at_count(50);
  b.write(kWor, 100);
  b.write(kWcs, 1);
  CHECK(b.read(kWcv, 8) == 150);
  CHECK(b.watchdog.next_event_ns() == 151 * abi::kNsPerCount);
  b.at_count(150);
  CHECK(b.read(kWcs) == kEnabled);
  b.at_count(151);
  CHECK(b.read(kWcs) == (kEnabled | kWs0));
  CHECK(b.line);
  CHECK(b.watchdog.next_event_ns() == 252 * abi::kNsPerCount);
  b.at_count(251);
  CHECK(b.read(kWcs) == (kEnabled | kWs0));
  b.at_count(252);
  CHECK(b.read(kWcs) == (kEnabled | kWs0 | kWs1));
  CHECK(b.watchdog.next_event_ns() == std::nullopt);
  CHECK_FALSE(b.watchdog.reset_requested());
}

TEST_CASE("generic watchdog: a refresh by WRR, WOR or WCS ends both signals and starts anew") {
  for (const int by : {0, 1, 2}) {
    Bench b;
    b.write(kWor, 100);
    b.write(kWcs, 1);
    b.at_count(1000);
    CHECK(b.read(kWcs) == (kEnabled | kWs0 | kWs1));
    if (by == 0) b.watchdog.refresh_frame().write(kWrr, 4, 0xabcd);
    if (by == 1) b.write(kWor, 100);
    if (by == 2) b.write(kWcs, 1);
    CHECK(b.read(kWcs) == kEnabled);
    CHECK_FALSE(b.line);
    CHECK(b.read(kWcv, 8) == 1100);
  }
}

TEST_CASE("generic watchdog: other addresses of the refresh frame refresh nothing") {
  Bench b;
  b.write(kWor, 100);
  b.write(kWcs, 1);
  b.at_count(60);
  b.watchdog.refresh_frame().write(8, 4, 1);
  CHECK(b.read(kWcv, 8) == 100);
}

TEST_CASE("generic watchdog: the compare value can be written whole or by halves") {
  Bench b;
  b.write(kWor, 1);
  b.write(kWcs, 1);
  b.write(kWcv, 0x1'0000'0002, 8);
  CHECK(b.read(kWcv) == 2);
  CHECK(b.read(kWcv + 4) == 1);
  b.write(kWcv + 4, 0);
  b.write(kWcv, 77);
  CHECK(b.read(kWcv, 8) == 77);
  b.at_count(78);
  CHECK(b.line);
}

TEST_CASE("generic watchdog: disabling ends the signals") {
  Bench b;
  b.write(kWcs, 1);
  b.at_count(1);
  CHECK(b.line);
  b.write(kWcs, 0);
  CHECK(b.read(kWcs) == 0);
  CHECK_FALSE(b.line);
}

TEST_CASE("generic watchdog: WS1 resets the platform only where it is wired so") {
  Bench b(true);
  b.write(kWor, 10);
  b.write(kWcs, 1);
  b.at_count(11);
  CHECK_FALSE(b.watchdog.reset_requested());
  b.at_count(22);
  CHECK(b.watchdog.reset_requested());
  b.watchdog.reset();
  CHECK_FALSE(b.watchdog.reset_requested());
  CHECK(b.read(kWcs) == 0);
  CHECK_FALSE(b.line);
}
