// SPDX-License-Identifier: GPL-2.0-or-later
// What the next entry does with the host's answer to a data abort (A4.2.3, A4.4, D9).
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

constexpr std::uint64_t kMmio = kShared | 0x0900'0000;
constexpr std::uint64_t kValue = 0x8899'aabb'ccdd'eeff;

// The value of X<srt> after a read of kValue with this syndrome was emulated.
std::uint64_t read_into(Bench& b, unsigned srt, std::uint64_t iss) {
  b.then(data_abort(kMmio, iss));
  b.enter();
  b.enter_flags(v1_0::kEnterEmulMmio, kValue);
  return srt == 31 ? 0 : b.cpu().x(srt);
}

}  // namespace

TEST_CASE("A4.2.3 sign extension: an emulated read fills the register with the access size", "[easily-skipped]") {
  struct Case {
    unsigned size;
    bool sign, sf;
    std::uint64_t expected;
  };
  const Case cases[] = {
      {1, false, false, 0xff},
      {2, false, false, 0xeeff},
      {4, false, false, 0xccdd'eeff},
      {8, false, true, kValue},
      {1, true, false, 0xffff'ffff},
      {1, true, true, ~0ULL},
      {2, true, false, 0xffff'eeff},
      {2, true, true, 0xffff'ffff'ffff'eeff},
      {4, true, true, 0xffff'ffff'ccdd'eeff},
      {4, false, true, 0xccdd'eeff},
  };
  for (const Case& c : cases) {
    Bench b;
    b.cpu().set_x(9, 0x1111'1111'1111'1111);
    CHECK(read_into(b, 9, emulatable(c.size, 9, false, c.sign, c.sf)) == c.expected);
    CHECK(b.cpu().pc() == 0x1004);
  }
}

TEST_CASE("A4.2.3 sign extension: a positive value is not extended with ones", "[easily-skipped]") {
  Bench b;
  b.then(data_abort(kMmio, emulatable(1, 3, false, true, true)));
  b.enter();
  b.enter_flags(v1_0::kEnterEmulMmio, 0x7f);
  CHECK(b.cpu().x(3) == 0x7f);
}

TEST_CASE("A4.2.3 SRT = 31: an emulated read into XZR changes no register", "[easily-skipped]") {
  Bench b;
  b.cpu().gprs.fill(5);
  read_into(b, 31, emulatable(8, 31, false));
  for (const std::uint64_t x : b.cpu().gprs) CHECK(x == 5);
  CHECK(b.cpu().pc() == 0x1004);
}

TEST_CASE("an emulated write only moves on") {
  Bench b;
  b.cpu().set_x(0, 42);
  b.then(data_abort(kMmio, emulatable(4, 0, true)));
  b.enter();
  b.enter_flags(v1_0::kEnterEmulMmio, 99);
  CHECK(b.cpu().x(0) == 42);
  CHECK(b.cpu().pc() == 0x1004);
}

TEST_CASE("without the flag the access is made again") {
  Bench b;
  b.then(data_abort(kMmio, emulatable(4, 0, false)));
  b.enter();
  b.enter_flags(0, 99);
  CHECK(b.cpu().x(0) == 0);
  CHECK(b.cpu().pc() == 0x1000);
}

TEST_CASE("an emulated access is completed once") {
  Bench b;
  b.then(data_abort(kMmio, emulatable(4, 0, false)));
  b.enter();
  b.pe.irq = true;  // the second entry never reaches the realm
  b.enter_flags(v1_0::kEnterEmulMmio, 99);
  b.enter_flags(v1_0::kEnterEmulMmio, 77);
  CHECK(b.cpu().x(0) == 99);
  CHECK(b.cpu().pc() == 0x1004);
}

TEST_CASE("condition rec_mmio: emulation needs an emulatable abort, unless an SEA is injected") {
  Bench b;
  v1_0::RecEnter in;
  CHECK(rmm::run::mmio_entry_valid(in, b.rec()));
  in.flags = v1_0::kEnterEmulMmio;
  CHECK_FALSE(rmm::run::mmio_entry_valid(in, b.rec()));
  in.flags |= v1_0::kEnterInjectSea;
  CHECK(rmm::run::mmio_entry_valid(in, b.rec()));
  b.then(data_abort(kMmio, emulatable(4, 0, false)));
  b.enter();
  in.flags = v1_0::kEnterEmulMmio;
  CHECK(rmm::run::mmio_entry_valid(in, b.rec()));
}

TEST_CASE("an injected SEA is taken to the realm with the faulting address") {
  for (const std::uint64_t iss : {emulatable(4, 2, true), esr::kWnr | kTranslation3}) {
    Bench b;
    b.then(data_abort(kMmio | 0x24, iss));
    b.enter();
    b.enter_flags(v1_0::kEnterInjectSea | v1_0::kEnterEmulMmio, 99);
    CHECK(b.cpu().sysreg(SysReg::kElrEl1) == 0x1000);
    CHECK(b.cpu().sysreg(SysReg::kFarEl1) == 0xffff'8000'0000'0024);
    CHECK(b.cpu().sysreg(SysReg::kEsrEl1) ==
          (esr::make(esr::Ec::kDataAbortSame, esr::kEa | esr::kWnr | esr::kFscExternal)));
    CHECK(b.cpu().pc() == 0xffff'0200);
    CHECK(b.cpu().x(2) == 0);
  }
}

TEST_CASE("D9: an SEA is not injected after any exit but a data abort at an Unprotected IPA") {
  Bench b;
  b.then({.kind = abi::ExceptionKind::kIrq}).then(data_abort(kUnassigned.value, kTranslation3));
  b.enter();
  b.enter_flags(v1_0::kEnterInjectSea);
  CHECK(b.cpu().pc() == 0x1000);
  b.enter_flags(v1_0::kEnterInjectSea);  // after a data abort at a protected IPA
  CHECK(b.cpu().pc() == 0x1000);
  CHECK(b.cpu().sysreg(SysReg::kEsrEl1) == 0);
}
