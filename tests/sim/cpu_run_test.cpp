// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "tests/sim/cpu_machine.h"

using namespace a64;
using namespace cpu_test;
using abi::SysReg;
using abi::esr::Ec;
namespace esr = abi::esr;

TEST_CASE("SMC and HVC reach EL2 with their immediate, PC at the instruction and registers in place") {
  Machine m;
  auto e = m.run({movz(1, 0x1234), smc(0x42), movz(2, 7), hvc(3)});
  CHECK(ec(e) == Ec::kSmc64);  // SCR_EL3.SMD is clear: SMC is not UNDEFINED
  CHECK((e.esr & 0xffff) == 0x42);
  CHECK(m.cpu().pc() == Machine::kRam + 4);
  CHECK(m.cpu().x(1) == 0x1234);
  e = m.skip_and_resume();
  CHECK(ec(e) == Ec::kHvc64);
  CHECK(e.esr == abi::esr::make(Ec::kHvc64, 3));
  CHECK(m.cpu().pc() == Machine::kRam + 12);
  CHECK(m.cpu().x(2) == 7);
}

TEST_CASE("Loads and stores reach DRAM through stage 2") {
  Machine m;
  Program p;
  append_mov(p, 0, Machine::kRam + 0x100008);
  append_mov(p, 1, 0x1122334455667788);
  append(p, {str(1, 0), ldr(2, 0, 8), hvc(0)});
  m.set_ram64(Machine::kRam + 0x100010, 99);
  m.run(p);
  CHECK(m.ram64(Machine::kRam + 0x100008) == 0x1122334455667788);
  CHECK(m.cpu().x(2) == 99);
}

TEST_CASE("The same program runs in a realm, whose memory and tables are Realm PAS") {
  Machine m(true);
  Program p;
  append_mov(p, 0, Machine::kRam + 0x100008);
  append(p, {movz(1, 5), str(1, 0), hvc(0)});
  CHECK(ec(m.run(p)) == Ec::kHvc64);
  CHECK(m.ram64(Machine::kRam + 0x100008) == 5);
}

TEST_CASE("Retired instructions are counted exactly, an exception costs one") {
  Machine m;
  // 2 + 1000 * 2 + HVC
  m.run({movz(0, 1000), kNop, sub(0, 0, 1), cbnz(0, -1), hvc(0)});
  CHECK(m.execution.total == 2 + 2000 + 1 + 1);
  m.execution.total = 0;
  // The fault's instruction does not retire.
  Program p{kNop, kNop, movz(0, 0x1000), ldr(1, 0), kNop, hvc(0)};
  const auto e = m.run(p);
  CHECK(ec(e) == Ec::kDataAbortLower);
  CHECK(m.execution.total == 3 + 1);
}

TEST_CASE("A long block ends within a budget of one instruction instead of never starting") {
  Machine m;
  m.execution.quantum = 1;
  Program p(200, kNop);
  p.push_back(hvc(1));
  CHECK(ec(m.run(p)) == Ec::kHvc64);
  CHECK(m.execution.total == 202);
}

TEST_CASE("Slices end at the budget, and what is retired does not depend on the quantum") {
  std::uint64_t total = 0;
  for (const std::uint64_t quantum : {7ULL, 100ULL, 1'000'000ULL}) {
    Machine m;
    m.execution.quantum = quantum;
    m.run({movz(0, 5000), sub(0, 0, 1), cbnz(0, -1), hvc(0)});
    if (total != 0) CHECK(m.execution.total == total);
    total = m.execution.total;
    if (quantum == 7) CHECK(m.execution.slices.size() > 1000);
  }
}

TEST_CASE("The counter shows virtual time inside the slice, exactly") {
  Machine m;
  m.execution.now = 1'000'000;
  constexpr auto kCntvct = abi::sysreg_key(3, 3, 14, 0, 2);
  constexpr auto kCntpct = abi::sysreg_key(3, 3, 14, 0, 1);
  Program p{mrs(0, kCntvct)};
  p.insert(p.end(), 160, kNop);
  append(p, {mrs(1, kCntvct), mrs(2, kCntpct), hvc(0)});
  m.run(p);
  CHECK(m.cpu().x(0) == 62500);
  CHECK(m.cpu().x(1) == (1'000'000 + 161) / 16);
  CHECK(m.cpu().x(2) == (1'000'000 + 162) / 16);

  Machine four;
  four.execution.now = 1'000'000;
  four.execution.pes = 4;
  four.run(p);
  CHECK(four.cpu().x(1) == (1'000'000 + 161 / 4) / 16);
}

