// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that are memory: what survives a reset, and what reads as a constant.
#include <catch2/catch_test_macros.hpp>

#include "sim/dev/bus.h"
#include "sim/dev/constant_region.h"
#include "sim/dev/nvm.h"

TEST_CASE("NVM begins filled and keeps what is written, in any size and place") {
  sim::NvmState state;
  sim::Nvm nvm(state, 32, 0xff);
  CHECK(nvm.read(0, 8) == ~0ULL);
  CHECK(nvm.read(31, 1) == 0xff);
  nvm.write(5, 4, 0x11223344);
  CHECK(nvm.read(5, 1) == 0x44);
  CHECK(nvm.read(4, 8) == 0xffffff'11223344'ffULL);
  nvm.write(8, 1, 0x1ab);
  CHECK(nvm.read(7, 2) == 0xab22);
}

TEST_CASE("a constant region reads as its byte in every size and ignores writes") {
  sim::ConstantRegion ones(0xff), pattern(0x5a);
  ones.write(0x1000, 4, 0);
  CHECK(ones.read(0x1000, 1) == 0xff);
  CHECK(ones.read(0x1000, 2) == 0xffff);
  CHECK(ones.read(0x1000, 4) == 0xffff'ffff);
  CHECK(ones.read(0x1000, 8) == ~0ULL);
  CHECK(pattern.read(3, 4) == 0x5a5a'5a5a);
  sim::NvmState state;
  sim::Nvm nvm(state, 32, 0xff);
  sim::Bus bus;
  bus.add({0x9000}, 0x1000, pattern);
  bus.add({0x8000}, 32, nvm);
  const auto constants = bus.constants();
  REQUIRE(constants.size() == 1);
  CHECK(constants[0].base.value == 0x9000);
  CHECK(constants[0].end.value == 0xa000);
  CHECK(constants[0].byte == 0x5a);
}
