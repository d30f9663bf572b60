// SPDX-License-Identifier: GPL-2.0-or-later
// Trapped system registers (D4) and the realm's ID registers (A3.1).
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/sysreg_access.h"

using namespace bench;

TEST_CASE("D4: an SGI register write exits with the full syndrome and the value, PC moved on") {
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

TEST_CASE("D4: a read that the host emulates takes enter.gprs[0] at the next entry, once") {
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

TEST_CASE("A2.1.2.4 IMPLEMENTATION DEFINED registers: they and unknown ones are Undefined", "[easily-skipped]") {
  for (const std::uint32_t k : {abi::sysreg_key(3, 0, 15, 2, 0), abi::sysreg_key(3, 1, 11, 0, 2),
                                abi::sysreg_key(3, 3, 9, 12, 0), abi::sysreg_key(3, 0, 9, 9, 0)})
    CHECK(is_undefined(k));
}

TEST_CASE("a write to an ID register is Undefined") {
  Bench b;
  b.then(access(id(4, 0), false));
  b.enter();
  CHECK(undefined(b));
}

TEST_CASE("A5.2.10 set/way: data cache maintenance by set and way has no effect", "[easily-skipped]") {
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

TEST_CASE("a realm has as many watchpoint registers as it was created with, whatever it has of breakpoints") {
  for (const unsigned op2 : {4U, 5U, 6U, 7U})
    for (const unsigned n : {2U, 3U, 4U}) {
      Bench b;
      b.realm().num_bps = 3;
      b.realm().num_wps = 2;
      b.then(access(abi::sysreg_key(2, 0, 0, n, op2), true));
      b.enter();
      CHECK(undefined(b) == (n > (op2 < 6 ? 3U : 2U)));
    }
}

TEST_CASE("registers that say nothing to a realm read as zero, and writes of them are ignored") {
  for (const std::uint32_t k : {abi::sysreg_key(3, 0, 0, 0, 6), abi::sysreg_key(3, 1, 0, 0, 7),
                                abi::sysreg_key(2, 0, 1, 1, 4), abi::sysreg_key(2, 0, 1, 3, 4)})
    for (const bool read : {true, false}) {
      Bench b;
      b.cpu().set_x(3, 9);
      b.then(access(k, read));
      b.enter();
      CHECK(b.cpu().x(3) == (read ? 0 : 9));
      CHECK(b.cpu().pc() == 0x1004);
    }
}

TEST_CASE("A2.1.2.3 ID registers: a read is emulated, of a reserved one it is zero", "[easily-skipped]") {
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

TEST_CASE("D11: breakpoint and watchpoint counts are the realm's, never the reserved zero") {
  Bench b;
  b.realm().num_bps = 3;
  b.realm().num_wps = 0;
  CHECK(field(b, id(5, 0), 12) == 3);
  CHECK(field(b, id(5, 0), 20) == 1);
}
