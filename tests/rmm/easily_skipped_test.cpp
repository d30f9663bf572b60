// SPDX-License-Identifier: GPL-2.0-or-later
// What the specification demands and a monitor easily leaves out (easily_skipped.h). Items whose behaviour has a test
// beside others of its kind are tested there; README.md has the whole list.
#include "tests/rmm/easily_skipped.h"

#include <algorithm>

#include "rmm/call/version.h"
#include "tests/rmm/named_cases.h"
#include "tests/rmm/rmi_bench.h"
#include "tests/rmm/sysreg_access.h"

TEST_CASE("every item that is easily skipped has a tagged test, and every tagged test an item") {
  const auto tagged = [] {
    auto all = named::cases();
    std::erase_if(all, [](const named::Case& c) { return !c.has_tag(easily_skipped::kTag); });
    return all;
  }();
  for (const std::string_view item : easily_skipped::kOfTheMonitor) {
    INFO(item);
    CHECK(std::any_of(tagged.begin(), tagged.end(), [&](const named::Case& c) { return c.names(item); }));
  }
  for (const named::Case& c : tagged) {
    INFO(c.name);
    CHECK(std::any_of(easily_skipped::kOfTheMonitor.begin(), easily_skipped::kOfTheMonitor.end(),
                      [&](std::string_view item) { return c.names(item); }));
  }
}

// ---- what a realm's CPU is (A2.1.2, A3.1)

namespace {

using bench::access;
using bench::field;
using bench::id;
using bench::id_register;
using bench::is_undefined;
using bench::kShared;
using bench::kTranslation3;
using bench::reason;
namespace v1_0 = abi::v1_0;
namespace esr = abi::esr;
using RunBench = bench::Bench;

// Hardware on which every field of every ID register has the value `v`.
void set_hardware(RunBench& b, std::uint64_t v) {
  for (unsigned crm = 1; crm < 8; ++crm)
    for (unsigned op2 = 0; op2 < 8; ++op2) b.cpu().ids[id(crm, op2)] = v * 0x1111'1111'1111'1111;
}

}  // namespace

TEST_CASE("A2.1.2.3 ID registers: on any hardware they describe one consistent CPU", "[easily-skipped]") {
  for (const std::uint64_t hardware : {0ULL, 1ULL, 2ULL, 0xfULL}) {
    CAPTURE(hardware);
    RunBench b;
    set_hardware(b, hardware);
    CHECK(field(b, id(4, 0), 0) == 1);  // EL0 and EL1: AArch64 alone,
    CHECK(field(b, id(4, 0), 4) == 1);  // so the registers of AArch32 say nothing
    for (unsigned crm = 1; crm <= 3; ++crm)
      for (unsigned op2 = 0; op2 < 8; ++op2) CHECK(id_register(b, id(crm, op2)) == 0);
    CHECK(field(b, id(4, 0), 16) == field(b, id(4, 0), 20));  // FP and Advanced SIMD come together
    CHECK(field(b, id(4, 0), 28) == 0);                       // no RAS,
    CHECK(field(b, id(4, 1), 12) == 0);                       // so no RAS_frac,
    CHECK(field(b, id(7, 2), 12) == 0);                       // and no IESB
    CHECK(field(b, id(4, 0), 40) == 0);                       // no MPAM,
    CHECK(field(b, id(4, 1), 16) == 0);                       // so no MPAM_frac
    CHECK(id_register(b, id(4, 4)) == 0);                     // no SVE: ID_AA64ZFR0_EL1
    CHECK(id_register(b, id(4, 5)) == 0);                     // no SME: ID_AA64SMFR0_EL1
    CHECK(field(b, id(5, 0), 28) <= field(b, id(5, 0), 12));  // context-aware breakpoints are some of all
    CHECK(field(b, id(5, 0), 12) >= 1);
    CHECK(id_register(b, id(5, 1)) == 0);  // ID_AA64DFR1_EL1 extends what is hidden
    CHECK(id_register(b, id(5, 4)) == 0);  // ID_AA64AFR0_EL1: IMPLEMENTATION DEFINED
    CHECK(id_register(b, id(5, 5)) == 0);
    for (const unsigned pauth : {4U, 8U, 24U, 28U}) CHECK(field(b, id(6, 1), pauth) == 0);
    for (const unsigned pauth : {8U, 12U}) CHECK(field(b, id(6, 2), pauth) == 0);
    for (unsigned op2 = 4; op2 < 8; ++op2) CHECK(id_register(b, id(7, op2)) == 0);  // MMFR4 and later
  }
}

