// SPDX-License-Identifier: GPL-2.0-or-later
// Trapped system registers (D4) and the realm's ID registers (A3.1).
#include <catch2/catch_test_macros.hpp>

#include "rmm/run/id_registers.h"
#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

abi::Exception access(std::uint32_t key, bool read, std::uint8_t rt = 3) {
  const esr::SysRegIss iss{.op0 = static_cast<std::uint8_t>(key >> 14),
                           .op1 = static_cast<std::uint8_t>((key >> 11) & 7),
                           .crn = static_cast<std::uint8_t>((key >> 7) & 15),
                           .crm = static_cast<std::uint8_t>((key >> 3) & 15),
                           .op2 = static_cast<std::uint8_t>(key & 7),
                           .rt = rt,
                           .is_read = read};
  return {.esr = esr::make(esr::Ec::kSysReg, esr::make_sysreg_iss(iss))};
}
constexpr std::uint32_t key(SysReg reg) { return static_cast<std::uint32_t>(reg); }
constexpr std::uint32_t id(unsigned crm, unsigned op2) { return abi::sysreg_key(3, 0, 0, crm, op2); }

// The field of ID register `key` that a realm sees on hardware that has everything.
std::uint64_t field(Bench& b, std::uint32_t key, unsigned low) {
  return (rmm::run::realm_id_register(key, b.cpu(), b.realm(), b.limits) >> low) & 0xf;
}
bool undefined(Bench& b) { return b.cpu().pc() == 0xffff'0200 && b.cpu().sysreg(SysReg::kElrEl1) == 0x1000; }

}  // namespace

TEST_CASE("an SGI register write exits with the full syndrome and the value, PC moved on") {
  for (const SysReg reg : {SysReg::kIccSgi1rEl1, SysReg::kIccSgi0rEl1, SysReg::kIccAsgi1rEl1, SysReg::kIccDirEl1}) {
    Bench b;
    b.cpu().set_x(3, 0xabcd'0001);
    const abi::Exception e = access(key(reg), false);
    b.then(e);
    CHECK(named_fields(b.enter()) == Names{"esr", "gprs0"});
    CHECK(b.exit.esr == e.esr);
    CHECK(b.exit.gprs[0] == 0xabcd'0001);
    CHECK(b.cpu().pc() == 0x1004);
  }
}

TEST_CASE("a read that the host emulates takes enter.gprs[0] at the next entry, once") {
  Bench b;
  b.cpu().set_x(3, 1);
  b.then(access(key(SysReg::kIccSgi1rEl1), true));
  CHECK(named_fields(b.enter()) == Names{"esr"});
  b.enter_flags(0, 0x77);
  CHECK(b.cpu().x(3) == 0x77);
  b.enter_flags(0, 0x88);
  CHECK(b.cpu().x(3) == 0x77);
  CHECK(b.cpu().pc() == 0x1004);
}

TEST_CASE("unknown and implementation-defined registers are Undefined") {
  for (const std::uint32_t k : {abi::sysreg_key(3, 0, 15, 2, 0), abi::sysreg_key(3, 1, 11, 0, 2),
                                abi::sysreg_key(3, 3, 9, 12, 0), abi::sysreg_key(3, 0, 9, 9, 0)})
    for (const bool read : {true, false}) {
      Bench b;
      b.then(access(k, read));
      CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
      CHECK(undefined(b));
    }
}

TEST_CASE("a write to an ID register is Undefined") {
  Bench b;
  b.then(access(id(4, 0), false));
  b.enter();
  CHECK(undefined(b));
}

TEST_CASE("cache maintenance by set and way has no effect") {
  for (const unsigned crm : {6U, 10U, 14U}) {
    Bench b;
    b.then(access(abi::sysreg_key(1, 0, 7, crm, 2), false));
    b.enter();
    CHECK(b.cpu().pc() == 0x1004);
  }
}

TEST_CASE("a realm has as many breakpoint registers as it was created with") {
  for (const unsigned op2 : {4U, 5U, 6U, 7U})
    for (const unsigned n : {0U, 1U, 2U}) {
      Bench b;
      b.cpu().set_x(3, 9);
      b.then(access(abi::sysreg_key(2, 0, 0, n, op2), true));
      b.enter();
      if (n < 2) {
        CHECK(b.cpu().x(3) == 0);
        CHECK(b.cpu().pc() == 0x1004);
      } else {
        CHECK(undefined(b));
      }
    }
}

TEST_CASE("a read of an ID register is emulated, of a reserved one it is zero") {
  Bench b;
  b.then(access(id(4, 0), true, 3)).then(access(id(3, 7), true, 4)).then(access(id(7, 1), true, 31));
  b.cpu().set_x(4, 9);
  b.enter();
  CHECK((b.cpu().x(3) & 0xff) == 0x11);
  CHECK(b.cpu().x(4) == 0);
  CHECK(b.cpu().pc() == 0x100c);
}

TEST_CASE("features that a realm does not have are hidden") {
  Bench b;
  struct Hidden {
    std::uint32_t key;
    unsigned low;
  };
  const Hidden hidden[] = {
      {id(4, 0), 28}, {id(4, 0), 32}, {id(4, 0), 40}, {id(4, 0), 44}, {id(4, 0), 52},  // RAS SVE MPAM AMU RME
      {id(4, 1), 8},  {id(4, 1), 24},                                                  // MTE SME
      {id(4, 4), 0},                                                                   // ZFR0
      {id(5, 0), 4},  {id(5, 0), 8},  {id(5, 0), 32}, {id(5, 0), 40}, {id(5, 0), 44}, {id(5, 0), 52},  // PMU SPE TRBE
      {id(6, 0), 24}, {id(6, 0), 60},                                                                  // TME RNDR
      {id(7, 1), 8},  {id(7, 1), 16}, {id(7, 2), 24}, {id(7, 0), 60},                                  // VH LO NV ECV
  };
  for (const Hidden& h : hidden) CHECK(field(b, h.key, h.low) == 0);
  CHECK(field(b, id(5, 0), 36) == 0xf);  // no OS Double Lock
}

TEST_CASE("pointer authentication is hidden unless the limits select it") {
  Bench b;
  for (const unsigned low : {4U, 8U, 24U, 28U}) CHECK(field(b, id(6, 1), low) == 0);
  for (const unsigned low : {8U, 12U}) CHECK(field(b, id(6, 2), low) == 0);
  b.limits.pauth = true;
  for (const unsigned low : {4U, 8U, 24U, 28U}) CHECK(field(b, id(6, 1), low) == 0xf);
  for (const unsigned low : {8U, 12U}) CHECK(field(b, id(6, 2), low) == 0xf);
}

TEST_CASE("a kernel needs no KPTI and finds the GIC's system registers and AArch64 exception levels") {
  Bench b;
  b.cpu().ids[id(4, 0)] = 0x22;  // AArch32 at EL0 and EL1, nothing else
  CHECK(field(b, id(4, 0), 60) == 1);
  CHECK(field(b, id(4, 0), 56) == 1);
  CHECK(field(b, id(4, 0), 24) == 1);
  CHECK(field(b, id(4, 0), 0) == 1);
  CHECK(field(b, id(4, 0), 4) == 1);
}

TEST_CASE("breakpoint and watchpoint counts are the realm's, never the reserved zero") {
  Bench b;
  b.realm().num_bps = 3;
  b.realm().num_wps = 0;
  CHECK(field(b, id(5, 0), 12) == 3);
  CHECK(field(b, id(5, 0), 20) == 1);
}
