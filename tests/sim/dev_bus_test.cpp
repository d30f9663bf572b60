// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dev/bus.h"

#include <catch2/catch_test_macros.hpp>

using abi::Pa;

namespace {

struct Recorder : sim::BusDevice {
  std::uint64_t answer = 0, last_offset = ~0ULL, last_value = 0;
  unsigned last_size = 0;
  explicit Recorder(std::uint64_t says) : answer(says) {}
  std::uint64_t read(std::uint64_t offset, unsigned size) override {
    last_offset = offset;
    last_size = size;
    return answer;
  }
  void write(std::uint64_t offset, unsigned size, std::uint64_t value) override {
    last_offset = offset;
    last_size = size;
    last_value = value;
  }
};

}  // namespace

TEST_CASE("an access reaches the device whose region holds it, with the offset in that region") {
  Recorder low(1), high(2);
  sim::Bus bus;
  bus.add(Pa{0x3000}, 0x1000, high);  // in any order
  bus.add(Pa{0x1000}, 0x1000, low);
  CHECK(bus.read(Pa{0x1000}, 4) == 1);
  CHECK(low.last_offset == 0);
  CHECK(bus.read(Pa{0x3ffc}, 4) == 2);
  CHECK(high.last_offset == 0xffc);
  CHECK(high.last_size == 4);
  CHECK(bus.write(Pa{0x1ff8}, 8, 0x1122334455667788));
  CHECK(low.last_offset == 0xff8);
  CHECK(low.last_value == 0x1122334455667788);
}

TEST_CASE("nothing answers between devices, below the first and above the last") {
  Recorder device(1);
  sim::Bus bus;
  CHECK(bus.read(Pa{0}, 1) == std::nullopt);
  bus.add(Pa{0x2000}, 0x1000, device);
  for (const std::uint64_t pa : {0x0ULL, 0x1fffULL, 0x3000ULL, ~0ULL}) {
    CHECK(bus.read(Pa{pa}, 1) == std::nullopt);
    CHECK_FALSE(bus.write(Pa{pa}, 1, 0));
    CHECK_FALSE(bus.claims(Pa{pa}));
  }
  CHECK(bus.claims(Pa{0x2fff}));
  CHECK(device.last_offset == ~0ULL);
}

TEST_CASE("an access that leaves its device's region is answered by nobody") {
  Recorder first(1), second(2);
  sim::Bus bus;
  bus.add(Pa{0x1000}, 0x1000, first);
  bus.add(Pa{0x2000}, 0x1000, second);
  CHECK(bus.read(Pa{0x1ffe}, 4) == std::nullopt);
  CHECK_FALSE(bus.write(Pa{0x1fff}, 2, 7));
  CHECK(first.last_offset == ~0ULL);
  CHECK(second.last_offset == ~0ULL);
}

TEST_CASE("a device may lie at the very end of the address space") {
  Recorder device(9);
  sim::Bus bus;
  bus.add(Pa{0xffff'ffff'ffff'f000}, 0x1000, device);
  CHECK(bus.read(Pa{0xffff'ffff'ffff'fff8}, 8) == 9);
  CHECK(device.last_offset == 0xff8);
}
