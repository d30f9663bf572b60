// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>

#include "tests/sim/cpu_machine.h"

using namespace a64;
using namespace cpu_test;
using abi::SysReg;
using abi::esr::Ec;
namespace esr = abi::esr;

namespace {

constexpr std::uint64_t kMmio = 0x0900'0000;  // not mapped
constexpr std::uint64_t kTables = Machine::kRam + 0x200000;
constexpr std::uint64_t kEl0Code = Machine::kRam + 0x4000;
// Stage 1 leaves: AF, normal inner shareable memory.
constexpr std::uint64_t kEl1Rw = 0x700, kEl1Ro = 0x780, kEl0Rw = 0x740, kEl0Ro = 0x7c0;
constexpr std::uint64_t kUxn = 1ULL << 54, kPxn = 1ULL << 53;

abi::Exception access(Machine& m, Word instruction, std::uint64_t address, std::uint64_t x1 = 0) {
  Program p;
  append_mov(p, 0, address);
  append_mov(p, 1, x1);
  append(p, {instruction, hvc(0)});
  return m.run(p);
}

}  // namespace

TEST_CASE("A stage 2 fault tells FAR, HPFAR and the access, so that MMIO can be emulated") {
  Machine m;
  auto e = access(m, strw(1, 0, 0x18), kMmio, 0x55);
  CHECK(ec(e) == Ec::kDataAbortLower);
  CHECK(e.far == kMmio + 0x18);
  CHECK(esr::ipa_from_hpfar(e.hpfar) == kMmio);
  CHECK((e.esr & 0x1ffffff) ==
        (esr::kIsv | 2ULL << esr::kSasShift | 1ULL << esr::kSrtShift | esr::kWnr | esr::kFscTranslation | 1));
  CHECK(m.cpu().pc() == Machine::kRam + 32);
  CHECK(ec(m.skip_and_resume()) == Ec::kHvc64);

  e = access(m, ldr(9, 0), kMmio);
  CHECK((e.esr & (esr::kIsv | esr::kSf | esr::kSasMask | esr::kWnr)) == (esr::kIsv | esr::kSf | esr::kSasMask));
  CHECK(((e.esr & esr::kSrtMask) >> esr::kSrtShift) == 9);
  e = access(m, ldrsh_x(3, 0), kMmio);
  CHECK((e.esr & (esr::kIsv | esr::kSse | esr::kSf)) == (esr::kIsv | esr::kSse | esr::kSf));
  e = access(m, ldar(3, 0), kMmio);
  CHECK((e.esr & (esr::kIsv | esr::kAr)) == (esr::kIsv | esr::kAr));
  e = access(m, ldr_register(3, 0, 1), kMmio, 0x20);
  CHECK(e.far == kMmio + 0x20);
  CHECK((e.esr & esr::kIsv) != 0);
  e = access(m, stur(3, 0, -8), kMmio + 0x28);
  CHECK(e.far == kMmio + 0x20);
}

TEST_CASE("Pairs, writeback and exclusives have no valid syndrome, but an exact FAR") {
  Machine m;
  for (const Word word : {ldp(2, 3, 0), ldr_post(2, 0, 8), ldxr(2, 0)}) {
    const auto e = access(m, word, kMmio + 0x40);
    CHECK((e.esr & esr::kIsv) == 0);
    CHECK(e.far == kMmio + 0x40);
    CHECK(m.cpu().x(0) == kMmio + 0x40);  // no writeback
  }
}

TEST_CASE("An access that crosses into a faulting page reports that page") {
  Machine m;
  const std::uint64_t last = Machine::kRam + Machine::kRamSize;
  const auto e = access(m, str(1, 0), last - 4, ~0ULL);
  CHECK(ec(e) == Ec::kDataAbortLower);
  CHECK(e.far == last);
  CHECK(esr::ipa_from_hpfar(e.hpfar) == last);
  // The form of the instruction makes the syndrome valid, wherever the access lies (Arm ARM, ISS of a data abort, ISV).
  CHECK((e.esr & (esr::kIsv | esr::kSasMask | esr::kWnr)) == (esr::kIsv | 3ULL << esr::kSasShift | esr::kWnr));
  CHECK(m.ram64(last - 8) == 0);  // nothing of it was stored
}

