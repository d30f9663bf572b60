// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "tests/sim/cpu_machine.h"

using namespace a64;
using namespace cpu_test;
using abi::SysReg;
using abi::esr::Ec;
namespace esr = abi::esr;

namespace {

constexpr auto kSpEl0 = SysReg{abi::sysreg_key(3, 0, 4, 1, 0)};
constexpr auto kSpEl1 = SysReg{abi::sysreg_key(3, 4, 4, 1, 0)};
constexpr std::uint64_t kEl0Code = Machine::kRam + 0x4000;

}  // namespace

TEST_CASE("SVC from EL0 enters the vector for a lower exception level with SP_EL1 and a full syndrome") {
  Machine m;
  m.load(kEl0Code, {kNop, svc(0x77)});
  m.cpu().set_sysreg(kSpEl0, 0x1110);
  m.cpu().set_sysreg(kSpEl1, 0x2220);
  m.cpu().set_pstate(abi::pstate::kEl0t | (1ULL << 30));
  CHECK(m.cpu().sysreg(kSpEl0) == 0x1110);
  m.cpu().set_pc(kEl0Code);
  const auto e = m.resume();
  CHECK(vector_entered(e) == 0x400);
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kSvc64, 0x77));
  CHECK(m.cpu().sysreg(SysReg::kElrEl1) == kEl0Code + 8);
  CHECK(m.cpu().sysreg(SysReg::kSpsrEl1) == (abi::pstate::kEl0t | (1ULL << 30)));
  CHECK((m.cpu().pstate() & 0x3ff) == abi::pstate::kResetEl1);
  CHECK(m.cpu().sysreg(kSpEl1) == 0x2220);
  CHECK(m.cpu().sysreg(kSpEl0) == 0x1110);
}

TEST_CASE("Exceptions from EL1t and EL1h use their own vectors and stack pointers survive both ways") {
  Machine m;
  Program p;
  append(p, {movz(0, 0x3330), mov_to_sp(0), spsel(0), movz(0, 0x4440), mov_to_sp(0), brk(9)});
  const auto from_el1t = m.run(p);
  CHECK(vector_entered(from_el1t) == 0x000);
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kBrk64, 9));
  CHECK(m.cpu().sysreg(SysReg::kElrEl1) == Machine::kRam + 20);
  CHECK(m.cpu().sysreg(kSpEl1) == 0x3330);
  CHECK(m.cpu().sysreg(kSpEl0) == 0x4440);
  // The handler returns behind the BRK: SP is SP_EL0 again.
  m.load(Machine::kRam, {mov_from_sp(5), spsel(1), mov_from_sp(6), svc(0)});
  m.cpu().set_sysreg(SysReg::kElrEl1, Machine::kRam);
  m.poke(Machine::kVectors, kEret);
  m.cpu().set_pc(Machine::kVectors);
  const auto from_el1h = m.resume();
  CHECK(vector_entered(from_el1h) == 0x200);
  CHECK(m.cpu().x(5) == 0x4440);
  CHECK(m.cpu().x(6) == 0x3330);
}

TEST_CASE("An undefined instruction reaches EL1 with an unknown syndrome") {
  Machine m;
  CHECK(vector_entered(m.run({kNop, kUdf})) == 0x200);
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kUnknown, 0));
  CHECK(m.cpu().sysreg(SysReg::kElrEl1) == Machine::kRam + 4);
}

TEST_CASE("A branch to an address that is not a multiple of four is a PC alignment fault there") {
  Machine m;
  Program p;
  append_mov(p, 0, Machine::kRam + 0x102);
  p.push_back(br(0));
  CHECK(vector_entered(m.run(p)) == 0x200);
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kPcAlignment, 0));
  CHECK(m.cpu().sysreg(SysReg::kFarEl1) == Machine::kRam + 0x102);
  CHECK(m.cpu().sysreg(SysReg::kElrEl1) == Machine::kRam + 0x102);
}