TEST_CASE("A3.1.3 SVE: it is not offered, a realm that asks for it is refused, the field is zero, ZCR_EL1 Undefined",
          "[easily-skipped]") {
  RunBench b;
  CHECK(field(b, id(4, 0), 32) == 0);
  CHECK(is_undefined(abi::sysreg_key(3, 0, 1, 2, 0)));
  rmi::Bench r;
  const auto features = v1_0::FeatureRegister0::from_raw(r.succeeds(v1_0::kRmiFeatures, 0).x[1]);
  CHECK_FALSE(features.sve);
  CHECK(features.sve_vl == 0);
  const abi::Pa rd = r.delegated(), rtt = r.delegated(), params = r.ns();
  auto p = rmi::realm_params({}, rtt);
  p.flags = v1_0::kRealmFlagSve;
  r.put(params, p);
  r.fails_input("params_supp", v1_0::kRmiRealmCreate, rd, params);
}

TEST_CASE(
    "A3.1.5 PMU: it is not offered, a realm that asks for it is refused, its field is zero, its registers Undefined",
    "[easily-skipped]") {
  RunBench b;
  CHECK(field(b, id(5, 0), 8) == 0);
  for (unsigned crm = 12; crm <= 14; ++crm)
    for (unsigned op2 = 0; op2 < 8; ++op2) CHECK(is_undefined(abi::sysreg_key(3, 3, 9, crm, op2)));
  CHECK(is_undefined(abi::sysreg_key(3, 0, 9, 14, 1)));   // PMINTENSET_EL1
  CHECK(is_undefined(abi::sysreg_key(3, 3, 14, 8, 0)));   // PMEVCNTR0_EL0
  CHECK(is_undefined(abi::sysreg_key(3, 3, 14, 15, 7)));  // PMCCFILTR_EL0
  rmi::Bench r;
  const auto features = v1_0::FeatureRegister0::from_raw(r.succeeds(v1_0::kRmiFeatures, 0).x[1]);
  CHECK_FALSE(features.pmu);
  CHECK(features.pmu_num_ctrs == 0);
  const abi::Pa rd = r.delegated(), rtt = r.delegated(), params = r.ns();
  auto p = rmi::realm_params({}, rtt);
  p.flags = v1_0::kRealmFlagPmu;
  r.put(params, p);
  r.fails_input("params_supp", v1_0::kRmiRealmCreate, rd, params);
}

TEST_CASE("A3.1.6 AMU: its field is zero, its registers are Undefined", "[easily-skipped]") {
  RunBench b;
  CHECK(field(b, id(4, 0), 44) == 0);
  for (const unsigned crm : {2U, 3U, 4U, 6U, 12U, 14U}) CHECK(is_undefined(abi::sysreg_key(3, 3, 13, crm, 0)));
}

TEST_CASE("A3.1.7 SPE: its field is zero, its registers are Undefined", "[easily-skipped]") {
  RunBench b;
  CHECK(field(b, id(5, 0), 32) == 0);
  for (const unsigned crm : {9U, 10U})
    for (unsigned op2 = 0; op2 < 8; ++op2) CHECK(is_undefined(abi::sysreg_key(3, 0, 9, crm, op2)));
}

TEST_CASE("A3.1.8 TRBE: its field is zero, its registers are Undefined", "[easily-skipped]") {
  RunBench b;
  CHECK(field(b, id(5, 0), 44) == 0);
  CHECK(field(b, id(5, 0), 4) == 0);   // the trace unit that would fill it
  CHECK(field(b, id(5, 0), 40) == 0);  // and its filter
  for (unsigned op2 = 0; op2 < 8; ++op2) CHECK(is_undefined(abi::sysreg_key(3, 0, 9, 11, op2)));
}

