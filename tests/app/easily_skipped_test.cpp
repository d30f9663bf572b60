// SPDX-License-Identifier: GPL-2.0-or-later
// What the specification demands and a machine easily leaves out, as real CPUs in a realm see it.
#include "tests/rmm/easily_skipped.h"

#include <algorithm>

#include "rmm/run/id_registers.h"
#include "tests/app/realm_bench.h"
#include "tests/rmm/named_cases.h"

using namespace realm_bench;
using abi::SysReg;
namespace esr = abi::esr;

TEST_CASE("every easily skipped item of the machine has a tagged test, and every tagged test an item") {
  for (const std::string_view item : easily_skipped::kOfTheMachine) {
    INFO(item);
    const auto all = named::cases();
    CHECK(std::any_of(all.begin(), all.end(),
                      [&](const named::Case& c) { return c.names(item) && c.has_tag(easily_skipped::kTag); }));
  }
  for (const named::Case& c : named::cases()) {
    if (!c.has_tag(easily_skipped::kTag)) continue;
    INFO(c.name);
    CHECK(std::any_of(easily_skipped::kOfTheMachine.begin(), easily_skipped::kOfTheMachine.end(),
                      [&](std::string_view item) { return c.names(item); }));
  }
}

namespace {

constexpr sim::CpuModel kModels[] = {sim::CpuModel::kCortexA72, sim::CpuModel::kMax};
constexpr std::uint64_t kUndefinedEsr = esr::make(esr::Ec::kUnknown, 0);

constexpr std::uint32_t kCbarEl1 = abi::sysreg_key(3, 1, 15, 3, 0);  // of the Cortex-A family
constexpr std::uint32_t id(unsigned crm, unsigned op2) { return abi::sysreg_key(3, 0, 0, crm, op2); }
std::string name_of(std::uint32_t key) {
  return "S" + std::to_string(key >> 14) + "_" + std::to_string((key >> 11) & 7) + "_C" +
         std::to_string((key >> 7) & 15) + "_C" + std::to_string((key >> 3) & 15) + "_" + std::to_string(key & 7);
}

struct Started {
  explicit Started(sim::CpuModel model = sim::CpuModel::kMax) : b(model), r(b) { r.start(); }
  // What the realm reads from the register; empty: the access was not completed.
  std::optional<std::uint64_t> read(std::uint32_t key) {
    r.cpu().set_x(5, 0x5a5a);
    CHECK(is_wfi(r.run({a64::mrs(5, key)})));
    if (!r.completed()) return std::nullopt;
    return r.cpu().x(5);
  }
  // Reads and writes of the register are Unknown exceptions in the realm.
  void check_undefined(std::uint32_t key) {
    INFO(name_of(key));
    for (const a64::Word word : {a64::mrs(5, key), a64::msr(key, 5)}) {
      r.cpu().set_x(5, 0);
      CHECK(is_wfi(r.run({word})));
      CHECK(r.esr() == kUndefinedEsr);
    }
  }
  Bench b;
  Realm r;
};

}  // namespace

TEST_CASE("A2.1.2.3 ID registers: a realm's MRS reads what the monitor decides, for each of them", "[easily-skipped]") {
  for (const auto model : kModels) {
    Started s(model);
    for (unsigned crm = 1; crm < 8; ++crm)
      for (unsigned op2 = 0; op2 < 8; ++op2) {
        const std::uint32_t key = id(crm, op2);
        INFO(name_of(key));
        CHECK(s.read(key) == rmm::run::realm_id_register(key, s.r.cpu(), s.r.object(), s.b.monitor.limits()));
      }
    const auto pfr0 = s.read(id(4, 0)).value_or(~0ULL);
    CHECK((pfr0 & 0xff) == 0x11);                                  // AArch64 at EL0 and EL1
    CHECK(((pfr0 >> 16) & 0xf) == ((pfr0 >> 20) & 0xf));           // floating point and Advanced SIMD
    CHECK(((pfr0 >> 24) & 0xf) == 1);                              // GIC system registers
    CHECK((s.read(id(4, 4)).value_or(~0ULL)) == 0);                // ID_AA64ZFR0_EL1
    CHECK(((s.read(id(5, 0)).value_or(~0ULL) >> 12) & 0xf) == 1);  // two breakpoints
  }
}