TEST_CASE("set_pstate moves the stack pointers as an exception return does, and takes effect on execution") {
  Machine m;
  m.cpu().set_sysreg(kSpEl0, 0x10);
  m.cpu().set_sysreg(kSpEl1, 0x20);
  m.run({mov_from_sp(0), hvc(0)});
  CHECK(m.cpu().x(0) == 0x20);
  m.cpu().set_pstate(abi::pstate::kEl1t);
  m.run({mov_from_sp(0), hvc(0)});
  CHECK(m.cpu().x(0) == 0x10);
  // EL0: what EL1 may do is undefined there, at once.
  m.cpu().set_pstate(abi::pstate::kEl0t);
  CHECK(vector_entered(m.run({mrs(0, SysReg::kSctlrEl1)})) == 0x400);
}

TEST_CASE("ID registers trap to EL2 with their encoding, and id_register tells the hardware's value") {
  Machine m;
  constexpr auto kPfr0 = abi::sysreg_key(3, 0, 0, 4, 0);
  const auto e = m.run({mrs(7, kPfr0), hvc(0)});
  REQUIRE(ec(e) == Ec::kSysReg);
  const auto iss = esr::sysreg_iss(e.esr);
  CHECK(abi::sysreg_key(iss.op0, iss.op1, iss.crn, iss.crm, iss.op2) == kPfr0);
  CHECK(iss.rt == 7);
  CHECK(iss.is_read);
  CHECK(m.cpu().pc() == Machine::kRam);
  CHECK((m.cpu().id_register(kPfr0) & 0xff) == 0x22);  // EL0 and EL1: AArch64 and AArch32
  CHECK(ec(m.skip_and_resume()) == Ec::kHvc64);
}

TEST_CASE("SVE does not exist: the ID register says so and its instructions are undefined whatever EL1 enables") {
  Machine m(false, {.model = sim::CpuModel::kMax});
  CHECK((m.cpu().id_register(abi::sysreg_key(3, 0, 0, 4, 0)) >> 32 & 0xf) == 0);
  constexpr Word kPtrue = 0x2518e3e0;   // PTRUE P0.B
  constexpr Word kSveAdd = 0x04200000;  // ADD Z0.B, Z0.B, Z0.B
  constexpr auto kZcr = abi::sysreg_key(3, 0, 1, 2, 0);
  for (const Word word : {kPtrue, kSveAdd, msr(kZcr, 0), mrs(0, kZcr)}) {
    Program p;
    append_mov(p, 0, 0x330000);  // CPACR_EL1.ZEN and FPEN
    append(p, {msr(SysReg::kCpacrEl1, 0), kIsb, word});
    CHECK(vector_entered(m.run(p)) == 0x200);
    CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kUnknown, 0));
  }
}

TEST_CASE("RNDR gives nothing of the host's entropy") {
  Machine m(false, {.model = sim::CpuModel::kMax});
  CHECK((m.cpu().id_register(abi::sysreg_key(3, 0, 0, 6, 0)) >> 60) == 0);
  m.run({movz(0, 9), mrs(0, abi::sysreg_key(3, 3, 2, 4, 0)), mrs(1, abi::sysreg_key(3, 3, 4, 2, 0)), hvc(0)});
  CHECK(m.cpu().x(0) == 0);
  CHECK(m.cpu().x(1) == (1ULL << 30));
  Machine a72;
  CHECK(vector_entered(a72.run({mrs(0, abi::sysreg_key(3, 3, 2, 4, 0))})) == 0x200);
}

TEST_CASE("Pointer authentication is hidden unless configured") {
  constexpr auto kIsar1 = abi::sysreg_key(3, 0, 0, 6, 1);
  constexpr std::uint64_t kFields = 0xff000ff0;
  constexpr Word kPacia = 0xdac10020;  // PACIA X0, X1
  Program p;
  append_mov(p, 0, 0x30d00800 | (1ULL << 31));  // SCTLR_EL1.EnIA
  append(p, {msr(SysReg::kSctlrEl1, 0), kIsb, kPacia, hvc(0)});
  Machine hidden(false, {.model = sim::CpuModel::kMax});
  CHECK((hidden.cpu().id_register(kIsar1) & kFields) == 0);
  CHECK(vector_entered(hidden.run(p)) == 0x200);
  Machine shown(false, {.model = sim::CpuModel::kMax, .pointer_authentication = true});
  CHECK((shown.cpu().id_register(kIsar1) & kFields) != 0);
  CHECK(ec(shown.run(p)) == Ec::kHvc64);
  CHECK(shown.cpu().pc() == Machine::kRam + 4 * (p.size() - 1));
}