TEST_CASE("Stage 2 levels, permissions and access flag are told apart") {
  Machine m;
  const std::uint64_t page = Machine::kRam + 0x100000;
  const auto status = [&](Word word) { return access(m, word, page).esr & (esr::kFscMask | esr::kWnr); };
  m.set_descriptor(page, 0);
  m.cpus.invalidate_stage2({7}, {{page}, {page + 0x1000}});
  CHECK(status(ldr(1, 0)) == esr::kFscTranslation + 3);
  m.map(page, Machine::pa_of(page), 0x7c3 & ~0x400ULL);
  CHECK(status(ldr(1, 0)) == esr::kFscAccessFlag + 3);
  m.map(page, Machine::pa_of(page), 0x743);  // read only
  CHECK(status(str(1, 0)) == ((esr::kFscPermission + 3) | esr::kWnr));
  CHECK(ec(access(m, ldr(1, 0), page)) == Ec::kHvc64);
}

TEST_CASE("An IPA beyond the width is a translation fault at level 0; beyond the CPU's size an address size fault") {
  Machine m;
  auto e = access(m, ldr(1, 0), 1ULL << 34);
  CHECK(ec(e) == Ec::kDataAbortLower);
  CHECK((e.esr & esr::kFscMask) == esr::kFscTranslation);
  CHECK(esr::ipa_from_hpfar(e.hpfar) == 1ULL << 34);
  e = access(m, ldr(1, 0), 1ULL << 48);
  CHECK(vector_entered(e) == 0x200);  // stage 1's own
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kDataAbortSame, esr::kFscAddressSize));
}

TEST_CASE("A fetch from an unmapped IPA is an instruction abort with FAR at the address") {
  Machine m;
  Program p;
  append_mov(p, 0, kMmio + 8);
  p.push_back(br(0));
  const auto e = m.run(p);
  CHECK(ec(e) == Ec::kInstructionAbortLower);
  CHECK(e.far == kMmio + 8);
  CHECK(m.cpu().pc() == kMmio + 8);
  CHECK((e.esr & esr::kFscMask) == esr::kFscTranslation + 1);
}

TEST_CASE("The granule protection check refuses the wrong PAS, for a realm and for a VM, and at once when it changes") {
  Machine realm(true);
  const std::uint64_t page = Machine::kRam + 0x100000;
  CHECK(ec(access(realm, ldr(1, 0), page)) == Ec::kHvc64);
  realm.protect(Machine::pa_of(page), abi::Pas::kNonSecure);  // without any TLBI of the monitor
  auto e = access(realm, ldr(1, 0), page);
  CHECK(ec(e) == Ec::kDataAbortLower);
  CHECK((e.esr & esr::kFscMask) == esr::kFscGpf);

  Machine vm;
  vm.protect(Machine::pa_of(page));
  e = access(vm, ldr(1, 0), page);
  CHECK((e.esr & esr::kFscMask) == esr::kFscGpf);
  Machine walk;
  walk.protect(Machine::kBank);
  e = walk.run({hvc(0)});
  CHECK((e.esr & esr::kFscMask) == esr::kFscGpfWalk + 1);
}

TEST_CASE("A realm's unprotected IPA space reaches Non-secure memory and is never executed") {
  Machine m(true);
  constexpr std::uint64_t kShared = Machine::kUnprotected + 0x1000, kPage = Machine::kBank + (20ULL << 20);
  m.set_descriptor(kShared, kPage | 0x7c3 | 0xc0 | 1ULL << 55);
  CHECK(ec(access(m, str(1, 0), kShared, 77)) == Ec::kHvc64);
  CHECK(m.read64(kPage) == 77);
  Program p;
  append_mov(p, 0, kShared);
  p.push_back(br(0));
  // The monitor makes an external abort of it (DEN0137 A5.2.6).
  const auto e = m.run(p);
  CHECK(ec(e) == Ec::kInstructionAbortLower);
  CHECK((e.esr & esr::kFscMask) == esr::kFscPermission + 3);
  CHECK(esr::ipa_from_hpfar(e.hpfar) == kShared);
}

