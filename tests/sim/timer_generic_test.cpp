// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "sim/timer/generic_timer.h"

using sim::GenericTimer;

TEST_CASE("ISTATUS is enabled and CVAL reached, whatever the mask; the output also needs the mask clear") {
  GenericTimer t;
  t.cval = 100;
  CHECK_FALSE(t.istatus(200));
  t.write_ctl(abi::kTimerEnable | abi::kTimerIstatus);  // ISTATUS is read-only
  CHECK(t.control == abi::kTimerEnable);
  CHECK_FALSE(t.istatus(99));
  CHECK(t.istatus(100));
  CHECK(t.asserted(100));
  t.write_ctl(abi::kTimerEnable | abi::kTimerImask);
  CHECK(t.istatus(100));
  CHECK_FALSE(t.asserted(100));
  CHECK(t.read_ctl(100) == (abi::kTimerEnable | abi::kTimerImask | abi::kTimerIstatus));
}

TEST_CASE("TVAL is a signed 32-bit distance") {
  GenericTimer t;
  t.write_tval(50, 1000);
  CHECK(t.cval == 1050);
  CHECK(t.read_tval(1010) == 40);
  CHECK(t.read_tval(1060) == 0xfffffff6);
  t.write_tval(0xffffffff, 1000);
  CHECK(t.cval == 999);
}

TEST_CASE("The deadline is the first virtual time at which the output rises") {
  GenericTimer t;
  CHECK_FALSE(t.deadline_ns(0));
  t.write_ctl(abi::kTimerEnable);
  t.cval = 10;
  CHECK(t.deadline_ns(0) == 160);
  CHECK_FALSE(t.asserted(sim::counter_at(159)));
  CHECK(t.asserted(sim::counter_at(160)));
  CHECK(t.deadline_ns(500) == 500);
  t.cval = ~0ULL;
  CHECK_FALSE(t.deadline_ns(500));
  t.write_ctl(abi::kTimerEnable | abi::kTimerImask);
  t.cval = 10;
  CHECK_FALSE(t.deadline_ns(0));
}
