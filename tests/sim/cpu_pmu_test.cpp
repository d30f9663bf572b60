// SPDX-License-Identifier: GPL-2.0-or-later
// The Performance Monitors of a CPU context that runs: what counts, where slices end, interrupts and traps.
#include <catch2/catch_test_macros.hpp>

#include "rmm/abi/arch/pmu.h"
#include "tests/sim/cpu_a64.h"
#include "tests/sim/cpu_machine.h"
#include "tests/sim/pe_machine.h"

using namespace abi::pmu;
using cpu_test::ec;
using cpu_test::Machine;
using cpu_test::PeMachine;
using cpu_test::vector_entered;
namespace esr = abi::esr;

namespace {

constexpr std::uint8_t kCounters = 8;  // more than the engine has
constexpr sim::CpuConfig kConfig{.model = sim::CpuModel::kMax, .pmu_counters = kCounters};

struct Guest : Machine {
  explicit Guest(bool realm = true, sim::CpuConfig config = kConfig) : Machine(realm, config) {
    pmu_counters = kCounters;
  }
  std::uint64_t get(abi::SysReg reg) { return cpu().sysreg(reg); }
  void set(abi::SysReg reg, std::uint64_t value) { cpu().set_sysreg(reg, value); }
  void start(unsigned n, std::uint64_t type, std::uint64_t value) {
    set(pmevtyper(n), type);
    set(pmevcntr(n), value);
    set(kPmcntensetEl0, 1ULL << n);
    set(kPmintensetEl1, 1ULL << n);
    set(kPmcrEl0, kPmcrE);
  }
};

// A loop of two instructions, `rounds` times, then HVC #1.
a64::Program loop(unsigned rounds) { return {a64::movz(0, rounds), a64::sub(0, 0, 1), a64::cbnz(0, -1), a64::hvc(1)}; }
constexpr std::uint64_t retired(unsigned rounds) { return 2 + 2ULL * rounds; }  // the HVC too

}  // namespace

TEST_CASE("PMU: counters tell the instructions that were retired, to the instruction") {
  for (const unsigned n : {0U, 5U, 7U}) {
    Guest m;
    m.start(n, kInstRetired, 0);
    m.set(kPmcntensetEl0, 1ULL << kCycleCounter);
    CHECK(vector_entered(m.run(loop(100))) == 1 * 0x80);
    CHECK(m.get(pmevcntr(n)) == retired(100));
    CHECK(m.get(kPmccntrEl0) == retired(100) + 1);  // an exception is a cycle
  }
}

TEST_CASE("PMU: a guest programs it and reads exact differences, whatever the slices") {
  for (const std::uint64_t quantum : {1'000'000ULL, 7ULL, 1ULL}) {
    Guest m;
    m.execution.quantum = quantum;
    a64::Program p;
    a64::append_mov(p, 1, kInstRetired);
    a64::append(p, {a64::msr(pmevtyper(2), 1), a64::msr(pmevtyper(6), 1)});
    a64::append_mov(p, 1, 1ULL << 31 | 0x44);
    a64::append(
        p, {a64::msr(kPmcntensetEl0, 1), a64::movz(1, kPmcrE), a64::msr(kPmcrEl0, 1), a64::mrs(2, pmevcntr(2)),
            a64::mrs(3, kPmccntrEl0), a64::movz(0, 50), a64::sub(0, 0, 1), a64::cbnz(0, -1), a64::mrs(4, pmevcntr(2)),
            a64::mrs(5, kPmccntrEl0), a64::mrs(6, pmevcntr(6)), a64::mrs(7, pmevcntr(6)), a64::hvc(1)});
    CHECK(ec(m.run(p)) == esr::Ec::kHvc64);
    CHECK(m.cpu().x(4) - m.cpu().x(2) == 103);
    CHECK(m.cpu().x(5) - m.cpu().x(3) == 103);
    CHECK(m.cpu().x(7) - m.cpu().x(6) == 1);
  }
}

