// SPDX-License-Identifier: GPL-2.0-or-later
// Every REC exit shows the host exactly the fields that A4.3 names (I20).
#include <catch2/catch_test_macros.hpp>

#include "tests/rmm/run_bench.h"

using namespace bench;

namespace {

constexpr std::uint64_t kMmio = kShared | 0x0900'0018;

}  // namespace

TEST_CASE("an IRQ exit names nothing but its reason") {
  Bench b;
  b.cpu().set_x(0, 0x1111);
  b.then({.kind = abi::ExceptionKind::kIrq, .esr = 0xdead});
  CHECK(named_fields(b.enter()) == Names{"exit_reason"});
  CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.cpu().x(0) == 0x1111);
}

TEST_CASE("an FIQ exit names nothing but its reason") {
  Bench b;
  b.then({.kind = abi::ExceptionKind::kFiq, .esr = 0xdead});
  CHECK(named_fields(b.enter()) == Names{"exit_reason"});
  CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kFiq));
}

TEST_CASE("an interrupt pending on the PE exits before the realm runs") {
  Bench b;
  b.pe.irq = true;
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  b.pe.fiq = true;
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kFiq));
  CHECK(b.cpu().runs == 0);
}

TEST_CASE("an interrupt that arrives while the monitor works exits after the work") {
  Bench b;
  b.then([&b](Cpu& c) {
    b.pe.irq = true;
    c.set_x(0, v1_0::kPsciVersion);
    return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
  });
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.cpu().runs == 1);
  CHECK(b.cpu().x(0) == v1_0::kPsciVersion11);
}

TEST_CASE("a maintenance interrupt of the virtual GIC is the host's") {
  Bench b;
  b.pe.misr = abi::gic::kMisrEoi;
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.exit.gicv3_misr == abi::gic::kMisrEoi);
  CHECK(b.cpu().runs == 0);
}

TEST_CASE("an SError exit shows EC, IDS, AET, EA and DFSC") {
  Bench b;
  const std::uint64_t shown = (0x2fULL << 26) | (1ULL << 24) | (5ULL << 10) | (1ULL << 9) | 0x11;
  b.then({.kind = abi::ExceptionKind::kSerror, .esr = shown | esr::kIl | (1ULL << 13) | (0xffULL << 14)});
  CHECK(named_fields(b.enter()) == Names{"exit_reason", "esr"});
  CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kSerror));
  CHECK(b.exit.esr == shown);
}

TEST_CASE("a trapped WFI exit shows EC and TI, and the realm goes on behind it") {
  Bench b;
  b.then({.esr = esr::make(esr::Ec::kWfx, (1ULL << 24) | (0xeULL << 20)), .wfx_timeout = 77});
  CHECK(named_fields(b.enter_flags(v1_0::kEnterTrapWfi)) == Names{"esr"});
  CHECK(b.exit.esr == 0x01ULL << 26);
  CHECK(b.cpu().pc() == 0x1004);
  CHECK(b.cpu().controls.trap_wfi);
  CHECK_FALSE(b.cpu().controls.trap_wfe);
}

TEST_CASE("A4.3.4.1 timeout of WFIT and WFET: gprs[0] of the exit carries it", "[easily-skipped]") {
  for (const std::uint64_t ti : {2ULL, 3ULL}) {
    Bench b;
    b.then({.esr = esr::make(esr::Ec::kWfx, ti), .wfx_timeout = 77});
    CHECK(named_fields(b.enter_flags(v1_0::kEnterTrapWfi | v1_0::kEnterTrapWfe)) == Names{"esr", "gprs0"});
    CHECK(b.exit.gprs[0] == 77);
    CHECK(b.exit.esr == ((0x01ULL << 26) | ti));
  }
}

TEST_CASE("a wait that the host did not ask to trap ends at once") {
  Bench b;
  b.then({.esr = esr::make(esr::Ec::kWfx, 1)}).then({.esr = esr::make(esr::Ec::kWfx, 0)});
  CHECK(b.enter_flags(v1_0::kEnterTrapWfe).exit_reason == reason(v1_0::RecExitReason::kSync));
  CHECK(b.cpu().runs == 1);
  CHECK(b.enter_flags(v1_0::kEnterTrapWfe).exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.cpu().pc() == 0x1008);
}

