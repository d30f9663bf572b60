// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/index.h"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("the lowest free index is given out first") {
  std::map<std::uint32_t, int> objects;
  for (std::uint32_t wanted = 0; wanted < 4; ++wanted) {
    CHECK(rmm::core::lowest_free_index(objects) == wanted);
    objects[wanted] = 0;
  }
  objects.erase(1);
  CHECK(rmm::core::lowest_free_index(objects) == 1);
  objects.erase(0);
  CHECK(rmm::core::lowest_free_index(objects) == 0);
}
