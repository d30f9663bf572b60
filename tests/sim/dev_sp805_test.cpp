// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dev/sp805.h"

#include <array>

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/fixed_clock.h"

namespace {

constexpr std::uint64_t kLoad = 0, kValue = 4, kControl = 8, kIntClr = 0xc, kRis = 0x10, kMis = 0x14, kLock = 0xc00;
constexpr std::uint64_t kNsPerTick = 1'000'000;

struct Bench {
  sim::test::FixedClock clock;
  sim::Sp805State state;
  bool line = false;
  sim::Sp805 watchdog{state, clock, sim::TickRate{1000}, [this](bool level) { line = level; }};
  std::uint64_t read(std::uint64_t offset) { return watchdog.read(offset, 4); }
  void write(std::uint64_t offset, std::uint64_t value) { watchdog.write(offset, 4, value); }
  void at_tick(std::uint64_t tick) {
    clock.now = tick * kNsPerTick;
    watchdog.advance(clock.now);
  }
  void start(std::uint32_t load, std::uint32_t control = 3) {
    write(kLoad, load);
    write(kControl, control);
  }
};

}  // namespace

TEST_CASE("SP805: reset values and identification") {
  Bench b;
  CHECK(b.read(kLoad) == 0xffff'ffff);
  CHECK(b.read(kValue) == 0xffff'ffff);
  for (const std::uint64_t at : {kControl, kRis, kMis, kLock}) CHECK(b.read(at) == 0);
  constexpr std::array<std::uint64_t, 8> kIds{0x05, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
  for (std::uint64_t i = 0; i < kIds.size(); ++i) CHECK(b.read(0xfe0 + 4 * i) == kIds.at(i));
  CHECK(b.watchdog.next_event_ns() == std::nullopt);
}

TEST_CASE("SP805: the counter stands still until its interrupt is enabled, then counts down from the load value") {
  Bench b;
  b.write(kLoad, 100);
  b.at_tick(50);
  CHECK(b.read(kValue) == 100);
  b.write(kControl, 1);
  b.at_tick(70);
  CHECK(b.read(kValue) == 80);
  b.write(kControl, 0);
  b.at_tick(90);
  CHECK(b.read(kValue) == 80);  // held
  b.write(kControl, 1);
  CHECK(b.read(kValue) == 100);  // reloaded
}

TEST_CASE("SP805: zero interrupts, and the clear register ends that and starts anew") {
  Bench b;
  b.start(100);
  CHECK(b.watchdog.next_event_ns() == 100 * kNsPerTick);
  b.at_tick(99);
  CHECK_FALSE(b.line);
  b.at_tick(100);
  CHECK(b.line);
  CHECK(b.read(kRis) == 1);
  CHECK(b.read(kMis) == 1);
  CHECK_FALSE(b.watchdog.reset_requested());
  b.at_tick(150);
  b.write(kIntClr, 0x1234);
  CHECK_FALSE(b.line);
  CHECK(b.read(kRis) == 0);
  CHECK(b.read(kValue) == 100);
  CHECK(b.watchdog.next_event_ns() == 250 * kNsPerTick);
}

TEST_CASE("SP805: reaching zero again before the interrupt is cleared asks for a reset") {
  Bench b;
  b.start(100);
  b.at_tick(100);
  CHECK(b.watchdog.next_event_ns() == 201 * kNsPerTick);  // one tick to reload
  b.at_tick(200);
  CHECK_FALSE(b.watchdog.reset_requested());
  b.at_tick(201);
  CHECK(b.watchdog.reset_requested());
  CHECK(b.watchdog.next_event_ns() == std::nullopt);
  b.write(kIntClr, 0);  // too late
  CHECK(b.watchdog.reset_requested());
  b.watchdog.reset();
  CHECK_FALSE(b.watchdog.reset_requested());
  CHECK_FALSE(b.line);
  CHECK(b.read(kControl) == 0);
}

TEST_CASE("SP805: both expiries may lie behind one look at the clock") {
  Bench b;
  b.start(100);
  b.at_tick(1'000'000);
  CHECK(b.watchdog.reset_requested());
}

TEST_CASE("SP805: without RESEN it goes on counting and never resets") {
  Bench b;
  b.start(100, 1);
  b.at_tick(1000);
  CHECK(b.line);
  CHECK_FALSE(b.watchdog.reset_requested());
  CHECK(b.read(kValue) == 9);  // zero at 100, 201, ..., 908, 1009
  b.at_tick(1009);
  CHECK(b.read(kValue) == 0);
  b.at_tick(1010);
  CHECK(b.read(kValue) == 100);
  CHECK(b.watchdog.next_event_ns() == std::nullopt);
}

TEST_CASE("SP805: a pending interrupt is masked while INTEN is clear") {
  Bench b;
  b.start(10);
  b.at_tick(10);
  b.write(kControl, 2);
  CHECK(b.read(kRis) == 1);
  CHECK(b.read(kMis) == 0);
  CHECK_FALSE(b.line);
  b.at_tick(1000);
  CHECK_FALSE(b.watchdog.reset_requested());
}

TEST_CASE("SP805: a locked watchdog ignores writes until the key is written") {
  Bench b;
  b.start(100);
  b.write(kLock, 0);
  CHECK(b.read(kLock) == 1);
  b.write(kLoad, 5);
  b.write(kControl, 0);
  CHECK(b.read(kLoad) == 100);
  CHECK(b.read(kControl) == 3);
  b.at_tick(100);
  b.write(kIntClr, 1);
  CHECK(b.line);
  b.write(kLock, 0x1acce551);
  CHECK(b.read(kLock) == 0);
  b.write(kIntClr, 1);
  CHECK_FALSE(b.line);
}

TEST_CASE("SP805: writing the load value restarts the counter from it") {
  Bench b;
  b.start(100);
  b.at_tick(50);
  b.write(kLoad, 200);
  CHECK(b.read(kValue) == 200);
  b.at_tick(249);
  CHECK_FALSE(b.line);
  b.at_tick(250);
  CHECK(b.line);
}

TEST_CASE("a tick rate that doesn't divide a second says the first nanosecond at which a tick has passed") {
  constexpr sim::TickRate kRate{32768};
  for (const std::uint64_t tick : {1ULL, 2ULL, 32767ULL, 32768ULL, 32769ULL, 0xffff'ffffULL}) {
    const std::uint64_t ns = kRate.ns_of(tick);
    CHECK(kRate.ticks_at(ns) == tick);
    CHECK(kRate.ticks_at(ns - 1) == tick - 1);
  }
}
