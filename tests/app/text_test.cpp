// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include <catch2/catch_test_macros.hpp>

#include "sim/app/text.h"

using namespace sim::app;

TEST_CASE("sizes are read in binary units and nothing else is a size") {
  CHECK(parse_size("512MiB") == 512ULL << 20);
  CHECK(parse_size("2G") == 2ULL << 30);
  CHECK(parse_size("0x1000") == 0x1000);
  CHECK(parse_size("4096") == 4096);
  CHECK_FALSE(parse_size("").has_value());
  CHECK_FALSE(parse_size("MiB").has_value());
  CHECK_FALSE(parse_size("12 MiB").has_value());
  CHECK_FALSE(parse_size("-1").has_value());
  CHECK_FALSE(parse_size("99999999999999TiB").has_value());
}

TEST_CASE("times are read with their unit") {
  CHECK(parse_time_ns("1.5s") == 1'500'000'000);
  CHECK(parse_time_ns("20ms") == 20'000'000);
  CHECK(parse_time_ns("7") == 7);
  CHECK_FALSE(parse_time_ns("1h").has_value());
  CHECK_FALSE(parse_time_ns("").has_value());
  CHECK_FALSE(parse_time_ns("1e400s").has_value());
}

TEST_CASE("the nearest known word is offered only when it is near") {
  constexpr std::array<std::string_view, 3> kKnown = {"memory", "vcpus", "kernel"};
  CHECK(nearest("memroy", kKnown) == "memory");
  CHECK(nearest("kernal", kKnown) == "kernel");
  CHECK_FALSE(nearest("zzzzzzzzzz", kKnown).has_value());
}