TEST_CASE("PMU: an overflow that interrupts ends the slice and comes back as an IRQ, always at one instruction") {
  std::optional<std::uint64_t> at;
  for (int i = 0; i < 2; ++i) {
    Guest m;
    m.start(0, kInstRetired, (1ULL << 32) - 500);
    const auto e = m.run(loop(60'000));
    CHECK(e.kind == abi::ExceptionKind::kIrq);
    CHECK(m.get(kPmovssetEl0) == 1);
    CHECK(m.execution.total >= 500);
    CHECK(m.execution.total < 510);  // at the end of its block
    CHECK(at.value_or(m.execution.total) == m.execution.total);
    at = m.execution.total;
    m.pmu_irq = false;  // the host has masked it
    CHECK(ec(m.resume()) == esr::Ec::kHvc64);
  }
}

TEST_CASE("PMU: software increments interrupt, too") {
  Guest m;
  m.start(1, kSwIncr, 0xffff'ffff);
  const auto e = m.run({a64::movz(1, 2), a64::msr(kPmswincEl0, 1), a64::b(1), a64::hvc(1)});
  CHECK(e.kind == abi::ExceptionKind::kIrq);
  CHECK(m.get(kPmovssetEl0) == 2);
}

TEST_CASE("PMU: a filter by exception level is exact across ERET and exceptions") {
  Guest m;
  m.start(0, kInstRetired | kFilterP, 0);  // EL0 only
  m.start(1, kInstRetired | kFilterU, 0);  // EL1 only
  const std::uint64_t user = Machine::kRam + 0x1000;
  m.load(user, {a64::kNop, a64::kNop, a64::b(1), a64::kNop, a64::svc(0)});  // five instructions at EL0
  a64::Program p;
  a64::append_mov(p, 1, user);
  a64::append(p,
              {a64::msr(abi::SysReg::kElrEl1, 1), a64::movz(1, 0x3c0), a64::msr(abi::SysReg::kSpsrEl1, 1), a64::kEret});
  const auto e = m.run(p);
  CHECK(vector_entered(e) == 0x400);
  CHECK(m.get(pmevcntr(0)) == 5);
  CHECK(m.get(pmevcntr(1)) == p.size() + 1);  // and the HVC of the vector
}

TEST_CASE("PMU: a guest without it is trapped, one with it sees its number of counters") {
  for (const auto reg : {kPmcrEl0, kPmccntrEl0, kPmcntensetEl0, pmevcntr(0), pmevtyper(1)}) {
    Guest m;
    m.pmu_counters.reset();
    const auto e = m.run({a64::mrs(1, reg), a64::hvc(1)});
    CHECK(ec(e) == esr::Ec::kSysReg);
  }
  for (const std::uint8_t n : std::initializer_list<std::uint8_t>{0, 3, 8}) {
    Guest m;
    m.pmu_counters = n;
    CHECK(ec(m.run({a64::mrs(1, kPmcrEl0), a64::hvc(1)})) == esr::Ec::kHvc64);
    CHECK(((m.cpu().x(1) >> kPmcrNShift) & 0x1f) == n);
  }
}

TEST_CASE("PMU: PMMIR_EL1 came with PMUv3p4 and says nothing of slots") {
  for (const auto model : {sim::CpuModel::kMax, sim::CpuModel::kCortexA72}) {
    Guest m(true, {.model = model, .pmu_counters = kCounters});
    m.cpu().set_x(1, 5);
    const auto e = m.run({a64::mrs(1, kPmmirEl1), a64::hvc(1)});
    const bool known = model == sim::CpuModel::kMax;
    CHECK(vector_entered(e) == (known ? 1 * 0x80 : 0x200));
    CHECK(m.cpu().x(1) == (known ? 0 : 5));
  }
}

TEST_CASE("PMU: EL0 is trapped to EL1 unless PMUSERENR_EL0 lets it in") {
  for (const auto reg : {kPmccntrEl0, pmevcntr(7)})
    for (const bool open : {false, true}) {
      Guest m;
      m.load(Machine::kRam, {a64::mrs(1, reg), a64::svc(0)});
      m.cpu().set_pc(Machine::kRam);
      if (open) m.set(kPmuserenrEl0, kUserCr | kUserEr);
      m.cpu().set_pstate(0x3c0);
      CHECK(vector_entered(m.resume()) == 0x400);
      const auto syndrome = m.get(abi::SysReg::kEsrEl1);
      CHECK(esr::ec(syndrome) == (open ? esr::Ec::kSvc64 : esr::Ec::kSysReg));
    }
}

TEST_CASE("PMU: saved and restored with its context") {
  Guest m;
  m.start(0, kInstRetired, 5);
  sim::CpusState saved;
  m.cpus.save_all(saved);
  CHECK(ec(m.run(loop(10))) == esr::Ec::kHvc64);
  CHECK(m.get(pmevcntr(0)) == 5 + retired(10));
  m.cpus.restore_all(saved);
  CHECK(m.get(pmevcntr(0)) == 5);
  CHECK(ec(m.run(loop(10))) == esr::Ec::kHvc64);
  CHECK(m.get(pmevcntr(0)) == 5 + retired(10));
  m.cpu().reset({0});
  CHECK(m.get(kPmcrEl0) >> kPmcrNShift == kCounters);
  CHECK(m.get(pmevcntr(0)) == 0);
  CHECK(m.get(kPmcntensetEl0) == 0);
}

TEST_CASE("PMU: a guest that waits counts nothing") {
  Guest m;
  m.start(0, kCpuCycles, 0);
  m.cpu().set_sysreg(abi::SysReg::kCntvCvalEl0, 10'000);
  m.cpu().set_sysreg(abi::SysReg::kCntvCtlEl0, abi::kTimerEnable);
  CHECK(m.run({a64::kWfi, a64::hvc(1)}).kind == abi::ExceptionKind::kIrq);
  CHECK(m.execution.now >= 10'000 * abi::kNsPerCount);
  CHECK(m.get(pmevcntr(0)) < 5);
}

TEST_CASE("PMU of a PE: EL2 counts itself with NSH, and its overflow is a line of the platform") {
  PeMachine m(kConfig);
  m.set(static_cast<std::uint32_t>(pmevtyper(6)), kInstRetired | kFilterNsh);
  m.set(static_cast<std::uint32_t>(pmevcntr(6)), 0xffff'ff00);
  m.set(static_cast<std::uint32_t>(kPmcntensetEl0), 0x40);
  m.set(static_cast<std::uint32_t>(kPmintensetEl1), 0x40);
  m.set(static_cast<std::uint32_t>(kPmcrEl0), kPmcrE);
  m.set(sim::el2::kHcr, sim::el2::kHcrRw | sim::el2::kHcrImo);
  a64::Program p = {a64::daifclr(2)};
  for (const a64::Word word : loop(1000)) p.push_back(word);
  m.run(p);
  CHECK(m.vector() == 0x280);  // IRQ, current level
  CHECK(m.pmu_line);
  CHECK(m.execution.total >= 0x100);
  CHECK(m.execution.total < 0x108);
}

TEST_CASE("PMU of a PE: MDCR_EL2.TPM traps EL1, and a PE without a PMU has no such registers") {
  for (const bool present : {true, false}) {
    sim::CpuConfig config = kConfig;
    if (!present) config.pmu_counters.reset();
    PeMachine m(config);
    m.run({a64::mrs(1, kPmcrEl0), a64::smc(0x20)});
    if (present) {
      CHECK(m.vector() == 0x20 * 0x80);
      CHECK(((m.cpu().x(1) >> kPmcrNShift) & 0x1f) == kCounters);
    } else {
      CHECK(m.vector() == 0x200);
      CHECK(esr::ec(m.esr()) == esr::Ec::kUnknown);
    }
    m.set(sim::el2::kHcr, sim::el2::kHcrRw);
    m.set(sim::el2::kMdcr, kMdcrTpm | kCounters);
    m.load(PeMachine::kRam, {a64::mrs(1, kPmccntrEl0)});
    m.cpu().set_pc(PeMachine::kRam);
    m.cpu().set_pstate(abi::pstate::kResetEl1);
    m.resume();
    CHECK(m.vector() == 0x400);
    CHECK(esr::ec(m.esr()) == (present ? esr::Ec::kSysReg : esr::Ec::kHvc64));
  }
}

TEST_CASE("PMU: ID_AA64DFR0_EL1 tells its version, or that there is none") {
  constexpr std::uint32_t kDfr0 = abi::sysreg_key(3, 0, 0, 5, 0);
  const auto version = [](sim::CpuConfig config) { return (Guest(true, config).cpu().id_register(kDfr0) >> 8) & 0xf; };
  CHECK(version(kConfig) == kPmuVer3p5);
  CHECK(version({.model = sim::CpuModel::kCortexA72, .pmu_counters = 0}) == kPmuVer3);
  CHECK(version({}) == 0);
}