TEST_CASE("Performance counters trap to EL2: the engine's would show the host's clock") {
  Machine m;
  const auto e = m.run({mrs(0, abi::sysreg_key(3, 3, 9, 13, 0))});
  CHECK(ec(e) == Ec::kSysReg);
}

TEST_CASE("Registers of the GIC CPU interface work on the PE's list registers") {
  Machine m;
  m.pe.state.hcr = abi::gic::kHcrEn;
  constexpr auto kPmr = abi::sysreg_key(3, 0, 4, 6, 0), kIgrpen1 = abi::sysreg_key(3, 0, 12, 12, 7),
                 kIar1 = abi::sysreg_key(3, 0, 12, 12, 0), kEoir1 = abi::sysreg_key(3, 0, 12, 12, 1);
  m.pe.state.lr[0] = abi::gic::kLrPending | abi::gic::kLrGroup1 | (0x80ULL << abi::gic::kLrPriorityShift) | 27;
  const auto e = m.run({movz(0, 0xf8), msr(kPmr, 0), movz(0, 1), msr(kIgrpen1, 0), mrs(5, kIar1), msr(kEoir1, 5),
                        mrs(6, kIar1), hvc(1)});
  REQUIRE(ec(e) == Ec::kHvc64);
  CHECK(m.cpu().x(5) == 27);
  CHECK(m.cpu().x(6) == 1023);
  CHECK((m.pe.state.lr[0] & abi::gic::kLrStateMask) == 0);
}

TEST_CASE("An SGI register write traps to EL2 as EC 0x18 with the register's encoding") {
  Machine m;
  m.pe.state.hcr = abi::gic::kHcrEn;
  const auto e = m.run({movz(3, 0x11), msr(SysReg::kIccSgi1rEl1, 3)});
  REQUIRE(ec(e) == Ec::kSysReg);
  const auto iss = esr::sysreg_iss(e.esr);
  CHECK(abi::sysreg_key(iss.op0, iss.op1, iss.crn, iss.crm, iss.op2) ==
        static_cast<std::uint32_t>(SysReg::kIccSgi1rEl1));
  CHECK(iss.rt == 3);
  CHECK_FALSE(iss.is_read);
  CHECK(m.cpu().pc() == Machine::kRam + 4);
}

TEST_CASE("A virtual interrupt waits until EL1 unmasks it and is taken at the next block") {
  Machine m;
  m.pe.state.hcr = abi::gic::kHcrEn;
  m.pe.state.vmcr = abi::gic::kVmcrEng1 | (0xf8ULL << abi::gic::kVmcrPmrShift);
  m.pe.state.lr[0] = abi::gic::kLrPending | abi::gic::kLrGroup1 | (0x80ULL << abi::gic::kLrPriorityShift) | 27;
  const auto e =
      m.run({movz(0, 1), movz(1, 50), sub(1, 1, 1), cbnz(1, -1), movz(0, 2), daifclr(2), movz(0, 3), hvc(15)});
  CHECK(vector_entered(e) == 0x280);
  CHECK(m.cpu().x(0) == 2);
  CHECK(m.cpu().sysreg(SysReg::kElrEl1) == Machine::kRam + 24);
  CHECK((m.cpu().sysreg(SysReg::kSpsrEl1) & abi::pstate::kI) == 0);
}

TEST_CASE("WFI waits for a physical interrupt, for a virtual one, and not at all when one is pending") {
  Machine m;
  SECTION("physical") {
    m.execution.between = [&] { m.pe.irq = m.execution.idles == 3; };
    const auto e = m.run({kWfi, hvc(0)});
    CHECK(e.kind == abi::ExceptionKind::kIrq);
    CHECK(m.cpu().pc() == Machine::kRam + 4);
    CHECK(m.execution.idles == 3);
  }
  SECTION("virtual, masked by PSTATE") {
    m.pe.state.hcr = abi::gic::kHcrEn;
    m.pe.state.vmcr = abi::gic::kVmcrEng1 | (0xf8ULL << abi::gic::kVmcrPmrShift);
    m.execution.between = [&] {
      if (m.execution.idles == 1)
        m.pe.state.lr[2] = abi::gic::kLrPending | abi::gic::kLrGroup1 | (0x80ULL << abi::gic::kLrPriorityShift) | 40;
    };
    CHECK(ec(m.run({kWfi, kWfi, hvc(0)})) == Ec::kHvc64);
    CHECK(m.execution.idles == 1);
  }
}