TEST_CASE("an instruction abort exit shows EC, SET, EA, IFSC and HPFAR") {
  for (const abi::Ipa ipa : {kUnassigned, kDestroyed}) {
    Bench b;
    b.then(fetch_abort(ipa.value + 8, (3ULL << 11) | esr::kFnv | kTranslation3));
    CHECK(named_fields(b.enter()) == Names{"esr", "hpfar"});
    CHECK(b.exit.esr == ((0x20ULL << 26) | (3ULL << 11) | kTranslation3));
    CHECK(b.exit.hpfar == esr::hpfar_from_ipa(ipa.value));
  }
}

TEST_CASE("a data abort at a protected IPA is never emulatable") {
  for (const abi::Ipa ipa : {kUnassigned, kDestroyed}) {
    Bench b;
    b.cpu().set_x(4, 0x5ec2e7);
    b.then(data_abort(ipa.value + 0x10, emulatable(8, 4, true) | esr::kFnv | (2ULL << 11)));
    CHECK(named_fields(b.enter()) == Names{"esr", "hpfar"});
    CHECK(b.exit.esr == ((0x24ULL << 26) | (2ULL << 11) | esr::kFnv | kTranslation3));
    CHECK_FALSE(b.rec().last_exit.emulatable_abort);
    CHECK(b.sync.held == 0);
  }
}

TEST_CASE("A4.3.4.3 SRT and SSE are hidden: an emulatable read shows neither, nor the upper bits of FAR",
          "[easily-skipped]") {
  Bench b;
  b.then(data_abort(kMmio, emulatable(4, 7, false, true, true) | esr::kAr));
  CHECK(named_fields(b.enter()) == Names{"esr", "far", "hpfar"});
  CHECK(b.exit.esr == ((0x24ULL << 26) | esr::kIsv | (2ULL << esr::kSasShift) | esr::kSf | kTranslation3));
  CHECK(b.exit.far == 0x018);
  CHECK(b.exit.hpfar == esr::hpfar_from_ipa(kMmio));
  CHECK(b.rec().last_exit.emulatable_abort);
}

TEST_CASE("an emulatable write shows the register in gprs[0]") {
  Bench b;
  b.cpu().set_x(7, 0x1234'5678'9abc'def0);
  b.then(data_abort(kMmio, emulatable(4, 7, true)));
  CHECK(named_fields(b.enter()) == Names{"esr", "far", "hpfar", "gprs0"});
  CHECK(b.exit.gprs[0] == 0x1234'5678'9abc'def0);
}

TEST_CASE("an emulatable write of XZR shows zero") {
  Bench b;
  b.cpu().gprs.fill(~0ULL);
  b.then(data_abort(kMmio, emulatable(8, 31, true)));
  CHECK(b.enter().gprs[0] == 0);
}

TEST_CASE("a permission fault at an unprotected IPA is a data abort exit too") {
  Bench b;
  b.then(data_abort(kMmio, (emulatable(4, 0, true) & ~esr::kFscMask) | esr::kFscPermission | 3));
  CHECK((b.enter().esr & esr::kFscMask) == (esr::kFscPermission | 3));
  CHECK(b.rec().last_exit.emulatable_abort);
}

TEST_CASE("an access without a syndrome at an unprotected IPA is not emulatable and shows IL") {
  Bench b;
  b.then(data_abort(kMmio, esr::kWnr | kTranslation3));
  CHECK(named_fields(b.enter()) == Names{"esr", "hpfar"});
  CHECK(b.exit.esr == ((0x24ULL << 26) | esr::kIl | kTranslation3));
  CHECK_FALSE(b.rec().last_exit.emulatable_abort);
  CHECK(b.rec().last_exit.unprotected_data_abort);
}

TEST_CASE("a mapping made by another PE since the fault lets the realm try again") {
  Bench b;
  b.then(data_abort(kAssigned.value, kTranslation3));
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.cpu().runs == 2);
  CHECK(b.cpu().pc() == 0x1000);
}

TEST_CASE("every exit tells the observer its reason") {
  Bench b;
  b.enter();
  CHECK(b.observer.events == Names{"exit IRQ"});
}

TEST_CASE("a REC runs in its realm's stage 2: VMID, starting tables and IPA width are the realm's") {
  Bench b;
  b.realm().vmid = {0x17};
  b.enter();
  CHECK(b.cpu().controls.stage2 ==
        abi::Stage2{
            .vmid = {0x17}, .root = kRtt1, .start_level = 1, .num_start = 1, .ipa_bits = kIpaWidth, .realm = true});
}