// ---- entries and exits (A4)

TEST_CASE("A4.1 SUCCESS without entry: REC_ENTER with an interrupt pending succeeds, and the realm has not run",
          "[easily-skipped]") {
  rmi::Bench b;
  rmi::TestRealm r(b);
  const abi::Pa rec = r.add_rec(), run = b.ns();
  r.activate();
  b.put(run, v1_0::RecEnter{});
  b.platform.pe.irq = true;
  b.succeeds(v1_0::kRmiRecEnter, rec, run);
  const auto exit = abi::decode<v1_0::RecExit>(
      std::span(b.platform.memory.bytes(run + v1_0::kRecRunExitOffset), abi::Layout<v1_0::RecExit>::kSize));
  CHECK(exit.exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(exit.esr == 0);
  CHECK(b.cpu(rec).runs == 0);
  CHECK(b.cpu(rec).pc() == 0x1000);
  CHECK(b.rec(rec).state.peek() == rmm::core::RecState::kReady);
}

TEST_CASE("A4.2.3 SF: a load into Wt clears the upper half of Xt, sign extended or not", "[easily-skipped]") {
  for (const unsigned size : {1U, 2U, 4U})
    for (const bool sign : {false, true})
      for (const bool sf : {false, true}) {
        CAPTURE(size, sign, sf);
        RunBench b;
        b.cpu().set_x(4, ~0ULL);
        b.then(bench::data_abort(kShared, bench::emulatable(size, 4, false, sign, sf)));
        b.enter();
        b.enter_flags(v1_0::kEnterEmulMmio, ~0ULL);
        const std::uint64_t loaded = (1ULL << (8 * size)) - 1;
        const std::uint64_t wanted = sign ? (sf ? ~0ULL : 0xffff'ffff) : loaded;
        CHECK(b.cpu().x(4) == wanted);
      }
}

TEST_CASE("A4.3.4.3 FAR has 12 bits: the host sees the offset in the granule, and only for an emulatable access",
          "[easily-skipped]") {
  for (const std::uint64_t offset : {0x0ULL, 0x001ULL, 0x7f8ULL, 0xfffULL}) {
    RunBench b;
    auto e = bench::data_abort(kShared | 0x0900'0000 | offset, bench::emulatable(1, 2, false));
    e.far = 0xffff'ab12'3456'7000 | offset;
    b.then(e);
    CHECK(b.enter().far == offset);
    e.esr &= ~esr::kIsv;
    b.then(e);
    CHECK(b.enter().far == 0);
    e = bench::data_abort(bench::kUnassigned.value | offset, bench::emulatable(1, 2, false));
    b.then(e);
    CHECK(b.enter().far == 0);
    CHECK(b.exit.exit_reason == reason(v1_0::RecExitReason::kSync));
  }
}

TEST_CASE("A4.3.8 RIPAS window: its addresses are zero at every exit but the one that opened it", "[easily-skipped]") {
  const std::vector<std::pair<const char*, abi::Exception>> exits{
      {"IRQ", {.kind = abi::ExceptionKind::kIrq}},
      {"FIQ", {.kind = abi::ExceptionKind::kFiq}},
      {"SError", {.kind = abi::ExceptionKind::kSerror}},
      {"WFI", {.esr = esr::make(esr::Ec::kWfx, 0)}},
      {"data abort", bench::data_abort(bench::kUnassigned.value, kTranslation3)},
      {"emulatable data abort", bench::data_abort(kShared, bench::emulatable(4, 1, false))},
      {"instruction abort", bench::fetch_abort(bench::kDestroyed.value, kTranslation3)},
      {"system register", access(bench::key(abi::SysReg::kIccSgi1rEl1), false)},
  };
  const auto closed = [](RunBench& b) {
    return b.rec().ripas.addr.value == 0 && b.rec().ripas.top.value == 0 && b.exit.ripas_base == 0 &&
           b.exit.ripas_top == 0;
  };
  const std::vector<std::uint64_t> request{v1_0::kRsiIpaStateSet, bench::kRam.value, bench::kRam.value + 0x10'0000, 1,
                                           0};
  for (const auto& [what, exception] : exits) {
    CAPTURE(what);
    RunBench b;
    b.smc(request);
    b.enter();
    CHECK(b.rec().ripas.top.value == bench::kRam.value + 0x10'0000);
    b.then(exception);
    b.enter_flags(v1_0::kEnterTrapWfi);
    CHECK(b.exit.exit_reason != reason(v1_0::RecExitReason::kRipasChange));
    CHECK(closed(b));
  }
  for (const std::vector<std::uint64_t>& call : {std::vector<std::uint64_t>{v1_0::kPsciCpuSuspend, 0, 0, 0},
                                                 {v1_0::kPsciCpuOn, 1, 0x4000'0000, 0},
                                                 {v1_0::kRsiHostCall, bench::kAssigned.value},
                                                 {v1_0::kPsciSystemOff}}) {
    CAPTURE(call[0]);
    RunBench b;
    b.smc(request).smc(call);
    b.enter();
    b.enter();
    CHECK(closed(b));
  }
}

// ---- memory (A5)

TEST_CASE("A5.2.8 level: that of the fault with stage 1 on, zero with stage 1 off, for data and for fetches",
          "[easily-skipped]") {
  for (const bool stage1 : {false, true})
    for (const std::uint64_t level : {0ULL, 1ULL, 2ULL, 3ULL})
      for (const bool fetch : {false, true}) {
        CAPTURE(stage1, level, fetch);
        RunBench b;
        b.cpu().set_sysreg(abi::SysReg::kSctlrEl1, stage1 ? 1 : 0);
        const std::uint64_t beyond = 1ULL << bench::kIpaWidth, iss = esr::kFscTranslation | level;
        b.then(fetch ? bench::fetch_abort(beyond, iss) : bench::data_abort(beyond, iss));
        CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
        CHECK(b.cpu().sysreg(abi::SysReg::kEsrEl1) ==
              esr::make(fetch ? esr::Ec::kInstructionAbortSame : esr::Ec::kDataAbortSame,
                        esr::kFscAddressSize | (stage1 ? level : 0)));
      }
}

namespace {

// The descriptor of an entry, as the table in memory has it.
std::uint64_t descriptor(rmi::Bench& b, const rmm::core::RttWalk& walk) {
  return b.platform.memory.read64(walk.descriptor_pa());
}

constexpr std::uint64_t kMemAttr3 = 1ULL << 5, kSh = 3ULL << 8, kAf = 1ULL << 10, kDbm = 1ULL << 51;
constexpr std::uint64_t kS2ap = 3ULL << 6;
constexpr std::uint64_t mem_attr(std::uint64_t value) { return value << 2; }

}  // namespace

TEST_CASE(
    "A5.5.11 MemAttr: protected memory is Write-Back whatever stage 1 says; the host chooses MemAttr[2:0] of its own",
    "[easily-skipped]") {
  rmi::Bench b;
  rmi::TestRealm r(b);
  r.init_ripas(0, rmi::kBlock1);
  r.add_rtts(0);
  r.add_data_unknown(0);
  // FEAT_S2FWB: 6 forces Normal Inner and Outer Write-Back Cacheable. MemAttr[3] is RES0.
  CHECK((descriptor(b, b.walk(r.rd, 0)) & (mem_attr(7) | kMemAttr3)) == mem_attr(6));
  r.add_rtts(r.unprotected);
  for (std::uint64_t attr = 0; attr < 8; ++attr) {
    CAPTURE(attr);
    const std::uint64_t ipa = r.unprotected + attr * rmi::kPage, host = 0x8200'0000 | mem_attr(attr) | kS2ap;
    if (attr == 4) {  // reserved with FWB
      b.fails_input("attr_valid", v1_0::kRmiRttMapUnprotected, r.rd, ipa, 3, host);
      continue;
    }
    b.fails_input("attr_valid", v1_0::kRmiRttMapUnprotected, r.rd, ipa, 3, host | kMemAttr3);
    b.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, ipa, 3, host);
    CHECK((descriptor(b, b.walk(r.rd, ipa)) & (mem_attr(7) | kMemAttr3)) == mem_attr(attr));
    CHECK(b.succeeds(v1_0::kRmiRttReadEntry, r.rd, ipa, 3).x[3] == host);  // without SH and AF: not the host's
  }
}

TEST_CASE("A5.5.11 shareability: Inner Shareable if cacheable, else Outer Shareable", "[easily-skipped]") {
  constexpr std::uint64_t kInner = 3ULL << 8, kOuter = 2ULL << 8;
  rmi::Bench b;
  rmi::TestRealm r(b);
  r.init_ripas(0, rmi::kBlock1);
  r.add_rtts(0);
  r.add_data_unknown(0);
  CHECK((descriptor(b, b.walk(r.rd, 0)) & kSh) == kInner);
  r.add_rtts(r.unprotected);
  struct Case {
    std::uint64_t attr, sh;
  };
  // Device memory and forced Non-cacheable; forced Write-Back, and what stage 1 says.
  for (const Case& c : {Case{0, kOuter}, Case{1, kOuter}, Case{2, kOuter}, Case{3, kOuter}, Case{5, kOuter},
                        Case{6, kInner}, Case{7, kInner}}) {
    CAPTURE(c.attr);
    const std::uint64_t ipa = r.unprotected + c.attr * rmi::kPage;
    b.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, ipa, 3, 0x8200'0000 | mem_attr(c.attr) | kS2ap);
    CHECK((descriptor(b, b.walk(r.rd, ipa)) & kSh) == c.sh);
    // The host doesn't choose it.
    b.fails_input("attr_valid", v1_0::kRmiRttMapUnprotected, r.rd, ipa, 3, 0x8200'0000 | mem_attr(c.attr) | kInner);
  }
}

TEST_CASE(
    "A5.5.11 access flag: set by the monitor in pages and blocks; no management of it or of dirty state by hardware",
    "[easily-skipped]") {
  rmi::Bench b;
  rmi::TestRealm r(b);
  r.init_ripas(0, rmi::kBlock1);
  r.add_rtts(0);
  r.add_data_unknown(0);
  r.add_rtts(r.unprotected);
  const std::uint64_t host = mem_attr(6) | kS2ap;
  b.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, r.unprotected, 3, 0x8200'0000 | host);
  b.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, r.unprotected + rmi::kBlock2, 2, 0x8200'0000 | host);
  b.succeeds(v1_0::kRmiRttMapUnprotected, r.rd, r.unprotected + rmi::kBlock1, 1, 0x8000'0000 | host);
  for (const std::uint64_t ipa :
       {std::uint64_t{0}, r.unprotected, r.unprotected + rmi::kBlock2, r.unprotected + rmi::kBlock1}) {
    CAPTURE(ipa);
    CHECK((descriptor(b, b.walk(r.rd, ipa)) & (kAf | kDbm)) == kAf);
  }
  for (const std::uint64_t bit : {kAf, kDbm})
    b.fails_input("attr_valid", v1_0::kRmiRttMapUnprotected, r.rd, r.unprotected + rmi::kPage, 3,
                  0x8200'0000 | host | bit);
}

// ---- interrupts and timers (A6)

TEST_CASE("A6.1 NUM_LRS minus one: feature register 0 counts list registers from zero", "[easily-skipped]") {
  for (const std::uint8_t count : std::initializer_list<std::uint8_t>{1, 4, 16}) {
    rmi::Bench b({.num_lrs = count});
    const auto features = v1_0::FeatureRegister0::from_raw(b.succeeds(v1_0::kRmiFeatures, 0).x[1]);
    CHECK(features.gicv3_num_lrs == count - 1);
  }
}

TEST_CASE("A6.1 list registers: one whose interrupt the realm masks by its PMR makes no exit", "[easily-skipped]") {
  RunBench b;
  b.rec().vmcr = abi::gic::kVmcrEng1 | (0x80ULL << abi::gic::kVmcrPmrShift);
  v1_0::RecEnter in;
  in.gicv3_lrs[0] = abi::gic::kLrPending | abi::gic::kLrGroup1 | (0xa0ULL << abi::gic::kLrPriorityShift) | 27;
  b.smc({v1_0::kPsciVersion});
  b.enter(in);
  CHECK(b.cpu().runs == 2);  // the call, and the interrupt that ends a script
  CHECK(b.exit.gicv3_lrs[0] == in.gicv3_lrs[0]);
}

TEST_CASE("A6.1 HCR: every combination of the host's bits reaches the interface and comes back with EOIcount",
          "[easily-skipped]") {
  constexpr unsigned kMasks = 1U << 9;  // UIE to VGrp1DIE, and TDIR
  for (unsigned mask = 0; mask < kMasks; mask += 2) {
    const std::uint64_t hcr = (mask & 0xfeU) | ((mask & 0x100U) != 0 ? abi::gic::kHcrTdir : 0);
    const std::uint64_t eoi_count = std::uint64_t{mask % 32} << abi::gic::kHcrEoiCountShift;
    RunBench b;
    b.then([&](bench::Cpu&) {
      b.pe.state.hcr |= eoi_count;
      return abi::Exception{.kind = abi::ExceptionKind::kIrq};
    });
    v1_0::RecEnter in;
    in.gicv3_hcr = hcr;
    b.enter(in);
    REQUIRE(b.cpu().hcr_while_running == (hcr | abi::gic::kHcrEn));
    REQUIRE(b.exit.gicv3_hcr == (hcr | eoi_count));
    REQUIRE((b.pe.state.hcr & abi::gic::kHcrEn) == 0);
  }
}

TEST_CASE("A6.1 list registers: every implemented one is loaded and shown, whatever its state", "[easily-skipped]") {
  namespace gic = abi::gic;
  for (const std::uint8_t count : std::initializer_list<std::uint8_t>{1, 2, 15, 16}) {
    RunBench b;
    b.limits.num_lrs = count;
    v1_0::RecEnter in;
    for (unsigned n = 0; n < count; ++n)  // inactive, pending, active, both
      in.gicv3_lrs[n] = (std::uint64_t{n % 4} << gic::kLrStateShift) | gic::kLrGroup1 | (32 + n);
    REQUIRE(rmm::run::gicv3_entry_valid(in, b.limits));
    b.then([&](bench::Cpu&) {
      for (unsigned n = 0; n < count; ++n) {
        CHECK(b.pe.state.lr[n] == in.gicv3_lrs[n]);
        b.pe.state.lr[n] ^= gic::kLrStateMask;
      }
      return abi::Exception{.kind = abi::ExceptionKind::kIrq};
    });
    b.enter(in);
    for (unsigned n = 0; n < 16; ++n)
      CHECK(b.exit.gicv3_lrs[n] == (n < count ? in.gicv3_lrs[n] ^ gic::kLrStateMask : 0));
  }
}

TEST_CASE("A6.1 exit values: of every exit, with nothing but time and interrupts changed", "[easily-skipped]") {
  for (const abi::Exception& e :
       {abi::Exception{.kind = abi::ExceptionKind::kIrq}, abi::Exception{.kind = abi::ExceptionKind::kFiq},
        bench::data_abort(bench::kUnassigned.value, kTranslation3),
        bench::data_abort(kShared, bench::emulatable(4, 1, true)),
        bench::fetch_abort(bench::kDestroyed.value, kTranslation3)}) {
    RunBench b;
    b.then([&](bench::Cpu& c) {
      b.pe.state.vmcr = 0xf800'0202;
      b.pe.misr = abi::gic::kMisrVgrp1E;
      b.pe.state.lr[2] = abi::gic::kLrActive | 40;
      c.set_sysreg(abi::SysReg::kCntvCvalEl0, 1234);
      c.set_sysreg(abi::SysReg::kCntpCtlEl0, abi::kTimerEnable);
      return e;
    });
    b.enter();
    CHECK(b.exit.gicv3_vmcr == 0xf800'0202);
    CHECK(b.exit.gicv3_misr == abi::gic::kMisrVgrp1E);
    CHECK(b.exit.gicv3_lrs[2] == (abi::gic::kLrActive | 40));
    CHECK(b.exit.cntv_cval == 1234);
    CHECK(b.exit.cntp_ctl == abi::kTimerEnable);
  }
}

TEST_CASE("A6.2 the host's EL2 timer: its interrupt exits although the host has seen both of the realm's timers",
          "[easily-skipped]") {
  RunBench b;
  for (const abi::SysReg ctl : {abi::SysReg::kCntvCtlEl0, abi::SysReg::kCntpCtlEl0})
    b.cpu().set_sysreg(ctl, abi::kTimerEnable | abi::kTimerIstatus);
  b.enter();  // both are shown, and masked from now on
  b.smc({v1_0::kPsciVersion}).then([&](bench::Cpu& c) {
    b.pe.irq = true;  // the timer fires while the realm computes
    c.set_x(0, v1_0::kPsciVersion);
    return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
  });
  CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
  CHECK(b.cpu().runs == 2);
  CHECK_FALSE(b.cpu().controls.vtimer_irq);
  CHECK_FALSE(b.cpu().controls.ptimer_irq);
}

TEST_CASE("A6.2 masking per timer: it follows the output shown by the last exit, not the registers now",
          "[easily-skipped]") {
  constexpr std::uint64_t kFired = abi::kTimerEnable | abi::kTimerIstatus;
  RunBench b;
  b.cpu().set_sysreg(abi::SysReg::kCntvCtlEl0, kFired);
  b.enter();
  // Masked: a write that lowers and raises the output again without an exception is no exit.
  b.then([](bench::Cpu& c) {
    c.set_sysreg(abi::SysReg::kCntvCtlEl0, 0);
    c.set_sysreg(abi::SysReg::kCntvCtlEl0, kFired);
    c.set_x(0, v1_0::kPsciVersion);
    return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
  });
  b.enter();
  CHECK(b.cpu().runs == 2);  // the call returned to the realm
  CHECK_FALSE(b.cpu().controls.vtimer_irq);
  // Lowered at the exit: unmasked at the next entry.
  b.cpu().set_sysreg(abi::SysReg::kCntvCtlEl0, kFired | abi::kTimerImask);
  b.enter();
  b.enter();
  CHECK(b.cpu().controls.vtimer_irq);
}

TEST_CASE("A6.2 change of the output: of either timer, up or down, it is an exit; a new deadline alone is none",
          "[easily-skipped]") {
  constexpr std::uint64_t kIdle = abi::kTimerEnable, kFired = abi::kTimerEnable | abi::kTimerIstatus;
  for (const auto& [ctl, cval] : {std::pair{abi::SysReg::kCntvCtlEl0, abi::SysReg::kCntvCvalEl0},
                                  std::pair{abi::SysReg::kCntpCtlEl0, abi::SysReg::kCntpCvalEl0}})
    for (const auto& [shown, now] :
         {std::pair{kIdle, kFired}, std::pair{kFired, kIdle}, std::pair{kIdle, kIdle}, std::pair{kFired, kFired}}) {
      CAPTURE(shown, now);
      RunBench b;
      b.cpu().set_sysreg(ctl, shown);
      b.enter();
      const int before = b.cpu().runs;
      b.then([&, ctl = ctl, cval = cval, now = now](bench::Cpu& c) {
        c.set_sysreg(ctl, now);
        c.set_sysreg(cval, 999);
        c.set_x(0, v1_0::kPsciVersion);
        return abi::Exception{.esr = esr::make(esr::Ec::kSmc64, 0)};
      });
      CHECK(b.enter().exit_reason == reason(v1_0::RecExitReason::kIrq));
      CHECK(b.cpu().runs == before + (shown == now ? 2 : 1));
    }
}

// ---- interfaces (B2 to B4)

TEST_CASE("B2 RSI scenarios: 1.0 alone is supported; a realm hears that for each revision that it may ask for",
          "[easily-skipped]") {
  constexpr rmm::call::Revision kOnly[] = {rmm::call::Revision::of(1, 0)};
  for (const std::uint64_t wanted : {0x0ULL, 0x1ULL, 0xffffULL, 0x1'0000ULL, 0x1'0001ULL, 0x1'0002ULL, 0x2'0000ULL,
                                     0x2'0001ULL, 0x7fff'ffffULL, 0x8001'0000ULL, 0xffff'ffff'0001'0000ULL}) {
    CAPTURE(wanted);
    RunBench b;
    b.smc({v1_0::kRsiVersion, wanted});
    b.enter();
    const auto n = rmm::call::negotiate(kOnly, wanted);
    CHECK(b.cpu().x(0) == (n.agreement == rmm::call::Agreement::kCompatible ? 0 : 1));
    CHECK(b.cpu().x(1) == n.lower.raw);
    CHECK(b.cpu().x(2) == n.higher.raw);
  }
}

TEST_CASE("B3.82 VMID upper byte: invalid on hardware without FEAT_VMID16, valid with it", "[easily-skipped]") {
  for (const bool vmid16 : {false, true})
    for (const std::uint16_t vmid : std::initializer_list<std::uint16_t>{0x00ff, 0x0100, 0x8000, 0xff01}) {
      CAPTURE(vmid16, vmid);
      rmi::Bench b({.vmid16 = vmid16});
      const abi::Pa rd = b.delegated(), rtt = b.delegated(), params = b.ns();
      b.put(params, rmi::realm_params({.vmid = vmid}, rtt));
      if (vmid16 || vmid < 0x100)
        b.succeeds(v1_0::kRmiRealmCreate, rd, params);
      else
        b.fails_input("vmid_valid", v1_0::kRmiRealmCreate, rd, params);
    }
}

TEST_CASE("B4.3.9 VMID upper byte: it tells realms apart, in the set of free VMIDs and in TLB maintenance",
          "[easily-skipped]") {
  rmi::Bench b;
  rmi::TestRealm low(b, {.vmid = 0x0034}), high(b, {.vmid = 0x1234});
  const abi::Pa rd = b.delegated(), rtt = b.delegated(), params = b.ns();
  b.put(params, rmi::realm_params({.vmid = 0x1234}, rtt));
  b.fails_input("vmid_valid", v1_0::kRmiRealmCreate, rd, params);
  high.init_ripas(0, rmi::kBlock1);
  high.add_rtts(0);
  high.add_data_unknown(0);
  b.platform.tlb.log.clear();
  b.succeeds(v1_0::kRmiDataDestroy, high.rd, 0);
  CHECK(b.platform.tlb.log == std::vector<fake::Invalidation>{{{0x1234}, {{0}, {rmi::kPage}}}});
  b.succeeds(v1_0::kRmiRealmDestroy, low.rd);
  CHECK(b.platform.tlb.log.back() == fake::Invalidation{{0x0034}, {}, true});
  b.fails_input("vmid_valid", v1_0::kRmiRealmCreate, rd, params);
  b.put(params, rmi::realm_params({.vmid = 0x0034}, rtt));
  b.succeeds(v1_0::kRmiRealmCreate, rd, params);
}

TEST_CASE("B4.4.18 reserved bits: bits 7:4 and 63:32 of the host's MPIDR are ignored", "[easily-skipped]") {
  rmi::Bench b;
  rmi::TestRealm r(b);
  const abi::Pa rec = b.delegated(), params = b.ns();
  auto p = r.rec_params();
  p.mpidr |= 0xdead'beef'0000'00f0;
  b.put(params, p);
  b.succeeds(v1_0::kRmiRecCreate, r.rd, rec, params);
  CHECK(b.rec(rec).mpidr.value == 0);
  CHECK(rmm::core::rec_index(0xf0) == 0);
  CHECK(rmm::core::rec_index(0xff) == 15);
  CHECK(rmm::core::rec_index(0x100) == 16);
}
