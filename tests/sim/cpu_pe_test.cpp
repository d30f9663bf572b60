// SPDX-License-Identifier: GPL-2.0-or-later
// A PE whose EL2 is simulated code.
#include <catch2/catch_test_macros.hpp>

#include "tests/sim/pe_machine.h"

using namespace a64;
using namespace cpu_test;
using abi::SysReg;
using abi::esr::Ec;
using sim::PeStop;
namespace el2 = sim::el2;
namespace esr = abi::esr;

namespace {

constexpr std::uint64_t kRam = PeMachine::kRam;
constexpr std::uint64_t kLower = kRam + 0x4000;  // code of EL1 and EL0
constexpr std::uint64_t kEl1h = 0x3c5, kEl0t = 0x3c0;
constexpr std::uint32_t kCurrentEl = abi::sysreg_key(3, 0, 4, 2, 2);
constexpr std::uint32_t kPfr0 = abi::sysreg_key(3, 0, 0, 4, 0);

// Goes from EL2 to `lower` at kLower with PSTATE `pstate`.
Program eret_to(std::uint64_t pstate, std::uint64_t hcr) {
  Program p;
  append_mov(p, 0, hcr);
  p.push_back(msr(el2::kHcr, 0));
  append_mov(p, 0, pstate);
  p.push_back(msr(el2::kSpsr, 0));
  append_mov(p, 0, kLower);
  append(p, {msr(el2::kElr, 0), kIsb, kEret});
  return p;
}

}  // namespace

TEST_CASE("A PE starts at EL2h with its own identity and comes back by SMC behind the instruction") {
  PeMachine m;
  CHECK(m.run({mrs(0, kCurrentEl), mrs(1, SysReg::kMpidrEl1), mrs(2, kPfr0), smc(0)}) == PeStop::kSmc);
  CHECK(m.cpu().x(0) == 2U << 2);
  CHECK(m.cpu().x(1) == 0x8100'0000);
  CHECK(((m.cpu().x(2) >> 24) & 0xf) == 1);  // GIC
  CHECK(((m.cpu().x(2) >> 52) & 0xf) == 1);  // RME
  CHECK(m.cpu().pc() == kRam + 16);
  CHECK(m.cpu().pstate() == el2::kResetPstate);
}

TEST_CASE("Exceptions of EL2 enter VBAR_EL2 by the stack pointer in use; ERET returns") {
  PeMachine m;
  CHECK(m.run({brk(5)}) == PeStop::kSmc);
  CHECK(m.vector() == 0x200);
  CHECK(m.esr() == esr::make(Ec::kBrk64, 5));
  CHECK(m.get(el2::kElr) == kRam);
  CHECK(m.get(el2::kSpsr) == el2::kResetPstate);

  m.cpu().set_pstate(el2::kResetPstate);
  m.run({movz(0, 0x220), mov_to_sp(0), spsel(0), movz(0, 0x110), mov_to_sp(0), svc(7)});
  CHECK(m.vector() == 0x000);
  CHECK(m.esr() == esr::make(Ec::kSvc64, 7));
  CHECK(m.get(el2::kElr) == kRam + 24);
  // Back at EL2t with SP_EL0; SP_EL2 was kept.
  m.load(kRam + 24, {mov_from_sp(5), spsel(1), mov_from_sp(6), kUdf});
  m.poke(PeMachine::kVectors, kEret);
  m.cpu().set_pc(PeMachine::kVectors);
  m.resume();
  CHECK(m.cpu().x(5) == 0x110);
  CHECK(m.cpu().x(6) == 0x220);
  CHECK(m.vector() == 0x200);
  CHECK(m.esr() == esr::make(Ec::kUnknown, 0));
}

TEST_CASE("EL2 enters EL1 by ERET; HVC comes back, SVC stays at EL1") {
  PeMachine m;
  m.load(kLower, {mrs(3, kCurrentEl), hvc(9)});
  m.run(eret_to(kEl1h, el2::kHcrRw));
  CHECK(m.cpu().x(3) == 1U << 2);
  CHECK(m.vector() == 0x400);
  CHECK(m.esr() == esr::make(Ec::kHvc64, 9));
  CHECK(m.get(el2::kElr) == kLower + 8);
  CHECK((m.get(el2::kSpsr) & 0xf) == abi::pstate::kEl1h);

  m.load(kLower, {svc(4)});
  m.cpu().set_pstate(el2::kResetPstate);
  m.run(eret_to(kEl1h, el2::kHcrRw));
  CHECK(m.esr() == esr::make(Ec::kHvc64, 0x200 / 0x80));  // the vector of EL1 says so
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kSvc64, 4));
}