TEST_CASE("A3.1 hidden features: registers of SVE, PMU, AMU, SPE, TRBE and LORegions are Undefined in a realm",
          "[easily-skipped]") {
  for (const auto model : kModels) {
    Started s(model);
    const auto pfr0 = s.read(id(4, 0)).value_or(~0ULL), dfr0 = s.read(id(5, 0)).value_or(~0ULL);
    for (const unsigned low : {32U, 44U}) CHECK(((pfr0 >> low) & 0xf) == 0);                      // SVE, AMU
    for (const unsigned low : {8U, 32U, 44U}) CHECK(((dfr0 >> low) & 0xf) == 0);                  // PMU, SPE, TRBE
    s.check_undefined(abi::sysreg_key(3, 0, 1, 2, 0));                                            // ZCR_EL1
    for (unsigned op2 = 0; op2 < 8; ++op2) s.check_undefined(abi::sysreg_key(3, 3, 9, 12, op2));  // PMCR_EL0, ...
    for (unsigned op2 = 0; op2 < 3; ++op2) s.check_undefined(abi::sysreg_key(3, 3, 9, 13, op2));  // PMCCNTR_EL0, ...
    s.check_undefined(abi::sysreg_key(3, 3, 9, 14, 0));                                           // PMUSERENR_EL0
    s.check_undefined(abi::sysreg_key(3, 3, 9, 14, 3));                                           // PMOVSSET_EL0
    for (unsigned op2 = 1; op2 < 3; ++op2) s.check_undefined(abi::sysreg_key(3, 0, 9, 14, op2));  // PMINTEN*_EL1
    s.check_undefined(abi::sysreg_key(3, 3, 14, 8, 0));                                           // PMEVCNTR0_EL0
    s.check_undefined(abi::sysreg_key(3, 3, 14, 12, 0));                                          // PMEVTYPER0_EL0
    s.check_undefined(abi::sysreg_key(3, 3, 14, 15, 7));                                          // PMCCFILTR_EL0
    s.check_undefined(abi::sysreg_key(3, 3, 13, 2, 0));                                           // AMCR_EL0
    s.check_undefined(abi::sysreg_key(3, 3, 13, 4, 0));                                           // AMEVCNTR00_EL0
    s.check_undefined(abi::sysreg_key(3, 0, 9, 9, 0));                                            // PMSCR_EL1
    s.check_undefined(abi::sysreg_key(3, 0, 9, 10, 0));                                           // PMBLIMITR_EL1
    s.check_undefined(abi::sysreg_key(3, 0, 9, 11, 0));                                           // TRBLIMITR_EL1
    for (const unsigned op2 : {0U, 1U, 2U, 3U, 7U}) s.check_undefined(abi::sysreg_key(3, 0, 10, 4, op2));  // LORegions
  }
}

TEST_CASE("A2.1.2.4 IMPLEMENTATION DEFINED registers: accesses are Undefined in a realm", "[easily-skipped]") {
  for (const auto model : kModels) {
    Started s(model);
    for (unsigned op1 = 0; op1 < 4; ++op1)
      for (const unsigned crn : {11U, 15U})
        for (unsigned crm = 0; crm < 16; ++crm)
          for (unsigned op2 = 0; op2 < 8; ++op2)
            if (const auto key = abi::sysreg_key(3, op1, crn, crm, op2); key != kCbarEl1) s.check_undefined(key);
    // The one that the engine's library serves by itself (sim/cpu/README.md) tells nothing, at least.
    CHECK(s.read(kCbarEl1) == 0);
  }
}

