// SPDX-License-Identifier: GPL-2.0-or-later
// The Performance Monitors as a value: registers, filters, overflow and its deadline (Arm ARM D13).
#include <catch2/catch_test_macros.hpp>

#include "sim/cpu/pmu.h"

using namespace abi::pmu;
using sim::Pmu;
using sim::PmuModel;
using sim::PmuPlace;

namespace {

constexpr PmuModel kLong{.present = true, .counters = 6, .long_counters = true};
constexpr PmuModel kShort{.present = true, .counters = 6, .long_counters = false};
constexpr PmuPlace kEl1{.el = 1, .realm = true, .hpmn = 6};
constexpr std::uint64_t kCycle = 1ULL << kCycleCounter;

constexpr std::uint32_t key(abi::SysReg reg) { return static_cast<std::uint32_t>(reg); }

struct Bench {
  Pmu pmu;
  PmuModel model = kLong;
  PmuPlace place = kEl1;
  std::uint64_t get(abi::SysReg reg) const {
    std::uint64_t value = 0;
    CHECK(pmu.read(key(reg), model, place, value));
    return value;
  }
  void set(abi::SysReg reg, std::uint64_t value) { CHECK(pmu.write(key(reg), model, place, value)); }
  // Counter n counts `event` from `start`, with its interrupt.
  void start(unsigned n, std::uint64_t event, std::uint64_t start_value) {
    set(pmevtyper(n), event);
    set(pmevcntr(n), start_value);
    set(kPmcntensetEl0, 1ULL << n);
    set(kPmintensetEl1, 1ULL << n);
    set(kPmcrEl0, pmu.control | kPmcrE);
  }
  void count(std::uint64_t n) { pmu.count(model, place, n, n); }
};

}  // namespace

TEST_CASE("PMU registers: set and clear pairs show one bit map, of the counters that exist") {
  Bench b;
  for (const auto& [set, clear] :
       {std::pair{kPmcntensetEl0, kPmcntenclrEl0}, {kPmintensetEl1, kPmintenclrEl1}, {kPmovssetEl0, kPmovsclrEl0}}) {
    b.set(set, ~0ULL);
    CHECK(b.get(set) == (kCycle | 0x3f));
    CHECK(b.get(clear) == (kCycle | 0x3f));
    b.set(clear, kCycle | 0x15);
    CHECK(b.get(set) == 0x2a);
  }
}

TEST_CASE("PMU registers: a guest has the counters that EL2 leaves to it, EL2 has all") {
  Bench b;
  b.place.hpmn = 2;
  CHECK(((b.get(kPmcrEl0) >> kPmcrNShift) & 0x1f) == 2);
  b.set(pmevcntr(1), 7);
  b.set(pmevcntr(2), 7);
  b.set(kPmcntensetEl0, 0xff);
  CHECK(b.get(pmevcntr(1)) == 7);
  CHECK(b.get(pmevcntr(2)) == 0);
  CHECK(b.get(kPmcntensetEl0) == 3);
  b.place.el = 2;
  CHECK(((b.get(kPmcrEl0) >> kPmcrNShift) & 0x1f) == 6);
  b.set(pmevcntr(2), 9);
  CHECK(b.get(pmevcntr(2)) == 9);
}

TEST_CASE("PMU registers: PMSELR names the counter of PMXEVTYPER and PMXEVCNTR, 31 the cycle counter's filter") {
  Bench b;
  b.set(kPmselrEl0, 3);
  b.set(kPmxevtyperEl0, kCpuCycles);
  b.set(kPmxevcntrEl0, 44);
  CHECK(b.get(pmevtyper(3)) == kCpuCycles);
  CHECK(b.get(pmevcntr(3)) == 44);
  b.set(kPmselrEl0, kCycleCounter);
  b.set(kPmxevtyperEl0, kFilterU | 0xff);
  CHECK(b.get(kPmccfiltrEl0) == kFilterU);
  CHECK(b.get(kPmxevcntrEl0) == 0);
}

TEST_CASE("PMU registers: PMCR_EL0.P and .C reset counters and read as zero") {
  Bench b;
  b.start(0, kInstRetired, 5);
  b.set(kPmccntrEl0, 6);
  b.set(kPmcrEl0, kPmcrE | kPmcrC);
  CHECK(b.get(kPmccntrEl0) == 0);
  CHECK(b.get(pmevcntr(0)) == 5);
  b.set(kPmcrEl0, kPmcrE | kPmcrP);
  CHECK(b.get(pmevcntr(0)) == 0);
  CHECK((b.get(kPmcrEl0) & 7) == kPmcrE);
}

TEST_CASE("PMU registers: PMCEID names exactly the events that count") {
  Bench b;
  CHECK(b.get(kPmceid0El0) == (1ULL << kSwIncr | 1ULL << kInstRetired | 1ULL << kCpuCycles | 1ULL << kChain));
  CHECK(b.get(kPmceid1El0) == (1ULL << (kStallFrontend - 32) | 1ULL << (kStallBackend - 32)));
  b.model = kShort;
  CHECK(b.get(kPmceid1El0) == 0);
  std::uint64_t value = 0;
  CHECK_FALSE(b.pmu.read(key(kPmmirEl1), kShort, kEl1, value));
  CHECK_FALSE(b.pmu.read(key(kPmswincEl0), kShort, kEl1, value));
  CHECK_FALSE(b.pmu.write(key(kPmceid0El0), kShort, kEl1, 0));
}