TEST_CASE("HCR_EL2.TGE routes the exceptions of EL0 to EL2") {
  PeMachine m;
  for (const auto& [word, ec] : {std::pair{svc(1), Ec::kSvc64}, {brk(1), Ec::kBrk64}, {kUdf, Ec::kUnknown}}) {
    m.load(kLower, {word});
    m.cpu().set_pstate(el2::kResetPstate);
    m.run(eret_to(kEl0t, el2::kHcrRw | el2::kHcrTge));
    CHECK(m.vector() == 0x400);
    CHECK(esr::ec(m.esr()) == ec);
    m.cpu().set_pstate(el2::kResetPstate);
    m.run(eret_to(kEl0t, el2::kHcrRw));
    CHECK(esr::ec(m.esr()) == Ec::kHvc64);  // EL1 took it
  }
}

TEST_CASE("A device is read and written by every form of load and store; beside it an external abort") {
  PeMachine m;
  m.device[0] = 0x8877'6655'4433'22f1;
  m.device[1] = 0x1234;
  Program p;
  append_mov(p, 1, PeMachine::kDevice);
  append(p, {ldr(2, 1), ldrw(3, 1), ldrsh_x(4, 1), ldp(5, 6, 1), ldr_post(7, 1, 8), str(7, 1, 16), strb(1, 1), smc(0)});
  CHECK(m.run(p) == PeStop::kSmc);
  CHECK(m.cpu().x(2) == 0x8877'6655'4433'22f1);
  CHECK(m.cpu().x(3) == 0x4433'22f1);
  CHECK(m.cpu().x(4) == 0x22f1);
  CHECK(m.cpu().x(5) == 0x8877'6655'4433'22f1);
  CHECK(m.cpu().x(6) == 0x1234);
  CHECK(m.cpu().x(1) == PeMachine::kDevice + 8);
  CHECK(m.device[3] == 0x8877'6655'4433'22f1);
  CHECK(m.device[1] == 0x08);
  CHECK(m.accesses == std::vector<unsigned>{8, 4, 2, 8, 8, 8, 8, 1});

  Program q;
  append_mov(q, 1, PeMachine::kDevice + 0x1000);
  append(q, {strw(1, 1, 8), smc(0)});
  m.run(q);
  CHECK(m.vector() == 0x200);
  CHECK(m.esr() == esr::make(Ec::kDataAbortSame, esr::kFscExternal | esr::kWnr));
  CHECK(m.get(el2::kFar) == PeMachine::kDevice + 0x1008);
  CHECK(m.get(el2::kElr) == kRam + 16);

  Program jump;
  append_mov(jump, 1, PeMachine::kDevice);
  jump.push_back(br(1));
  m.run(jump);
  CHECK(m.esr() == esr::make(Ec::kInstructionAbortSame, esr::kFscExternal));
}

TEST_CASE("Whole granules that read as a constant need no device to be read; everything else asks it") {
  PeMachine m;
  Program p;
  append_mov(p, 1, abi::align_up(PeMachine::kConstant, abi::kGranuleSize));
  append(p, {ldr(2, 1), ldrw(3, 1), ldrsh_x(4, 1), ldp(5, 6, 1), smc(0)});
  CHECK(m.run(p) == PeStop::kSmc);
  CHECK(m.cpu().x(2) == 0x5a5a'5a5a'5a5a'5a5a);
  CHECK(m.cpu().x(3) == 0x5a5a'5a5a);
  CHECK(m.cpu().x(4) == 0x5a5a);
  CHECK(m.cpu().x(6) == 0x5a5a'5a5a'5a5a'5a5a);
  CHECK(m.accesses.empty());

  Program store;  // and what is read afterwards
  append_mov(store, 1, abi::align_up(PeMachine::kConstant, abi::kGranuleSize) + 0x1000);
  append(store, {str(7, 1, 8), ldr(2, 1), str(7, 1, 16), ldr(3, 1), smc(0)});
  CHECK(m.run(store) == PeStop::kSmc);
  CHECK(m.cpu().x(2) == 0x5a5a'5a5a'5a5a'5a5a);
  CHECK(m.cpu().x(3) == 0x5a5a'5a5a'5a5a'5a5a);
  CHECK(m.accesses == std::vector<unsigned>{8, 8});

  for (const std::uint64_t part : {PeMachine::kConstant, PeMachine::kConstantEnd - 8}) {
    m.accesses.clear();
    Program edge;
    append_mov(edge, 1, part);
    append(edge, {ldr(2, 1), smc(0)});
    CHECK(m.run(edge) == PeStop::kSmc);
    CHECK(m.cpu().x(2) == 0x5a5a'5a5a'5a5a'5a5a);
    CHECK(m.accesses == std::vector<unsigned>{8});
  }

  Program jump;
  append_mov(jump, 1, abi::align_up(PeMachine::kConstant, abi::kGranuleSize));
  jump.push_back(br(1));
  m.run(jump);
  CHECK(m.esr() == esr::make(Ec::kInstructionAbortSame, esr::kFscExternal));
}

TEST_CASE("A granule of another PAS is a granule protection fault of EL2, on an access and on a walk") {
  PeMachine m;
  const auto hidden = abi::GranulePa::containing({kRam + 0x20'0000});
  m.gpt.set(hidden, abi::Pas::kRealm);
  Program p;
  append_mov(p, 1, hidden.pa().value + 8);
  append(p, {ldr(2, 1), smc(0)});
  m.run(p);
  CHECK(m.esr() == esr::make(Ec::kDataAbortSame, esr::kFscGpf));
  CHECK(m.get(el2::kFar) == hidden.pa().value + 8);
  m.gpt.set(hidden, abi::Pas::kNonSecure);
  m.cpu().set_pstate(el2::kResetPstate);
  m.run(p);
  CHECK(m.vector() == 0);
  CHECK(m.cpu().pc() == kRam + 24);

  m.enable_mmu();
  m.gpt.set(abi::GranulePa::containing({PeMachine::kTables + 0x3000}), abi::Pas::kRealm);
  Program q;
  append_mov(q, 1, PeMachine::kDevice);
  append(q, {ldr(2, 1), smc(0)});
  m.run(q);
  CHECK(m.esr() == esr::make(Ec::kDataAbortSame, esr::kFscGpfWalk + 3));
}

TEST_CASE("EL2 stage 1: translation and permission faults, XN, TLBI by VA after a change") {
  PeMachine m;
  m.enable_mmu();
  constexpr std::uint64_t kVa = PeMachine::kDevice + 0x5000, kPa = kRam + 0x30'0000;
  Program p;
  append_mov(p, 1, kVa);
  append(p, {ldr(2, 1, 16), smc(0)});
  m.run(p);
  CHECK(m.esr() == esr::make(Ec::kDataAbortSame, esr::kFscTranslation + 3));
  CHECK(m.get(el2::kFar) == kVa + 16);

  m.write64(PeMachine::page_entry(kVa), kPa | PeMachine::kPage | 1U << 7 | 1ULL << 54);  // read-only, XN
  m.write64(kPa + 16, 0xabc);
  m.cpu().set_pstate(el2::kResetPstate);
  m.run(p);
  CHECK(m.cpu().x(2) == 0xabc);
  p[4] = str(2, 1, 16);
  m.run(p);
  CHECK(m.esr() == esr::make(Ec::kDataAbortSame, (esr::kFscPermission + 3) | esr::kWnr));
  p[4] = br(1);
  m.cpu().set_pstate(el2::kResetPstate);
  m.run(p);
  CHECK(m.esr() == esr::make(Ec::kInstructionAbortSame, esr::kFscPermission + 3));

  // Another page behind the same address: seen after TLBI VAE2IS.
  constexpr std::uint32_t kTlbiVae2is = abi::sysreg_key(1, 4, 8, 3, 1);
  m.write64(kPa + 0x1010, 0xdef);
  Program q;
  append_mov(q, 1, kVa);
  append_mov(q, 3, PeMachine::page_entry(kVa));
  append_mov(q, 4, (kPa + 0x1000) | PeMachine::kPage);
  append_mov(q, 5, kVa >> 12);
  append(q, {ldr(2, 1, 16), str(4, 3), kDsb, sys(kTlbiVae2is, 5), kDsb, ldr(6, 1, 16), smc(0)});
  m.cpu().set_pstate(el2::kResetPstate);
  m.run(q);
  CHECK(m.cpu().x(2) == 0xabc);
  CHECK(m.cpu().x(6) == 0xdef);
}

TEST_CASE("An IRQ is taken at EL2 only where HCR_EL2.TGE or IMO routes it there, and when PSTATE.I permits") {
  PeMachine m;
  m.irq = true;
  CHECK(m.run({daifclr(2), kNop, smc(1)}) == PeStop::kSmc);
  CHECK(m.vector() == 0x80);  // the SMC of the program: not taken
  m.cpu().set_pstate(el2::kResetPstate);
  Program p;
  append_mov(p, 0, el2::kHcrTge | el2::kHcrRw);
  append(p, {msr(el2::kHcr, 0), kIsb, kNop, daifclr(2), kNop, smc(2)});
  m.run(p);
  CHECK(m.vector() == 0x280);
  CHECK((m.get(el2::kSpsr) & abi::pstate::kI) == 0);
  // From EL1 it comes whatever EL1 masks.
  m.load(kLower, {kNop, b(-1)});
  m.cpu().set_pstate(el2::kResetPstate);
  m.run(eret_to(kEl1h, el2::kHcrRw | el2::kHcrImo));
  CHECK(m.vector() == 0x480);
  // Not routed, it is EL1's, and masked there by EL1.
  m.load(kLower, {daifclr(2), kNop, b(-1)});
  m.cpu().set_pstate(el2::kResetPstate);
  m.run(eret_to(kEl1h, el2::kHcrRw));
  CHECK(m.esr() == esr::make(Ec::kHvc64, 0x280 / 0x80));
}

TEST_CASE("The GIC CPU interface of EL2 is the physical one") {
  PeMachine m;
  m.irq = true;
  CHECK(m.run({mrs(3, PeMachine::kIar), movz(4, 5), msr(abi::sysreg_key(3, 0, 4, 6, 0), 4), smc(0)}) == PeStop::kSmc);
  CHECK(m.cpu().x(3) == 27);
  CHECK(m.written == 5);
  CHECK_FALSE(m.irq);
  m.run({msr(PeMachine::kIar, 4)});
  CHECK(m.esr() == esr::make(Ec::kUnknown, 0));
}

TEST_CASE("The EL2 physical timer wakes a WFI at its time") {
  PeMachine m;
  m.timer_irq = true;
  constexpr std::uint32_t kCnthpCtl = abi::sysreg_key(3, 4, 14, 2, 1), kCnthpCval = abi::sysreg_key(3, 4, 14, 2, 2);
  Program p;
  append_mov(p, 0, 1000);
  append(p, {msr(kCnthpCval, 0), movz(0, 1), msr(kCnthpCtl, 0), kWfi, mrs(3, abi::sysreg_key(3, 3, 14, 0, 1)),
             mrs(4, kCnthpCtl), smc(0)});
  m.run(p);
  CHECK(m.execution.idles == 1);
  CHECK(m.cpu().x(3) == 1000);
  CHECK(m.cpu().x(4) == 5);
}

TEST_CASE("CNTVOFF_EL2 sets the virtual counter and timer back") {
  PeMachine m;
  m.execution.now = 16'000;
  Program p;
  append_mov(p, 0, 400);
  append(p, {msr(el2::kCntvoff, 0), kIsb, mrs(1, abi::sysreg_key(3, 3, 14, 0, 2)),
             mrs(2, abi::sysreg_key(3, 3, 14, 0, 1)), mrs(3, el2::kCntvoff), smc(0)});
  m.run(p);
  CHECK(m.cpu().x(1) == 600);
  CHECK(m.cpu().x(2) == 1000);
  CHECK(m.cpu().x(3) == 400);
}

TEST_CASE("WFE lets others run for a while; behind SEVL in the same block it passes") {
  PeMachine m;
  m.run({kWfe, smc(0)});
  CHECK(m.execution.idles == 1);
  CHECK(m.execution.now >= 10'000);
  CHECK(m.cpu().pc() == kRam + 8);
  m.run({kSevl, kWfe, smc(0)});
  CHECK(m.execution.idles == 1);
}

TEST_CASE("HCR_EL2.TWI and TWE trap the waits of EL1") {
  PeMachine m;
  for (const auto& [word, trap, kind] :
       {std::tuple{kWfi, el2::kHcrTwi, esr::Wfx::kWfi}, {kWfe, el2::kHcrTwe, esr::Wfx::kWfe}}) {
    m.load(kLower, {word, hvc(0)});
    m.cpu().set_pstate(el2::kResetPstate);
    m.run(eret_to(kEl1h, el2::kHcrRw | trap));
    CHECK(esr::ec(m.esr()) == Ec::kWfx);
    CHECK((m.esr() & 3) == static_cast<std::uint64_t>(kind));
    CHECK(m.get(el2::kElr) == kLower);
  }
}

TEST_CASE("A PE leaves when EL3 wants it to, also out of a WFI") {
  PeMachine m;
  m.rises_at = 5'000;
  m.execution.between = [&] { m.leave = m.execution.now >= 5'000; };
  CHECK(m.run({kWfi, b(-1)}) == PeStop::kLeave);
}

TEST_CASE("With HCR_EL2.E2H EL2 has two ranges, and the names of EL1's registers are its own") {
  PeMachine m;
  m.tables();
  Program p;
  append_mov(p, 0, el2::kHcrE2h | el2::kHcrTge | el2::kHcrRw);
  append(p, {msr(el2::kHcr, 0), kIsb});
  append_mov(p, 0, 25 | 25U << 16 | (2ULL << 32) | (2ULL << 30));
  p.push_back(msr(SysReg::kTcrEl1, 0));
  append_mov(p, 0, PeMachine::kTables);
  append(p, {msr(SysReg::kTtbr0El1, 0), msr(SysReg::kTtbr1El1, 0)});
  append_mov(p, 0, 0x30d0'0801 | 1U << 23);
  append(p, {msr(SysReg::kSctlrEl1, 0), kIsb});
  append_mov(p, 1, (kRam + 0x30'0000) | 0xffff'ff80'0000'0000);  // the upper range, through TTBR1_EL2
  constexpr std::uint32_t kVbarEl12 = abi::sysreg_key(3, 5, 12, 0, 0);
  append(p, {ldr(2, 1), mrs(3, kCurrentEl), mrs(4, SysReg::kVbarEl1), mrs(5, kVbarEl12), smc(0)});
  m.write64(kRam + 0x30'0000, 0x77);
  m.run(p);
  CHECK(m.cpu().x(2) == 0x77);
  CHECK(m.cpu().x(3) == 2U << 2);
  CHECK(m.cpu().x(4) == PeMachine::kVectors);
  CHECK(m.cpu().x(5) == PeMachine::kVectorsEl1);
  CHECK(m.get(el2::kTtbr1) == PeMachine::kTables);
}