TEST_CASE("Two runs are equal in time, registers and fills") {
  const auto run = [] {
    Machine m;
    m.execution.quantum = 50;
    Program p;
    append_mov(p, 0, Machine::kRam + 0x10000);
    append_mov(p, 3, 900);
    append(p,
           {str(3, 0), add(0, 0, 0x800), sub(3, 3, 1), cbnz(3, -3), mrs(4, abi::sysreg_key(3, 3, 14, 0, 2)), hvc(0)});
    m.run(p);
    sim::CpusState state;
    m.cpus.save_all(state);
    return std::tuple{m.execution.total, m.execution.now, m.cpu().fills(), state.cpus[0].registers};
  };
  CHECK(run() == run());
}

TEST_CASE("An IRQ pending for the PE leaves to EL2 before the next instruction") {
  Machine m;
  m.load(Machine::kRam, {b(0)});
  m.execution.quantum = 1000;
  m.execution.between = [&] { m.pe.irq = m.execution.total >= 5000; };
  const auto e = m.resume();
  CHECK(e.kind == abi::ExceptionKind::kIrq);
  CHECK(m.execution.total == 5000);
  CHECK(m.cpu().pc() == Machine::kRam);
}

TEST_CASE("reset gives the architectural reset state with the MPIDR asked for") {
  Machine m;
  m.run({movz(3, 1), hvc(0)});
  m.cpu().reset({0x102});
  CHECK(m.cpu().x(3) == 0);
  CHECK(m.cpu().pstate() == abi::pstate::kResetEl1);
  CHECK((m.cpu().sysreg(SysReg::kSctlrEl1) & 1) == 0);
  m.run({mrs(0, SysReg::kMpidrEl1), mrs(1, abi::sysreg_key(3, 3, 14, 0, 0)), hvc(0)});
  CHECK(m.cpu().x(0) == 0x80000102);
  CHECK(m.cpu().x(1) == 62'500'000);
}

TEST_CASE("State saved and restored runs the same way again") {
  Machine m;
  Program p{movz(0, 3000), sub(0, 0, 1), cbnz(0, -1), hvc(0)};
  m.load(Machine::kRam, p);
  m.execution.quantum = 1000;
  m.execution.between = [&] { m.pe.irq = true; };
  m.resume();
  sim::CpusState middle, first, second;
  m.cpus.save_all(middle);
  const auto at = m.execution.total;
  const auto finish = [&](sim::CpusState& end) {
    m.execution.between = nullptr;
    m.pe.irq = false;
    m.resume();
    m.cpus.save_all(end);
    return m.execution.total;
  };
  const auto end = finish(first);
  m.cpus.restore_all(middle);
  m.execution.total = at;
  CHECK(finish(second) == end);
  CHECK(first.cpus[0].registers == second.cpus[0].registers);
}

TEST_CASE("YIELD and WFE go on") {
  Machine m;
  CHECK(ec(m.run({kYield, kWfe, movz(0, 1), hvc(0)})) == Ec::kHvc64);
  CHECK(m.cpu().x(0) == 1);
}

TEST_CASE("WFE traps where EL2 asks for it, with PC at the instruction; behind SEVL in its block it passes") {
  Machine m;
  CHECK(ec(m.run({kWfe, kWfe, hvc(1)})) == Ec::kHvc64);
  m.trap_wfe = true;
  auto e = m.run({kNop, kWfe, kWfe, hvc(1)});
  CHECK(ec(e) == Ec::kWfx);
  CHECK((e.esr & 3) == static_cast<std::uint64_t>(esr::Wfx::kWfe));
  CHECK(m.cpu().pc() == Machine::kRam + 4);
  e = m.skip_and_resume();
  CHECK(ec(e) == Ec::kWfx);
  CHECK(m.cpu().pc() == Machine::kRam + 8);
  CHECK(ec(m.skip_and_resume()) == Ec::kHvc64);
  CHECK(ec(m.run({kSevl, kWfe, hvc(2)})) == Ec::kHvc64);
  // It costs what a trapped WFI does.
  for (const auto word : {kWfe, kWfi}) {
    m.trap_wfi = true;
    const std::uint64_t before = m.execution.total;
    CHECK(ec(m.run({kNop, kNop, kNop, word})) == Ec::kWfx);
    CHECK(m.execution.total - before == 4);
  }
}
