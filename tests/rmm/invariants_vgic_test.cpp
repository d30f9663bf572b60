// SPDX-License-Identifier: GPL-2.0-or-later
// I21: what the host may ask of the virtual GIC. Broken on purpose in invariants_broken_realms_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "rmm/abi/arch/gic.h"
#include "rmm/check/list_registers.h"
#include "tests/rmm/rmi_bench.h"

using namespace rmi;
namespace gic = abi::gic;

TEST_CASE("I21: the second opinion on list registers is that of A6.1 and D9") {
  const auto allowed = [](std::uint64_t lr0, std::uint64_t lr1 = 0, std::uint64_t hcr = 0) {
    RecEnter enter;
    enter.gicv3_lrs[0] = lr0;
    enter.gicv3_lrs[1] = lr1;
    enter.gicv3_hcr = hcr;
    return rmm::check::list_registers_are_allowed(enter, 16);
  };
  CHECK(allowed(0, 0, gic::kHcrRecEnterMask));
  CHECK(allowed(gic::kLrPending | gic::kLrEoi | gic::kLrGroup1 | (0xf8ULL << gic::kLrPriorityShift) | 27));
  CHECK(allowed(gic::kLrHw));  // not in use
  CHECK(allowed(gic::kLrActive | 8192, gic::kLrPending | 1019));
  CHECK_FALSE(allowed(0, 0, gic::kHcrEn));
  CHECK_FALSE(allowed(gic::kLrPending | gic::kLrHw | 27));
  CHECK_FALSE(allowed(gic::kLrPending | (1ULL << gic::kLrPriorityShift) | 27));
  CHECK_FALSE(allowed(gic::kLrPending | (1ULL << gic::kLrPintidShift) | 27));
  CHECK_FALSE(allowed(gic::kLrPending | 1020));
  CHECK_FALSE(allowed(gic::kLrPending | 27, gic::kLrActive | 27));
}
