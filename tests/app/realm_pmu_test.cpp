// SPDX-License-Identifier: GPL-2.0-or-later
// A realm with Performance Monitors on a real CPU (DEN0137 1.0-rel0 A3.1.5, A8.1).
#include <catch2/catch_test_macros.hpp>

#include "rmm/abi/arch/pmu.h"
#include "tests/app/realm_bench.h"

using namespace realm_bench;
namespace pmu = abi::pmu;

namespace {

rmm::core::Limits with_pmu() {
  rmm::core::Limits limits;
  limits.pmu = true;
  limits.pmu_num_ctrs = 6;
  return limits;
}

struct Counting {
  Bench b{sim::CpuModel::kMax, with_pmu()};
  Realm r{b, {.pmu_counters = 4}};
  Counting() { r.start(); }
};

std::uint8_t irq() { return static_cast<std::uint8_t>(RecExitReason::kIrq); }

// Counter 0 counts instructions and overflows after 200; then a loop of 2000.
Program overflowing() {
  Program p;
  a64::append_mov(p, 1, pmu::kInstRetired);
  a64::append(p, {a64::msr(pmu::pmevtyper(0), 1)});
  a64::append_mov(p, 1, 0xffff'ffff - 199);
  a64::append(p, {a64::msr(pmu::pmevcntr(0), 1), a64::movz(1, 1), a64::msr(pmu::kPmcntensetEl0, 1),
                  a64::msr(pmu::kPmintensetEl1, 1), a64::mrs(2, pmu::kPmcrEl0), a64::add(3, 2, 1),
                  a64::msr(pmu::kPmcrEl0, 3), a64::movz(0, 1000), a64::sub(0, 0, 1), a64::cbnz(0, -1)});
  return p;
}

}  // namespace

TEST_CASE("A8.1: an overflow that interrupts leaves the realm by IRQ, once, and exits show it until it ends") {
  Counting c;
  RecExit exit = c.r.run(overflowing());
  CHECK(exit.exit_reason == irq());
  CHECK(exit.pmu_ovf_status == 1);
  CHECK(c.r.cpu().x(0) > 890);
  CHECK(c.r.cpu().x(0) < 910);
  CHECK(((c.r.cpu().x(2) >> pmu::kPmcrNShift) & 0x1f) == 4);
  exit = c.r.enter();  // it goes on, although the overflow lasts
  CHECK(is_wfi(exit));
  CHECK(c.r.completed());
  CHECK(exit.pmu_ovf_status == 1);
  exit = c.r.run({a64::movz(1, 1), a64::msr(pmu::kPmovsclrEl0, 1)});
  CHECK(is_wfi(exit));
  CHECK(exit.pmu_ovf_status == 0);
}

TEST_CASE("A8.1: counters live with the REC: what runs between entries does not count") {
  Counting c;
  CHECK(c.r.run(overflowing()).exit_reason == irq());
  const std::uint64_t before = c.r.cpu().sysreg(pmu::pmevcntr(0));
  for (int i = 0; i < 10; ++i) c.b.succeeds(kRmiFeatures, 0);
  CHECK(c.r.cpu().sysreg(pmu::pmevcntr(0)) == before);
}

TEST_CASE("A3.1.5: a realm without a PMU has none, where the machine has one") {
  Bench b(sim::CpuModel::kMax, with_pmu());
  Realm r(b);
  r.start();
  for (const auto reg : {pmu::kPmcrEl0, pmu::kPmccntrEl0, pmu::pmevcntr(0), pmu::pmevcntr(5)}) {
    CHECK(is_wfi(r.run({a64::mrs(5, reg)})));
    CHECK(r.esr() == abi::esr::make(abi::esr::Ec::kUnknown, 0));
  }
  CHECK(is_wfi(r.run({a64::mrs(5, abi::sysreg_key(3, 0, 0, 5, 0))})));
  CHECK(((r.cpu().x(5) >> pmu::kPmuVerShift) & 0xf) == 0);
}