TEST_CASE("PMU events: instructions, cycles and software increments go to the counters that ask for them") {
  Bench b;
  b.start(0, kInstRetired, 0);
  b.start(1, kCpuCycles, 0);
  b.start(2, kSwIncr, 0);
  b.start(3, kStallBackend, 0);
  b.set(kPmcntensetEl0, kCycle);
  b.pmu.count(kLong, kEl1, 10, 7);
  b.set(kPmswincEl0, 0xf);
  CHECK(b.get(pmevcntr(0)) == 7);
  CHECK(b.get(pmevcntr(1)) == 10);
  CHECK(b.get(pmevcntr(2)) == 1);
  CHECK(b.get(pmevcntr(3)) == 0);
  CHECK(b.get(kPmccntrEl0) == 10);
  b.set(kPmcrEl0, 0);  // all stop
  b.count(5);
  CHECK(b.get(pmevcntr(0)) == 7);
  CHECK(b.get(kPmccntrEl0) == 10);
}

TEST_CASE("PMU filters: which counters count at an exception level, by security state") {
  struct Row {
    std::uint64_t filter;
    bool realm;
    bool el0, el1, el2;
  };
  constexpr Row kRows[] = {{0, true, true, true, false},
                           {kFilterP, true, true, false, false},
                           {kFilterU, true, false, true, false},
                           {kFilterP | kFilterRlk, true, true, true, false},
                           {kFilterU | kFilterRlu, true, true, true, false},
                           {kFilterRlk, true, true, false, false},
                           {kFilterNsk, true, true, true, false},
                           {kFilterNsh, true, true, true, true},
                           {kFilterNsh | kFilterRlh, true, true, true, false},
                           {0, false, true, true, false},
                           {kFilterP, false, true, false, false},
                           {kFilterNsk, false, true, false, false},
                           {kFilterP | kFilterNsk, false, true, true, false},
                           {kFilterNsu, false, false, true, false},
                           {kFilterRlk | kFilterRlu, false, true, true, false},
                           {kFilterNsh, false, true, true, true}};
  for (const Row& row : kRows)
    for (unsigned el = 0; el < 3; ++el) {
      CAPTURE(row.filter, row.realm, el);
      Bench b;
      b.start(0, kInstRetired | row.filter, 0);
      b.set(kPmccfiltrEl0, row.filter);
      b.set(kPmcntensetEl0, kCycle);
      b.place.el = el;
      b.place.realm = row.realm;
      b.count(1);
      const bool counts = el == 0 ? row.el0 : el == 1 ? row.el1 : row.el2;
      CHECK(b.get(pmevcntr(0)) == (counts ? 1 : 0));
      CHECK(b.get(kPmccntrEl0) == (counts ? 1 : 0));
      CHECK(b.pmu.differs_at(kLong, b.place, 0) == (counts != row.el0));
    }
}