TEST_CASE("A trapped WFI returns to EL2 at the instruction") {
  Machine m;
  m.trap_wfi = true;
  const auto e = m.run({kNop, kWfi});
  CHECK(ec(e) == Ec::kWfx);
  CHECK((e.esr & 3) == 0);
  CHECK(m.cpu().pc() == Machine::kRam + 4);
}

TEST_CASE("Timer writes are kept, read back, and fire as an IRQ to EL2 at their time") {
  constexpr auto kTval = abi::sysreg_key(3, 3, 14, 3, 0), kCtl = abi::sysreg_key(3, 3, 14, 3, 1),
                 kCval = abi::sysreg_key(3, 3, 14, 3, 2);
  Machine m;
  Program p;
  append(p, {movz(0, 1000), msr(kTval, 0), movz(0, 1), msr(kCtl, 0), mrs(1, kCval), mrs(2, kCtl), b(0)});
  const auto e = m.run(p);
  CHECK(e.kind == abi::ExceptionKind::kIrq);
  CHECK(m.cpu().x(1) == 1000);
  CHECK(m.cpu().x(2) == 1);
  CHECK(m.execution.now == 16000);
  CHECK(m.cpu().sysreg(SysReg::kCntvCtlEl0) == 5);  // ISTATUS
  CHECK(m.cpu().sysreg(SysReg::kCntvCvalEl0) == 1000);

  Machine sleeper;
  sleeper.run({movz(0, 1000), msr(kTval, 0), movz(0, 1), msr(kCtl, 0), kWfi, hvc(0)});
  CHECK(sleeper.execution.idles == 1);
  CHECK(sleeper.execution.now == 16000);
}

TEST_CASE("A timer that EL2 keeps masked at the GIC does not interrupt") {
  Machine m;
  m.cpu().set_sysreg(SysReg::kCntpCtlEl0, 1);
  m.load(Machine::kRam, {movz(0, 500), sub(0, 0, 1), cbnz(0, -1), hvc(4)});
  const auto e = m.cpu().run(m.pe, {.stage2 = m.stage2, .ptimer_irq = false});
  CHECK(ec(e) == Ec::kHvc64);
}

TEST_CASE("EL0 sees the counter and the timers only as far as CNTKCTL_EL1 permits") {
  constexpr auto kCntvct = abi::sysreg_key(3, 3, 14, 0, 2);
  Machine m;
  m.load(kEl0Code, {mrs(0, kCntvct), svc(1)});
  m.execution.now = 1600;
  const auto run = [&](std::uint64_t control) {
    m.cpu().set_sysreg(SysReg::kCntkctlEl1, control);
    m.cpu().set_pstate(abi::pstate::kEl0t);
    m.cpu().set_pc(kEl0Code);
    m.resume();
    return abi::esr::ec(m.cpu().sysreg(SysReg::kEsrEl1));
  };
  CHECK(run(0) == Ec::kSysReg);
  CHECK(run(2) == Ec::kSvc64);
  CHECK(m.cpu().x(0) >= 100);
}

TEST_CASE("Exclusive pairs succeed on their own and across CPUs by value") {
  Machine m;
  m.set_ram64(Machine::kRam + 0x10000, 41);
  Program p;
  append_mov(p, 0, Machine::kRam + 0x10000);
  append(p, {ldxr(1, 0), add(1, 1, 1), stxr(2, 1, 0), hvc(0)});
  m.run(p);
  CHECK(m.cpu().x(2) == 0);
  CHECK(m.ram64(Machine::kRam + 0x10000) == 42);
  // Another CPU writes between load and store: the store fails.
  Program q;
  append_mov(q, 0, Machine::kRam + 0x10000);
  append(q, {ldxr(1, 0), hvc(0), stxr(2, 1, 0), hvc(1)});
  m.run(q);
  m.set_ram64(Machine::kRam + 0x10000, 7);
  m.skip_and_resume();
  CHECK(m.cpu().x(2) == 1);
}
