// SPDX-License-Identifier: GPL-2.0-or-later
// Aborts that the realm takes itself (A5.2) and exception entry to its EL1.
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

std::uint64_t realm_esr(Bench& b) { return b.cpu().sysreg(SysReg::kEsrEl1); }

}  // namespace

TEST_CASE("an access to an EMPTY IPA is an external abort in the realm") {
  Bench b;
  b.then(data_abort(kEmpty.value, emulatable(8, 1, false))).then(fetch_abort(kEmpty.value, kTranslation3));
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(realm_esr(b) == esr::make(esr::Ec::kInstructionAbortSame, esr::kEa | esr::kFscExternal));
  CHECK(b.cpu().runs == 3);
}

TEST_CASE("an ASSIGNED entry with RIPAS EMPTY is an external abort, with DESTROYED an exit") {
  Bench b;
  b.set_entry(kAssigned, {.state = rmm::core::RttState::kAssigned, .ripas = v1_0::Ripas::kEmpty, .address = kData});
  b.then(data_abort(kAssigned.value, kTranslation3));
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(realm_esr(b) == esr::make(esr::Ec::kDataAbortSame, esr::kEa | esr::kFscExternal));
  b.set_entry(kAssigned, {.state = rmm::core::RttState::kAssigned, .ripas = v1_0::Ripas::kDestroyed, .address = kData});
  b.then(data_abort(kAssigned.value, kTranslation3));
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kSync));
}

TEST_CASE("A5.2.6 fetch from Unprotected IPA: an external abort in the realm", "[easily-skipped]") {
  Bench b;
  b.then(fetch_abort(kShared | 0x5000, kTranslation3));
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(realm_esr(b) == esr::make(esr::Ec::kInstructionAbortSame, esr::kEa | esr::kFscExternal));
}

TEST_CASE("A5.2.6 granule protection fault: it is reported to the realm", "[easily-skipped]") {
  Bench b;
  b.then(data_abort(kShared | 0x5000, esr::kWnr | esr::kFscGpf));
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(realm_esr(b) == esr::make(esr::Ec::kDataAbortSame, esr::kWnr | esr::kFscGpf));
}

TEST_CASE("A5.2.8 address size fault: for an IPA beyond the realm's space, at level 0 without stage 1",
          "[easily-skipped]") {
  Bench b;
  b.then(data_abort(1ULL << kIpaWidth, kTranslation3));
  b.enter();
  CHECK(realm_esr(b) == esr::make(esr::Ec::kDataAbortSame, 0));
  b.cpu().set_sysreg(SysReg::kSctlrEl1, 1);
  b.then(data_abort(1ULL << kIpaWidth, esr::kFscAddressSize | 2));
  b.enter();
  CHECK(realm_esr(b) == esr::make(esr::Ec::kDataAbortSame, esr::kFscAddressSize | 2));
}

TEST_CASE("HVC is Undefined in a realm") {
  Bench b;
  b.then({.esr = esr::make(esr::Ec::kHvc64, 5)});
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(realm_esr(b) == esr::make(esr::Ec::kUnknown, 0));
  CHECK(b.cpu().sysreg(SysReg::kElrEl1) == 0x1000);
}

TEST_CASE("the vector depends on where the exception comes from") {
  struct Case {
    std::uint64_t pstate, offset;
    esr::Ec ec;
  };
  constexpr std::uint64_t kAArch32User = 0x10;  // a CPU that has it does not ask ID registers
  for (const Case& c :
       {Case{abi::pstate::kEl0t, 0x400, esr::Ec::kDataAbortLower}, Case{kAArch32User, 0x600, esr::Ec::kDataAbortLower},
        Case{abi::pstate::kEl1t, 0x000, esr::Ec::kDataAbortSame},
        Case{abi::pstate::kEl1h, 0x200, esr::Ec::kDataAbortSame}}) {
    Bench b;
    b.cpu().set_pstate(c.pstate | 0x6000'0000);
    b.then(data_abort(kEmpty.value, kTranslation3));
    b.enter();
    CHECK(b.cpu().pc() == 0xffff'0000 + c.offset);
    CHECK(esr::ec(realm_esr(b)) == c.ec);
    CHECK(b.cpu().sysreg(SysReg::kSpsrEl1) == (c.pstate | 0x6000'0000));
  }
}

TEST_CASE("exception entry masks interrupts, keeps the flags and sets PAN as SCTLR_EL1 asks") {
  Bench b;
  b.cpu().set_pstate(abi::pstate::kEl0t | 0x6000'0000);
  b.then({.esr = esr::make(esr::Ec::kHvc64, 0)});
  b.enter();
  CHECK(b.cpu().pstate() == (0x6000'0000 | abi::pstate::kPan | abi::pstate::kResetEl1));
  b.cpu().set_pstate(abi::pstate::kEl0t);
  b.cpu().set_sysreg(SysReg::kSctlrEl1, 1ULL << 23);  // SPAN
  b.then({.esr = esr::make(esr::Ec::kHvc64, 0)});
  b.enter();
  CHECK(b.cpu().pstate() == abi::pstate::kResetEl1);
  b.cpu().ids[abi::sysreg_key(3, 0, 0, 7, 1)] = 0;  // no FEAT_PAN
  b.cpu().set_pstate(abi::pstate::kEl0t);
  b.cpu().set_sysreg(SysReg::kSctlrEl1, 0);
  b.then({.esr = esr::make(esr::Ec::kHvc64, 0)});
  b.enter();
  CHECK(b.cpu().pstate() == abi::pstate::kResetEl1);
}

TEST_CASE("exception entry keeps DIT and takes SSBS from SCTLR_EL1 where implemented") {
  constexpr std::uint64_t kDit = 1ULL << 24, kSsbs = 1ULL << 12, kDssbs = 1ULL << 44, kSpan = 1ULL << 23;
  for (const bool implemented : {true, false}) {
    Bench b;
    b.cpu().ids[abi::sysreg_key(3, 0, 0, 4, 1)] = implemented ? 0x10 : 0;
    b.cpu().set_pstate(abi::pstate::kEl0t | kDit);
    b.cpu().set_sysreg(SysReg::kSctlrEl1, kDssbs | kSpan);
    b.then({.esr = esr::make(esr::Ec::kHvc64, 0)});
    b.enter();
    CHECK(b.cpu().pstate() == (abi::pstate::kResetEl1 | kDit | (implemented ? kSsbs : 0)));
  }
}
