// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/granule_table.h"

#include <fmt/core.h>

#include <cstdlib>

namespace rmm::core {

void GranuleTable::outside_dram(abi::GranulePa granule) {
  fmt::print(stderr, "ccasim bug: granule {:#x} is in no DRAM bank; its bound was not checked\n", granule.pa().value);
  std::abort();
}

}  // namespace rmm::core