TEST_CASE("A4.2.3 emulated read: the register of the load takes the host's value as the instruction wants it",
          "[easily-skipped]") {
  struct Case {
    const char* what;
    a64::Word word;
    std::uint64_t wanted;
  };
  // LDRB, LDRSB (W), LDRSB (X), LDRH, LDRSH (W), LDRSH (X), LDR (W), LDRSW, LDR (X); all from [X1] to X2.
  const Case cases[] = {
      {"ldrb", 0x39400022, 0xef},
      {"ldrsb w", 0x39c00022, 0xffff'ffef},
      {"ldrsb x", 0x39800022, 0xffff'ffff'ffff'ffef},
      {"ldrh", 0x79400022, 0xcdef},
      {"ldrsh w", 0x79c00022, 0xffff'cdef},
      {"ldrsh x", 0x79800022, 0xffff'ffff'ffff'cdef},
      {"ldr w", 0xb9400022, 0x89ab'cdef},
      {"ldrsw", 0xb9800022, 0xffff'ffff'89ab'cdef},
      {"ldr x", 0xf9400022, 0x0123'4567'89ab'cdef},
  };
  Started s;
  const std::uint64_t device = s.r.unprotected + 0x0900'0000 + 0x128;
  for (const Case& c : cases) {
    CAPTURE(c.what);
    s.r.cpu().set_x(1, device);
    s.r.cpu().set_x(2, 0x5555'5555'5555'5555);
    const RecExit exit = s.r.run({c.word});
    CHECK(esr::ec(exit.esr) == esr::Ec::kDataAbortLower);
    CHECK((exit.esr & esr::kIsv) != 0);
    CHECK((exit.esr & (esr::kSrtMask | esr::kSse)) == 0);
    CHECK(exit.far == 0x128);
    CHECK(exit.hpfar == esr::hpfar_from_ipa(device));
    RecEnter in;
    in.flags = kEnterEmulMmio;
    in.gprs[0] = 0x0123'4567'89ab'cdef;
    CHECK(is_wfi(s.r.enter(in)));
    CHECK(s.r.cpu().x(2) == c.wanted);
  }
  // Into XZR: nothing changes, and the realm goes on.
  s.r.cpu().set_x(1, device);
  s.r.run({0xf940003f});
  std::array<std::uint64_t, 31> before{};
  for (unsigned n = 0; n < 31; ++n) before[n] = s.r.cpu().x(n);
  RecEnter in;
  in.flags = kEnterEmulMmio;
  in.gprs[0] = ~0ULL;
  CHECK(is_wfi(s.r.enter(in)));
  for (unsigned n = 0; n < 31; ++n) CHECK(s.r.cpu().x(n) == before[n]);
}

TEST_CASE("A5.2.6 fetch from Unprotected IPA: an external abort in the realm, mapped or not", "[easily-skipped]") {
  Started s;
  s.r.map_shared(s.r.unprotected + kPage, 3, s.b.ns());
  for (const std::uint64_t ipa : {s.r.unprotected, s.r.unprotected + kPage}) {
    Program p;
    a64::append_mov(p, 0, ipa);
    p.push_back(a64::br(0));
    CHECK(is_wfi(s.r.run(p)));
    CHECK(s.r.esr() == esr::make(esr::Ec::kInstructionAbortSame, esr::kEa | esr::kFscExternal));
    CHECK(s.r.far() == ipa);
  }
}

TEST_CASE("A5.2.6 granule protection fault: of shared memory that the host takes away is the realm's, with DFSC 0x28",
          "[easily-skipped]") {
  Started s;
  const abi::Pa shared = s.b.ns();
  const std::uint64_t ipa = s.r.unprotected + kPage;
  s.r.map_shared(ipa, 3, shared);
  Program p;
  a64::append_mov(p, 0, ipa + 8);
  a64::append(p, {a64::str(1, 0)});
  CHECK(is_wfi(s.r.run(p)));
  CHECK(s.r.completed());
  for (const abi::Pas pas : {abi::Pas::kRealm, abi::Pas::kSecure, abi::Pas::kRoot}) {
    s.b.gpt.set(abi::GranulePa::containing(shared), pas);
    CHECK(is_wfi(s.r.run(p)));
    CHECK(s.r.esr() == esr::make(esr::Ec::kDataAbortSame, esr::kWnr | 0x28));
    CHECK(s.r.far() == ipa + 8);
  }
  s.b.gpt.set(abi::GranulePa::containing(shared), abi::Pas::kNonSecure);
  CHECK(is_wfi(s.r.run(p)));
  CHECK(s.r.completed());
}

TEST_CASE("A5.2.8 address size fault: for data and code beyond the IPA space, with stage 1 off", "[easily-skipped]") {
  Started s;
  for (const std::uint64_t ipa : {s.r.end, s.r.end + 0x1234'5000, s.r.end << 3}) {
    CAPTURE(ipa);
    Program load, jump;
    a64::append_mov(load, 0, ipa);
    jump = load;
    load.push_back(a64::ldr(1, 0));
    jump.push_back(a64::br(0));
    CHECK(is_wfi(s.r.run(load)));
    CHECK(s.r.esr() == esr::make(esr::Ec::kDataAbortSame, esr::kFscAddressSize));
    CHECK(s.r.far() == ipa);
    CHECK(is_wfi(s.r.run(jump)));
    CHECK(s.r.esr() == esr::make(esr::Ec::kInstructionAbortSame, esr::kFscAddressSize));
  }
}

TEST_CASE("A5.2.10 set/way: a realm's data cache maintenance is no exception and loses no data", "[easily-skipped]") {
  for (const auto model : kModels) {
    Bench b(model);
    Realm r(b);
    const abi::Pa data = r.map_new(kPage);
    r.start();
    for (const unsigned crm : {6U, 10U, 14U}) {  // DC ISW, CSW, CISW
      Program p;
      a64::append_mov(p, 0, kPage);
      a64::append_mov(p, 1, 0x1000 + crm);
      a64::append(p, {a64::str(1, 0), a64::sys(abi::sysreg_key(1, 0, 7, crm, 2), a64::kZr), a64::kDsb, a64::ldr(2, 0)});
      CHECK(is_wfi(r.run(p)));
      CHECK(r.completed());
      CHECK(r.cpu().x(2) == 0x1000 + crm);
      CHECK(b.read64(data) == 0x1000 + crm);
    }
  }
}

TEST_CASE("A6.1 PMR: an interrupt that the host masks by ICC_PMR_EL1 makes no REC exit, and PMR is preserved",
          "[easily-skipped]") {
  Started s;
  s.b.pe_state.irq_pending = true;
  for (const std::uint8_t pmr : std::initializer_list<std::uint8_t>{0xf0, 0xa8}) {
    s.b.pe_state.icc_pmr = pmr;
    const RecExit exit = s.r.run({a64::kNop});
    CHECK(exit.exit_reason == static_cast<std::uint8_t>(RecExitReason::kIrq));
    CHECK(s.b.pe_state.icc_pmr == pmr);
  }
  for (const std::uint8_t pmr : std::initializer_list<std::uint8_t>{0xa0, 0x80, 0x00}) {
    s.b.pe_state.icc_pmr = pmr;
    CHECK(is_wfi(s.r.run({a64::kNop})));
    CHECK(s.b.pe_state.icc_pmr == pmr);
    CHECK(s.b.pe_state.irq_pending);
  }
}

TEST_CASE("A6.2 equal counters: CNTVCT and CNTPCT read the same at the same place, and never go back",
          "[easily-skipped]") {
  constexpr std::uint32_t kCntpct = abi::sysreg_key(3, 3, 14, 0, 1), kCntvct = abi::sysreg_key(3, 3, 14, 0, 2);
  const auto run = [](std::uint32_t first, std::uint32_t second) {
    Started s;
    Program p;
    p.push_back(a64::mrs(1, first));
    for (int i = 0; i < 50; ++i) p.push_back(a64::kNop);
    a64::append(p, {a64::mrs(2, second), a64::mrs(3, first)});
    CHECK(is_wfi(s.r.run(p)));
    CHECK(s.r.cpu().x(1) <= s.r.cpu().x(2));
    CHECK(s.r.cpu().x(2) <= s.r.cpu().x(3));
    CHECK(s.r.cpu().x(1) < s.r.cpu().x(3));
    return std::array{s.r.cpu().x(1), s.r.cpu().x(2), s.r.cpu().x(3)};
  };
  const auto virtual_counts = run(kCntvct, kCntvct);
  CHECK(run(kCntpct, kCntpct) == virtual_counts);
  CHECK(run(kCntvct, kCntpct) == virtual_counts);
  CHECK(run(kCntpct, kCntvct) == virtual_counts);
}

namespace {

// Sets CNTV or CNTP to fire at once.
void append_fired_timer(Program& p, bool virtual_timer) {
  a64::append_mov(p, 9, 0);
  a64::append_mov(p, 10, abi::kTimerEnable);
  a64::append(p, {a64::msr(virtual_timer ? SysReg::kCntvCvalEl0 : SysReg::kCntpCvalEl0, 9),
                  a64::msr(virtual_timer ? SysReg::kCntvCtlEl0 : SysReg::kCntpCtlEl0, 10)});
}

constexpr auto kIrq = static_cast<std::uint8_t>(RecExitReason::kIrq);

}  // namespace

TEST_CASE("A6.2 masking per timer: the timer that the last exit showed lets the realm go on, the other still exits",
          "[easily-skipped]") {
  for (const bool virtual_first : {true, false}) {
    Started s;
    Program p;
    append_fired_timer(p, virtual_first);
    for (int i = 0; i < 8; ++i) p.push_back(a64::kNop);
    append_fired_timer(p, !virtual_first);
    const RecExit first = s.r.run(p);
    CHECK(first.exit_reason == kIrq);
    const auto output = [](std::uint64_t ctl) { return (ctl & abi::kTimerIstatus) != 0; };
    CHECK(output(virtual_first ? first.cntv_ctl : first.cntp_ctl));
    CHECK_FALSE(output(virtual_first ? first.cntp_ctl : first.cntv_ctl));
    const RecExit second = s.r.enter();
    CHECK(second.exit_reason == kIrq);
    CHECK(output(second.cntv_ctl));
    CHECK(output(second.cntp_ctl));
    CHECK(is_wfi(s.r.enter()));
  }
}

TEST_CASE("A6.2 the host's EL2 timer: it stops a realm that computes for ever, with both of its timers masked",
          "[easily-skipped]") {
  Started s;
  Program p;
  append_fired_timer(p, true);
  append_fired_timer(p, false);
  p.push_back(a64::b(0));
  RecExit exit = s.r.run(p);
  for (int i = 0; i < 2 && (exit.cntv_ctl & exit.cntp_ctl & abi::kTimerIstatus) == 0; ++i) exit = s.r.enter();
  CHECK((exit.cntv_ctl & exit.cntp_ctl & abi::kTimerIstatus) != 0);
  const std::uint64_t deadline = s.b.execution.now + 50'000;
  s.b.execution.quantum = 1000;
  s.b.execution.between = [&] { s.b.pe_state.irq_pending = s.b.execution.now >= deadline; };
  CHECK(s.r.enter().exit_reason == kIrq);
  CHECK(s.b.execution.now >= deadline);
  CHECK(s.b.execution.now < deadline + 2000);
}