TEST_CASE("With stage 1 on, code and data work through one-to-one tables") {
  Machine m;
  m.enable_mmu(m.identity_tables(kTables, kEl1Rw));
  CHECK(ec(access(m, str(1, 0), Machine::kRam + 0x600000, 3)) == Ec::kHvc64);
  CHECK(m.ram64(Machine::kRam + 0x600000) == 3);
  // A page without descriptor: stage 1 translation fault at level 1, taken to EL1.
  CHECK(vector_entered(access(m, ldr(1, 0), 0x1234)) == 0x200);
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kDataAbortSame, esr::kFscTranslation + 1));
  CHECK(m.cpu().sysreg(SysReg::kFarEl1) == 0x1234);
  // TTBR1 half, disabled nowhere but without a table: root 0 is not mapped at stage 2.
  const auto e = access(m, ldr(1, 0), 0xffff'ffff'8000'0000);
  CHECK(ec(e) == Ec::kDataAbortLower);
  CHECK((e.esr & (esr::kS1ptw | esr::kIsv | esr::kWnr)) == esr::kS1ptw);
  CHECK(e.far == 0xffff'ffff'8000'0000);
}

TEST_CASE("A stage 1 table in a page that stage 2 lacks faults to EL2 with S1PTW and the descriptor's IPA") {
  Machine m;
  const auto ttbr = m.identity_tables(kTables, kEl1Rw);
  constexpr std::uint64_t kHole = 0x4000'0000;  // VA region whose level 2 table lies at an unmapped IPA
  m.set_ram64(kTables + 8 * (kHole >> 30), 0x0a00'0000 | 3);
  m.enable_mmu(ttbr);
  const auto e = access(m, str(1, 0), kHole + 0x20'0010);
  CHECK(ec(e) == Ec::kDataAbortLower);
  CHECK((e.esr & esr::kS1ptw) != 0);
  CHECK((e.esr & esr::kFscMask) == esr::kFscTranslation + 1);
  CHECK(esr::ipa_from_hpfar(e.hpfar) == 0x0a00'0000);
  CHECK(e.far == kHole + 0x20'0010);
}

TEST_CASE("EL0 and EL1 permissions differ, PAN keeps EL1 out, LDTR and STTR count as EL0") {
  Machine m(false, {.model = sim::CpuModel::kMax});
  const auto ttbr = m.identity_tables(kTables, kEl1Rw);
  m.set_ram64(kTables + 0x1000 + 8 * 2, (Machine::kRam + 0x400000) | kEl0Rw | kUxn | kPxn | 1);
  m.set_ram64(kTables + 0x1000 + 8 * 3, (Machine::kRam + 0x600000) | kEl1Ro | 1);
  m.enable_mmu(ttbr);
  const std::uint64_t user = Machine::kRam + 0x400000, read_only = Machine::kRam + 0x600000;
  CHECK(ec(access(m, ldr(1, 0), user)) == Ec::kHvc64);
  CHECK(vector_entered(access(m, str(1, 0), read_only)) == 0x200);
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kDataAbortSame, (esr::kFscPermission + 2) | esr::kWnr));
  // An EL1 page is not EL0's, although EL1 itself reaches it.
  m.cpu().set_pstate(abi::pstate::kResetEl1);
  CHECK(vector_entered(access(m, ldtr(1, 0), Machine::kRam + 0x100000)) == 0x200);
  CHECK((m.cpu().sysreg(SysReg::kEsrEl1) & 0x3f) == esr::kFscPermission + 2);
  CHECK(vector_entered(access(m, sttr(1, 0), Machine::kRam + 0x100000)) == 0x200);
  // PAN: EL1 is refused where EL0 may, its unprivileged accesses are not.
  m.cpu().set_pstate(abi::pstate::kResetEl1 | abi::pstate::kPan);
  CHECK(vector_entered(access(m, ldr(1, 0), user)) == 0x200);
  m.cpu().set_pstate(abi::pstate::kResetEl1 | abi::pstate::kPan);
  CHECK(ec(access(m, ldtr(1, 0), user)) == Ec::kHvc64);
  CHECK(m.cpu().pc() == Machine::kRam + 36);
}

TEST_CASE("A fault from EL0 is reported as from a lower exception level") {
  Machine m;
  const auto ttbr = m.identity_tables(kTables, kEl0Ro);
  m.set_ram64(kTables + 0x1000 + 8 * 3, (Machine::kRam + 0x600000) | kEl1Rw | 1);
  m.enable_mmu(ttbr);
  Program p;
  append_mov(p, 0, Machine::kRam + 0x600018);
  p.push_back(ldr(1, 0));
  m.load(kEl0Code, p);
  m.cpu().set_pstate(abi::pstate::kEl0t);
  m.cpu().set_pc(kEl0Code);
  CHECK(vector_entered(m.resume()) == 0x400);
  CHECK(m.cpu().sysreg(SysReg::kEsrEl1) == esr::make(Ec::kDataAbortLower, esr::kFscPermission + 2));
  CHECK(m.cpu().sysreg(SysReg::kFarEl1) == Machine::kRam + 0x600018);
}

TEST_CASE("TLBI of one address drops every page of the block that maps it") {
  Machine m;
  const auto ttbr = m.identity_tables(kTables, kEl1Rw);
  m.enable_mmu(ttbr);
  constexpr std::uint64_t kBlock = Machine::kRam + 0x400000;
  m.set_ram64(kBlock + 0x5000, 1);
  m.set_ram64(Machine::kRam + 0x605000, 2);
  Program p;
  append_mov(p, 0, kBlock + 0x5000);
  append_mov(p, 2, kTables + 0x1000 + 8 * 2);
  append_mov(p, 3, (Machine::kRam + 0x600000) | kEl1Rw | 1);
  append_mov(p, 4, kBlock >> 12);
  append(p, {ldr(5, 0), str(3, 2), kDsb, sys(abi::sysreg_key(1, 0, 8, 7, 1), 4), kDsb, kIsb, ldr(6, 0), hvc(0)});
  m.run(p);
  CHECK(m.cpu().x(5) == 1);
  CHECK(m.cpu().x(6) == 2);
}

TEST_CASE("TLBI of a 4 KiB page drops all of it, and a broadcast one that of the other CPUs") {
  Machine m;
  const auto ttbr = m.identity_tables(kTables, kEl1Rw);
  // One page table for the third block.
  m.set_ram64(kTables + 0x1000 + 8 * 2, (kTables + 0x2000) | 3);
  constexpr std::uint64_t kPage = Machine::kRam + 0x400000;
  const auto leaf = [&](std::uint64_t ipa) { m.set_ram64(kTables + 0x2000, ipa | kEl1Rw | 3); };
  leaf(kPage);
  m.enable_mmu(ttbr);
  m.set_ram64(kPage + 0xff8, 1);
  m.set_ram64(kPage + 0x1ff8, 2);
  Program p;
  append_mov(p, 0, kPage + 0xff8);
  append_mov(p, 4, kPage >> 12);
  append(p, {ldr(5, 0), hvc(0), sys(abi::sysreg_key(1, 0, 8, 3, 1), 4), kDsb, ldr(6, 0), hvc(1)});
  // A second CPU reads the page before and after the first one's TLBI.
  const auto other_id = m.cpus.create();
  sim::Cpu& other = m.cpus.cpu(other_id.value);
  other.set_sysreg(SysReg::kTcrEl1, Machine::kTcr);
  other.set_sysreg(SysReg::kTtbr0El1, ttbr);
  other.set_sysreg(SysReg::kSctlrEl1, Machine::kMmuOn);
  m.run(p);
  other.set_pc(Machine::kRam);
  m.resume(other);
  leaf(kPage + 0x1000);
  m.skip_and_resume();
  CHECK(m.cpu().x(5) == 1);
  CHECK(m.cpu().x(6) == 2);
  CHECK(other.x(5) == 1);
  other.set_pc(Machine::kRam);
  m.resume(other);
  CHECK(other.x(5) == 2);
}

TEST_CASE("The monitor's invalidation takes effect at the next entry; without one the old page stays in use") {
  Machine m(true);
  const std::uint64_t page = Machine::kRam + 0x100000, other = Machine::kRam + 0x101000;
  m.set_ram64(page, 1);
  m.set_ram64(other, 2);
  Program p;
  append_mov(p, 0, page);
  append(p, {ldr(5, 0), hvc(0)});
  m.run(p);
  CHECK(m.cpu().x(5) == 1);
  m.map(page, Machine::pa_of(other));
  m.cpu().set_pc(Machine::kRam);
  m.resume();
  CHECK(m.cpu().x(5) == 1);  // the simulator repairs no missing invalidation
  m.cpus.invalidate({7}, {{page}, {page + 0x1000}});
  m.cpu().set_pc(Machine::kRam);
  m.resume();
  CHECK(m.cpu().x(5) == 2);
}

TEST_CASE("The check finds a stage 2 translation that was changed and never invalidated") {
  Machine m(true);
  std::vector<sim::StaleTranslation> findings;
  m.cpus.check_translations([&](const sim::StaleTranslation& f) { findings.push_back(f); });
  const std::uint64_t page = Machine::kRam + 0x100000;
  access(m, ldr(1, 0), page);
  m.map(page, Machine::pa_of(page + 0x1000));
  m.cpus.invalidate({7}, {{page}, {page + 0x1000}});
  access(m, ldr(1, 0), page);
  CHECK(findings.empty());
  m.map(page, Machine::pa_of(page));
  m.cpus.invalidate({8}, {{page}, {page + 0x1000}});  // another realm's
  m.cpu().request_flush();                            // the entry was evicted by chance
  access(m, ldr(1, 0), page);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].ipa.value == page);
  CHECK(findings[0].held.pa.value == Machine::pa_of(page + 0x1000));
}

TEST_CASE("AT S1E1R gives the IPA, or the fault, of the guest's own tables") {
  Machine m;
  m.enable_mmu(m.identity_tables(kTables, kEl1Rw));
  constexpr auto kAtS1e1r = abi::sysreg_key(1, 0, 7, 8, 0);
  const auto translate = [&](std::uint64_t va) {
    Program p;
    append_mov(p, 0, va);
    append(p, {sys(kAtS1e1r, 0), kIsb, mrs(1, SysReg::kParEl1), hvc(0)});
    m.run(p);
    return m.cpu().x(1);
  };
  const auto good = translate(Machine::kRam + 0x345678);
  CHECK((good & 1) == 0);
  CHECK((good & 0xffff'ffff'f000) == Machine::kRam + 0x345000);
  const auto bad = translate(0x5000);
  CHECK((bad & 0x7f) == (1 | (esr::kFscTranslation + 1) << 1));
}

TEST_CASE("Every fault can be reported with the descriptors that explain it") {
  Machine m;
  m.enable_mmu(m.identity_tables(kTables, kEl1Rw));
  std::vector<sim::WalkStep> steps;
  m.cpus.set_walk_observer([&](const sim::WalkReport& r) {
    CHECK(r.va.value == 0x1000);
    CHECK(r.fault.stage == 1);
    steps.assign(r.steps.begin(), r.steps.end());
  });
  access(m, ldr(1, 0), 0x1234);
  // Three levels of stage 2 for the one stage 1 descriptor.
  REQUIRE(steps.size() == 4);
  CHECK(steps[0].stage == 2);
  CHECK(steps[0].address == Machine::kBank + 8 * (kTables >> 30));
  CHECK(steps[3].stage == 1);
  CHECK(steps[3].address == kTables);
  CHECK(steps[3].descriptor == 0);
}