TEST_CASE("PMU overflow: of 32 bits or 64, as PMCR_EL0.LP and .LC say") {
  Bench b;
  b.start(0, kInstRetired, 0xffff'ffff);
  b.set(kPmcntensetEl0, kCycle);
  b.set(kPmccntrEl0, 0xffff'ffff);
  b.count(1);
  CHECK(b.get(kPmovssetEl0) == (kCycle | 1));
  CHECK(b.get(pmevcntr(0)) == 0x1'0000'0000);  // PMUv3p5: the register is 64 bits wide all the same
  b.set(kPmovsclrEl0, ~0ULL);
  b.set(kPmcrEl0, kPmcrE | kPmcrLp | kPmcrLc);
  for (const std::uint64_t start : {0xffff'ffffULL, ~0ULL}) {
    b.set(pmevcntr(0), start);
    b.set(kPmccntrEl0, start);
    b.count(1);
    CHECK(b.get(kPmovssetEl0) == (start == ~0ULL ? kCycle | 1 : 0));
  }
}

TEST_CASE("PMU overflow: PMUv3's event counters have 32 bits") {
  Bench b{.pmu = {}, .model = kShort};
  b.start(0, kInstRetired, 0xffff'fffe);
  b.count(5);
  CHECK(b.get(pmevcntr(0)) == 3);
  CHECK(b.get(kPmovssetEl0) == 1);
  b.set(kPmcrEl0, kPmcrE | kPmcrLp);
  CHECK((b.get(kPmcrEl0) & kPmcrLp) == 0);
}

TEST_CASE("PMU overflow: an odd counter counts its neighbour's overflows") {
  Bench b;
  b.start(2, kInstRetired, 0xffff'fff0);
  b.start(3, kChain, 0xffff'ffff);
  b.count(0xf);
  CHECK(b.get(pmevcntr(3)) == 0xffff'ffff);
  CHECK(b.pmu.deadline(kLong, kEl1) == 1);
  b.count(1);
  CHECK(b.get(pmevcntr(3)) == 0x1'0000'0000);
  CHECK(b.get(kPmovssetEl0) == 0xc);
}

TEST_CASE("PMU clock divider: one count in 64 cycles, unless the cycle counter is long") {
  Bench b;
  b.set(kPmcntensetEl0, kCycle);
  b.set(kPmintensetEl1, kCycle);
  b.set(kPmcrEl0, kPmcrE | kPmcrD);
  b.set(kPmccntrEl0, 0xffff'ffff);
  b.count(10);
  CHECK(b.pmu.deadline(kLong, kEl1) == 54);
  b.count(53);
  CHECK(b.get(kPmccntrEl0) == 0xffff'ffff);
  b.count(1);
  CHECK(b.get(kPmccntrEl0) == 0x1'0000'0000);
  CHECK(b.pmu.interrupt(kEl1));
  b.set(kPmcrEl0, kPmcrE | kPmcrD | kPmcrLc);
  b.count(10);
  CHECK(b.get(kPmccntrEl0) == 0x1'0000'000a);
}

TEST_CASE("PMU interrupt: enabled, overflowed, and PMCR_EL0.E") {
  Bench b;
  b.start(0, kInstRetired, 0);
  CHECK_FALSE(b.pmu.interrupt(kEl1));
  b.set(kPmovssetEl0, 1);
  CHECK(b.pmu.interrupt(kEl1));
  b.set(kPmcrEl0, 0);
  CHECK_FALSE(b.pmu.interrupt(kEl1));
  b.set(kPmcrEl0, kPmcrE);
  b.set(kPmintenclrEl1, 1);
  CHECK_FALSE(b.pmu.interrupt(kEl1));
}

TEST_CASE("PMU counters of EL2: MDCR_EL2.HPME enables them, HPMD stops the others there") {
  Bench b;
  b.place = {.el = 2, .hpmn = 2, .hpme = true};
  b.start(1, kInstRetired | kFilterNsh, 0);
  b.start(2, kInstRetired | kFilterNsh, 0xffff'ffff);
  b.set(kPmcrEl0, 0);
  b.count(1);
  CHECK(b.get(pmevcntr(1)) == 0);
  CHECK(b.pmu.interrupt(b.place));
  b.set(kPmcrEl0, kPmcrE);
  b.place.hpmd = true;
  b.place.hpme = false;
  b.count(1);
  CHECK(b.get(pmevcntr(1)) == 0);
  CHECK(b.get(pmevcntr(2)) == 0x1'0000'0000);
  CHECK_FALSE(b.pmu.interrupt(b.place));
}

TEST_CASE("PMU deadline: the first overflow that interrupts, to the instruction") {
  Bench b;
  CHECK_FALSE(b.pmu.deadline(kLong, kEl1));
  b.start(0, kInstRetired, 0xffff'ff00);
  b.start(1, kCpuCycles, 0xffff'ffc0);
  CHECK(b.pmu.deadline(kLong, kEl1) == 0x40);
  b.set(kPmintenclrEl1, 2);
  CHECK(b.pmu.deadline(kLong, kEl1) == 0x100);
  b.count(0xff);
  CHECK_FALSE(b.pmu.interrupt(kEl1));
  b.count(1);
  CHECK(b.pmu.interrupt(kEl1));
  CHECK_FALSE(b.pmu.deadline(kLong, kEl1));  // it has overflowed
  b.set(kPmovsclrEl0, 1);
  b.set(kPmcrEl0, kPmcrE | kPmcrLp);
  CHECK(b.pmu.deadline(kLong, kEl1) == 0 - b.get(pmevcntr(0)));
}

TEST_CASE("PMU at EL0: PMUSERENR_EL0 opens it, for all or by parts") {
  Pmu pmu;
  const auto may = [&](abi::SysReg reg, bool is_read) { return pmu.permits_el0(key(reg), is_read); };
  CHECK(may(kPmuserenrEl0, true));
  CHECK_FALSE(may(kPmuserenrEl0, false));
  for (const auto reg : {kPmcrEl0, kPmccntrEl0, kPmswincEl0, kPmselrEl0, kPmxevcntrEl0, pmevcntr(1)})
    CHECK_FALSE(may(reg, true));
  pmu.user_enable = kUserCr;
  CHECK(may(kPmccntrEl0, true));
  CHECK_FALSE(may(kPmccntrEl0, false));
  pmu.user_enable = kUserSw;
  CHECK(may(kPmswincEl0, false));
  pmu.user_enable = kUserEr;
  CHECK(may(kPmselrEl0, false));
  CHECK(may(pmevcntr(4), true));
  CHECK_FALSE(may(pmevcntr(4), false));
  CHECK_FALSE(may(pmevtyper(4), true));
  pmu.user_enable = kUserEn;
  CHECK(may(pmevtyper(4), false));
  CHECK_FALSE(may(kPmintensetEl1, true));
}
