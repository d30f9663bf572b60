// SPDX-License-Identifier: GPL-2.0-or-later
// The judge over whole entries and exits, and what it says when a monitor does something else.
#include "rmm/spec/judge.h"

#include <string>

#include "rmm/abi/arch/esr.h"
#include "tests/spec/scene.h"

namespace rmm::spec {
namespace {
using namespace abi::v1_0;
namespace esr = abi::esr;

constexpr unsigned kPe = 0;

// A scene with a monitor that answers whatever the test says.
struct Watched : Scene {
  Judge judge{platform, *this, 100};
  Watched() {
    judge.state() = state;
    judge.state().recs.at(caller).running = false;
  }
  Rec& rec_of(Pa pa) { return judge.state().recs.at(pa); }

  Observed answer(const Call& call, std::uint64_t x0, std::uint64_t x1 = 0, std::uint64_t x2 = 0) const {
    Observed observed;
    observed.regs = call.regs;
    observed.regs.x[0] = x0;
    observed.regs.x[1] = x1;
    observed.regs.x[2] = x2;
    observed.regs.x[3] = 0;
    return observed;
  }
  Call enter_call(const RecEnter& enter = {}) {
    show(run, enter);
    return host(kRmiRecEnter, {caller.value, run.value});
  }
  // Enters with the registers the model expects; returns them.
  RealmEntry enter(const RecEnter& enter = {}) {
    judge.begin(kPe, enter_call(enter));
    for (const Outcome& outcome : judge.allowed(kPe)) {
      REQUIRE(outcome.entry.has_value());
      const RealmEntry entry = *outcome.entry;
      const Verdict verdict = judge.entered(kPe, entry.gprs, entry.pc);
      CHECK(verdict.ok());
      CHECK(verdict.touched.recs.contains(caller));
      return entry;
    }
    return {};
  }
  static std::vector<std::byte> page(const RecExit& exit) {
    std::vector<std::byte> bytes(0x800);
    abi::encode(exit, bytes);
    return bytes;
  }
  // The REC leaves by an exception; then RMI_REC_ENTER returns SUCCESS.
  std::vector<std::string> leave(const abi::Exception& exception, const RecExit& exit, const Gprs& gprs = {},
                                 std::uint64_t pc = 0x5000) {
    ExitCause cause;
    cause.exception = exception;
    return leave(cause, exit, gprs, pc);
  }
  std::vector<std::string> leave(const ExitCause& cause, const RecExit& exit, const Gprs& gprs = {},
                                 std::uint64_t pc = 0x5000) {
    ExitShown shown;
    shown.page = page(exit);
    shown.gprs = gprs;
    shown.pc = pc;
    std::vector<std::string> findings = judge.left(kPe, cause, shown).findings;
    const Call call = host(kRmiRecEnter, {caller.value, run.value});
    for (const std::string& line : judge.end(kPe, answer(call, 0)).findings) findings.push_back(line);
    return findings;
  }
  void call_leaves(std::uint32_t fid, std::initializer_list<std::uint64_t> args, const RecExit& exit) {
    const Call call = guest(caller, fid, args);
    judge.begin(kPe, call);
    CHECK(judge.call_exits(kPe).ok());
    ExitCause cause;
    cause.kind = ExitCause::Kind::kCall;
    Gprs gprs{};
    std::copy_n(call.regs.x.begin(), 18, gprs.begin());
    CHECK(leave(cause, exit, gprs).empty());
  }
};

RecExit reason(RecExitReason why) {
  RecExit exit;
  exit.exit_reason = static_cast<std::uint8_t>(why);
  return exit;
}
abi::Exception irq() {
  abi::Exception exception;
  exception.kind = abi::ExceptionKind::kIrq;
  return exception;
}
abi::Exception data_abort(std::uint64_t ipa, std::uint64_t iss) {
  abi::Exception exception;
  exception.esr = esr::make(esr::Ec::kDataAbortLower, iss);
  exception.hpfar = esr::hpfar_from_ipa(ipa);
  exception.far = 0xffff000000000000ULL | ipa;
  return exception;
}

TEST_CASE("An entry and an IRQ exit: the REC runs between, its registers are kept") {
  Watched w;
  const RealmEntry entry = w.enter();
  CHECK(entry.pc == 0x4000);
  CHECK(entry.gprs[0] == 11);
  CHECK(w.rec_of(w.caller).running);
  Gprs gprs{};
  gprs[30] = 77;
  CHECK(w.leave(irq(), reason(RecExitReason::kIrq), gprs).empty());
  CHECK(!w.rec_of(w.caller).running);
  CHECK(w.rec_of(w.caller).pc == 0x5000);
  const RealmEntry again = w.enter();
  CHECK(again.gprs == gprs);
  CHECK(again.pc == 0x5000);
}

TEST_CASE("I20: an exit that shows more than its reason allows is found, by field") {
  Watched w;
  w.enter();
  RecExit exit = reason(RecExitReason::kIrq);
  exit.esr = 1;
  exit.gprs[3] = 5;
  exit.gicv3_hcr = abi::gic::kHcrEn;
  const auto findings = w.leave(irq(), exit);
  REQUIRE(findings.size() == 3);
  CHECK(findings[0].find("exit.esr (0x100): model 0x0, monitor 0x1") != std::string::npos);
  CHECK(findings[1].find("exit.gprs[3]") != std::string::npos);
  CHECK(findings[2].find("exit.gicv3_hcr") != std::string::npos);
}

TEST_CASE("I20: reserved bytes of the exit must be zero") {
  Watched w;
  w.enter();
  ExitCause cause;
  cause.exception = irq();
  ExitShown shown;
  shown.page = Watched::page(reason(RecExitReason::kIrq));
  shown.page[0x7f8] = std::byte{1};
  const Verdict verdict = w.judge.left(kPe, cause, shown);
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.findings[0].find("exit.reserved (0x7f8)") != std::string::npos);
}

TEST_CASE(
    "A8.1: the overflow status is one of two values, that of the PE where it is known, and 0 for a realm without one") {
  struct Row {
    bool pmu;  // of the realm
    std::optional<bool> of_pe;
    std::uint8_t shown;
    bool right;
  };
  for (const Row& row : {Row{true, {}, 0, true},
                         {true, {}, 1, true},
                         {true, {}, 2, false},
                         {false, {}, 1, false},
                         {false, true, 1, false},
                         {false, true, 0, true},
                         {true, true, 1, true},
                         {true, true, 0, false},
                         {true, false, 1, false}}) {
    Watched w;
    State state = w.judge.state();
    state.recs.at(w.caller).running = true;
    state.realms.at(state.recs.at(w.caller).owner).pmu = row.pmu;
    ExitCause cause;
    cause.exception = irq();
    RecExit exit = reason(RecExitReason::kIrq);
    exit.pmu_ovf_status = row.shown;
    ExitShown shown;
    shown.page = Watched::page(exit);
    if (row.of_pe) shown.pe.emplace().pmu_overflow = *row.of_pe;
    const auto wrong = judge_exit(w.platform, state, w.caller, cause, shown).wrong;
    CHECK(wrong.empty() == row.right);
    if (!row.right) CHECK(wrong.front().find("pmu_ovf_status") != std::string::npos);
  }
}

TEST_CASE("Timers and GIC of the exit are compared where the PE is known") {
  Watched w;
  w.enter();
  ExitCause cause;
  cause.exception = irq();
  ExitShown shown;
  shown.page = Watched::page(reason(RecExitReason::kIrq));
  shown.pe.emplace();
  shown.pe->cntv_ctl = 5;
  shown.pe->ich.lr[1] = 7;
  shown.pe->ich.lr[9] = 7;  // beyond the four list registers that are offered
  shown.pe->ich.hcr = abi::gic::kHcrEn | abi::gic::kHcrUie;
  const Verdict verdict = w.judge.left(kPe, cause, shown);
  REQUIRE(verdict.findings.size() == 3);
  CHECK(verdict.findings[0].find("gicv3_hcr") != std::string::npos);
  CHECK(verdict.findings[1].find("gicv3_lrs[1]") != std::string::npos);
  CHECK(verdict.findings[2].find("cntv_ctl") != std::string::npos);
}

TEST_CASE("A4.3.4.3: an emulatable load, and the next entry with its value, sign extended") {
  Watched w;
  w.enter();
  const std::uint64_t iss = esr::kIsv | esr::kSse | (5ULL << esr::kSrtShift) | esr::kFscTranslation | 3;  // ldrsb w5
  const abi::Exception exception = data_abort(Scene::kHalf + 0x5123, iss);
  RecExit exit = reason(RecExitReason::kSync);
  exit.esr = (std::uint64_t{0x24} << 26) | esr::kIsv | esr::kFscTranslation | 3;  // neither SRT, SSE nor IL
  exit.far = 0x123;
  exit.hpfar = exception.hpfar;
  CHECK(w.leave(exception, exit).empty());
  CHECK(w.rec_of(w.caller).emulatable_abort);
  RecEnter enter;
  enter.flags = kEnterEmulMmio;
  enter.gprs[0] = 0x1280;
  const RealmEntry entry = w.enter(enter);
  CHECK(entry.pc == 0x5004);
  CHECK(entry.gprs[5] == 0xffffff80);
  CHECK(entry.gprs[4] == 0);
}

TEST_CASE("A4.3.4.3: an emulatable store shows the register, XZR shows zero, and nothing is loaded") {
  for (const std::uint64_t srt : {6ULL, 31ULL}) {
    Watched w;
    w.enter();
    Gprs gprs{};
    gprs[6] = 0xabcd;
    const std::uint64_t iss =
        esr::kIsv | esr::kWnr | esr::kSf | (3ULL << esr::kSasShift) | (srt << esr::kSrtShift) | esr::kFscPermission | 3;
    const abi::Exception exception = data_abort(Scene::kHalf + 0x2000, iss);
    RecExit exit = reason(RecExitReason::kSync);
    exit.esr = exception.esr & ~(esr::kSrtMask | esr::kIl);
    exit.hpfar = exception.hpfar;
    exit.gprs[0] = srt == 6 ? 0xabcd : 0;
    CHECK(w.leave(exception, exit, gprs).empty());
    RecEnter enter;
    enter.flags = kEnterEmulMmio;
    enter.gprs[0] = 1;
    CHECK(w.enter(enter).gprs == gprs);
  }
}

TEST_CASE("A4.2.3: inject_sea after an abort at an unprotected IPA, and the PC stays without emulation") {
  Watched w;
  w.enter();
  const abi::Exception exception = data_abort(Scene::kHalf + 0x5000, esr::kFscTranslation | 3);  // ISV 0
  RecExit exit = reason(RecExitReason::kSync);
  exit.esr = exception.esr;  // IL is shown here
  exit.hpfar = exception.hpfar;
  CHECK(w.leave(exception, exit).empty());
  CHECK(!w.rec_of(w.caller).emulatable_abort);
  RecEnter enter;
  enter.flags = kEnterInjectSea | kEnterEmulMmio;  // rec_mmio is ignored with it (D9)
  CHECK(w.enter(enter).takes_sea);
}

TEST_CASE("A protected abort shows no address bits, is not emulatable, and an SEA cannot be injected for it") {
  Watched w;
  w.enter();
  const abi::Exception exception = data_abort(0x3123, esr::kIsv | esr::kFscTranslation | 3);
  RecExit exit = reason(RecExitReason::kSync);
  exit.esr = exception.esr & ~(esr::kIsv | esr::kIl);
  exit.hpfar = exception.hpfar;
  CHECK(w.leave(exception, exit).empty());
  RecEnter enter;
  enter.flags = kEnterInjectSea;
  const RealmEntry entry = w.enter(enter);
  CHECK(!entry.takes_sea);
  CHECK(entry.pc == 0x5000);
}

TEST_CASE("A5.2.9: an abort leaves only where the map says so") {
  struct Case {
    std::uint64_t ipa;
    bool fetch;
    std::uint64_t fsc;
    bool leaves;
  };
  const std::uint64_t half = Scene::kHalf;
  for (const Case& c :
       {Case{0x3000, false, esr::kFscTranslation, true}, Case{0x3000, true, esr::kFscTranslation, true},
        Case{0x1000, false, esr::kFscTranslation, false}, Case{0x20000, false, esr::kFscTranslation, false},
        Case{0x20000, true, esr::kFscTranslation, false}, Case{half, false, esr::kFscTranslation, true},
        Case{half, true, esr::kFscTranslation, false}, Case{half + 0x1000, false, esr::kFscTranslation, false},
        Case{half + 0x1000, false, esr::kFscPermission, true}, Case{2 * half, false, esr::kFscTranslation, false}}) {
    INFO(c.ipa << " " << c.fetch << " " << c.fsc);
    Watched w;
    w.tables(w.active, half);
    w.done(kRmiRttMapUnprotected, {w.active.value, half + 0x1000, 3, Scene::kDesc});
    w.judge.state() = w.state;
    w.rec_of(w.caller).running = false;
    w.enter();
    ExitCause cause;
    cause.map_is_of_fault = true;
    cause.exception = data_abort(c.ipa, c.fsc | 3);
    if (c.fetch) cause.exception.esr = esr::make(esr::Ec::kInstructionAbortLower, c.fsc | 3);
    RecExit exit = reason(RecExitReason::kSync);
    exit.esr = c.fetch || c.ipa < half ? cause.exception.esr & ~esr::kIl : cause.exception.esr;
    exit.hpfar = cause.exception.hpfar;
    CHECK(w.leave(cause, exit).empty() == c.leaves);
  }
}

TEST_CASE("A4.3.4.1: WFIT shows its timeout, and the realm goes on behind the instruction") {
  Watched w;
  w.enter();
  abi::Exception exception;
  exception.esr = esr::make(esr::Ec::kWfx, 2 | (1ULL << 20));
  exception.wfx_timeout = 1234;
  RecExit exit = reason(RecExitReason::kSync);
  exit.esr = (std::uint64_t{1} << 26) | 2;
  exit.gprs[0] = 1234;
  CHECK(w.leave(exception, exit).empty());
  CHECK(w.enter().pc == 0x5004);
}

TEST_CASE("D4: a write of ICC_SGI1R_EL1 leaves with the whole syndrome and the value") {
  Watched w;
  w.enter();
  abi::Exception exception;
  exception.esr = esr::make(esr::Ec::kSysReg, esr::make_sysreg_iss({3, 0, 12, 11, 5, 7, false}));
  Gprs gprs{};
  gprs[7] = 0x10001;
  RecExit exit = reason(RecExitReason::kSync);
  exit.esr = exception.esr;
  exit.gprs[0] = 0x10001;
  CHECK(w.leave(exception, exit, gprs).empty());
  CHECK(w.enter().pc == 0x5004);
}

TEST_CASE("RIPAS change: the window opens, progress and response reach the realm, another exit closes it") {
  Watched w;
  w.enter();
  RecExit exit = reason(RecExitReason::kRipasChange);
  exit.ripas_base = 0x20000;
  exit.ripas_top = 0x24000;
  exit.ripas_value = 1;
  w.call_leaves(kRsiIpaStateSet, {0x20000, 0x24000, 1, 0}, exit);
  CHECK(w.rec_of(w.caller).ripas_addr == Ipa{0x20000});

  const Call set = Bench::host(kRmiRttSetRipas, {w.active.value, w.caller.value, 0x20000, 0x22000});
  w.judge.begin(1, set);
  CHECK(w.judge.end(1, w.answer(set, 0, 0x22000)).ok());
  RecEnter enter;
  enter.flags = kEnterRipasResponse;
  const RealmEntry entry = w.enter(enter);
  CHECK(entry.gprs[0] == 0);
  CHECK(entry.gprs[1] == 0x22000);
  CHECK(entry.gprs[2] == 1);  // rejected, as RAM and not complete (B3.40)
  CHECK(entry.pc == 0x5004);
  CHECK(w.leave(irq(), reason(RecExitReason::kIrq)).empty());
  CHECK(w.rec_of(w.caller).ripas_addr == Ipa{0});
  CHECK(w.rec_of(w.caller).ripas_top == Ipa{0});
}

TEST_CASE("B3.40: a rejection counts for RAM only, and only while something is left") {
  for (const std::uint64_t ripas : {0ULL, 1ULL}) {
    Watched w;
    w.enter();
    RecExit exit = reason(RecExitReason::kRipasChange);
    exit.ripas_base = 0x20000;
    exit.ripas_top = 0x21000;
    exit.ripas_value = static_cast<std::uint8_t>(ripas);
    w.call_leaves(kRsiIpaStateSet, {0x20000, 0x21000, ripas, 0}, exit);
    if (ripas == 1) {
      const Call set = Bench::host(kRmiRttSetRipas, {w.active.value, w.caller.value, 0x20000, 0x21000});
      w.judge.begin(1, set);
      CHECK(w.judge.end(1, w.answer(set, 0, 0x21000)).ok());
    }
    RecEnter enter;
    enter.flags = kEnterRipasResponse;
    CHECK(w.enter(enter).gprs[2] == 0);
  }
}

TEST_CASE("Host call: the host's registers go to the structure at the next entry") {
  Watched w;
  RsiHostCall request;
  request.imm = 9;
  const Pa page = w.entry(w.active, 0x1000).addr;
  w.show(page + 0x100, request);
  w.enter();
  RecExit exit = reason(RecExitReason::kHostCall);
  exit.imm = 9;
  w.call_leaves(kRsiHostCall, {0x1100}, exit);
  CHECK(w.rec_of(w.caller).host_call_pending);
  RecEnter enter;
  enter.gprs[30] = 42;
  w.judge.begin(kPe, w.enter_call(enter));
  REQUIRE(w.judge.allowed(kPe).size() == 1);
  const Outcome outcome = w.judge.allowed(kPe)[0];
  REQUIRE(outcome.write.has_value());
  CHECK(outcome.write->to == page + 0x108);
  // The monitor didn't write: found. X0 is RSI_SUCCESS.
  const Verdict verdict = w.judge.entered(kPe, outcome.entry->gprs, outcome.entry->pc);
  REQUIRE(verdict.findings.size() == 1);
  CHECK(verdict.findings[0].find("memory") != std::string::npos);
  CHECK(outcome.entry->gprs[0] == 0);
  CHECK(!w.rec_of(w.caller).host_call_pending);
}

TEST_CASE("A4.2.2: a host call whose page is gone at entry exits with a Data Abort and stays pending") {
  Watched w;
  w.enter();
  w.call_leaves(kRsiHostCall, {0x1100}, reason(RecExitReason::kHostCall));
  const Call destroy = Bench::host(kRmiDataDestroy, {w.active.value, 0x1000});
  w.judge.begin(1, destroy);
  const auto regs = w.judge.allowed(1).at(0).regs;
  Observed observed;
  observed.regs = regs;
  CHECK(w.judge.end(1, observed).ok());
  w.judge.begin(kPe, w.enter_call());
  ExitCause cause;
  cause.kind = ExitCause::Kind::kEntryAccess;
  RecExit exit = reason(RecExitReason::kSync);
  exit.esr = (std::uint64_t{0x24} << 26) | esr::kFscTranslation | 3;
  exit.hpfar = esr::hpfar_from_ipa(0x1000);
  CHECK(w.leave(cause, exit).empty());
  CHECK(w.rec_of(w.caller).host_call_pending);
  CHECK(w.rec_of(w.caller).pc == 0x5004);
}

TEST_CASE("D10: a host call whose page became EMPTY ends with RSI_ERROR_INPUT") {
  Watched w;
  w.enter();
  w.call_leaves(kRsiHostCall, {0x1100}, reason(RecExitReason::kHostCall));
  w.judge.state().tables.at({w.active, 3, {0}}).entries[1].ripas = Ripas::kEmpty;
  const RealmEntry entry = w.enter();
  CHECK(entry.gprs[0] == 1);
  CHECK(entry.pc == 0x5004);
  CHECK(!w.rec_of(w.caller).host_call_pending);
}

TEST_CASE("D10: an RSI command on a missing page exits with a Data Abort and is made again") {
  Watched w;
  w.enter();
  const Call call = Bench::guest(w.caller, kRsiRealmConfig, {0x3000});
  w.judge.begin(kPe, call);
  CHECK(w.judge.call_exits(kPe).ok());
  ExitCause cause;
  cause.kind = ExitCause::Kind::kRealmAccess;
  RecExit exit = reason(RecExitReason::kSync);
  exit.esr = (std::uint64_t{0x24} << 26) | esr::kFscTranslation | 2;
  exit.hpfar = esr::hpfar_from_ipa(0x3000);
  Gprs gprs{};
  gprs[0] = kRsiRealmConfig;
  CHECK(w.leave(cause, exit, gprs).empty());
  const RealmEntry entry = w.enter();
  CHECK(entry.pc == 0x5000);
  CHECK(entry.gprs == gprs);
}

TEST_CASE("PSCI: CPU_ON leaves, is completed, and returns; REC_ENTER is refused between") {
  Watched w;
  w.enter();
  RecExit exit = reason(RecExitReason::kPsci);
  exit.gprs[0] = kPsciCpuOn;
  exit.gprs[1] = 1;
  w.call_leaves(kPsciCpuOn, {1, 0x8000, 7}, exit);
  w.judge.begin(kPe, w.enter_call());
  REQUIRE(w.judge.allowed(kPe).size() == 1);
  CHECK(w.judge.allowed(kPe)[0].condition == "rec_psci");
  CHECK(w.judge.end(kPe, w.answer(w.enter_call(), 3)).ok());
  const Call complete = Bench::host(kRmiPsciComplete, {w.caller.value, w.target.value, 0});
  w.judge.begin(kPe, complete);
  const Verdict completed = w.judge.end(kPe, w.answer(complete, 0));
  CHECK(completed.ok());
  CHECK(completed.touched.recs == std::set<Pa>{w.caller, w.target});
  const RealmEntry entry = w.enter();
  CHECK(entry.gprs[0] == 0);
  CHECK((entry.compared & 0x70U) == 0);
  CHECK(w.rec_of(w.target).runnable);
}

TEST_CASE("D14: a fault on writing the exit is ERROR_INPUT, and the REC has run") {
  Watched w;
  w.enter();
  ExitCause cause;
  cause.exception = irq();
  ExitShown shown;
  shown.page = Watched::page(reason(RecExitReason::kIrq));
  shown.pc = 0x6000;
  CHECK(w.judge.left(kPe, cause, shown).ok());
  Observed observed = w.answer(w.enter_call(), 1);
  observed.exit_fault = true;
  CHECK(w.judge.end(kPe, observed).ok());
  CHECK(w.rec_of(w.caller).pc == 0x6000);
  w.enter();
  CHECK(w.judge.left(kPe, cause, shown).ok());
  observed = w.answer(w.enter_call(), 1);
  CHECK(!w.judge.end(kPe, observed).ok());
}

TEST_CASE("rec_gicv3: what makes a list register invalid, what leaves it alone") {
  namespace gic = abi::gic;
  struct Case {
    std::uint64_t lr0, lr1;
    bool fails;
  };
  constexpr std::uint64_t kUsed = gic::kLrPending | 27;
  for (const Case& c :
       {Case{kUsed, 0, false}, Case{kUsed | gic::kLrEoi | gic::kLrGroup1, 0, false}, Case{kUsed | gic::kLrHw, 0, true},
        Case{gic::kLrHw, 0, false}, Case{kUsed | (1ULL << 33), 0, true}, Case{kUsed | (1ULL << 48), 0, true},
        Case{kUsed | (8ULL << 48), 0, false}, Case{kUsed, kUsed, true}, Case{kUsed, 27, false},
        Case{gic::kLrActive | 1023, 0, true}, Case{gic::kLrActive | 1019, 0, false}}) {
    Watched w;
    RecEnter enter;
    enter.gicv3_lrs[0] = c.lr0;
    enter.gicv3_lrs[1] = c.lr1;
    enter.gicv3_lrs[4] = ~0ULL;  // not one of the four
    w.judge.begin(kPe, w.enter_call(enter));
    REQUIRE(w.judge.allowed(kPe).size() == 1);
    CHECK(w.judge.allowed(kPe)[0].condition == (c.fails ? "rec_gicv3" : ""));
  }
}

TEST_CASE("A wrong status, a wrong condition, a wrong output and a success that isn't one are found") {
  Watched w;
  const Call misaligned = Bench::host(kRmiRttCreate, {w.made.value, w.source.value, 0x200001, 3});
  auto verdict_of = [&](const Call& call, std::uint64_t x0, std::string_view condition, std::uint64_t x1 = 0) {
    w.judge.begin(kPe, call);
    Observed observed = w.answer(call, x0, x1);
    observed.condition = condition;
    return w.judge.end(kPe, observed);
  };
  CHECK(verdict_of(misaligned, 1, "ipa_align").ok());
  CHECK(verdict_of(misaligned, 1, "rtt_state").ok());
  CHECK(verdict_of(misaligned, 1, "_anything").ok());
  CHECK(!verdict_of(misaligned, 1, "rd_state").ok());
  CHECK(!verdict_of(misaligned, 1, "ipa_bound").ok());
  CHECK(!verdict_of(misaligned, 0x204, "rtt_walk").ok());
  CHECK(!verdict_of(misaligned, 0, "").ok());
  CHECK(!verdict_of(misaligned, 1, "ipa_align", 5).ok());
  const Verdict wrong = verdict_of(misaligned, 2, "");
  REQUIRE(wrong.findings.size() == 1);
  CHECK(wrong.findings[0].find("RMI_RTT_CREATE rd=") == 0);
  CHECK(wrong.findings[0].find("allowed: ipa_align: X0=0x1") != std::string::npos);
  const State before = w.judge.state();
  const Call good = w.good(kRmiGranuleDelegate);
  CHECK(!verdict_of(good, 1, "gran_state").ok());
  CHECK(w.judge.state() == before);
}

TEST_CASE("The granule protection table is asked after delegation") {
  Watched w;
  const Call call = w.good(kRmiGranuleDelegate);
  w.judge.begin(kPe, call);
  CHECK(!w.judge.end(kPe, w.answer(call, 0)).ok());  // still Non-secure
  const Call other = w.good(kRmiGranuleDelegate);
  w.judge.begin(kPe, other);
  w.pas_of[{other.x(1)}] = abi::Pas::kRealm;
  const Verdict verdict = w.judge.end(kPe, w.answer(other, 0));
  CHECK(verdict.ok());
  CHECK(verdict.touched.granules == std::set<Pa>{{other.x(1)}});
}

TEST_CASE("refresh judges at a later moment: what another PE did meanwhile counts") {
  Watched w;
  const Pa granule = w.granule();
  const Call delegate = Bench::host(kRmiGranuleDelegate, {granule.value});
  w.judge.begin(0, delegate);
  w.judge.begin(1, delegate);
  w.pas_of[granule] = abi::Pas::kRealm;
  CHECK(w.judge.end(1, w.answer(delegate, 0)).ok());
  w.judge.refresh(0);
  CHECK(!w.judge.allowed(0).at(0).condition.empty());
  CHECK(w.judge.end(0, w.answer(delegate, 1)).ok());
}

TEST_CASE("diff names what differs by granule, realm, REC and IPA, and only in its scope") {
  Watched w;
  State monitor = w.judge.state();
  const Scope all = Scope::everything(w.judge.state(), monitor);
  CHECK(w.judge.compare(monitor, all).empty());
  monitor.granules[w.source] = GranuleState::kDelegated;
  monitor.realms.at(w.made).num_recs = 5;
  monitor.recs.at(w.third).gprs[3] = 1;
  monitor.tables.at({w.made, 3, {0}}).entries[2].ripas = Ripas::kDestroyed;
  monitor.tables.erase({w.made, 3, {0x400000}});
  const auto lines = w.judge.compare(monitor, Scope::everything(w.judge.state(), monitor));
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].find("model UNDELEGATED, monitor DELEGATED") != std::string::npos);
  CHECK(lines[1].find("num_recs: model 0x1, monitor 0x5") != std::string::npos);
  CHECK(lines[2].find("gprs[3]: model 0xe, monitor 0x1") != std::string::npos);
  CHECK(lines[3].find("ipa 0x2000 of realm") == 0);
  CHECK(lines[3].find("model ASSIGNED EMPTY") != std::string::npos);
  CHECK(lines[4].find("model exists, monitor none") != std::string::npos);
  Scope recs;
  recs.recs = {w.third};
  CHECK(w.judge.compare(monitor, recs).size() == 1);
}

TEST_CASE("diff leaves out what the realm has while its REC runs, and X4 to X6 after a PSCI exit") {
  Watched w;
  State monitor = w.judge.state();
  Scope recs;
  recs.recs = {w.caller};
  monitor.recs.at(w.caller).gprs[9] = 1;
  CHECK(w.judge.compare(monitor, recs).size() == 1);
  w.rec_of(w.caller).running = true;
  monitor.recs.at(w.caller).running = true;
  CHECK(w.judge.compare(monitor, recs).empty());
  monitor = w.judge.state();
  w.rec_of(w.caller).running = monitor.recs.at(w.caller).running = false;
  w.rec_of(w.caller).pause = Pause::kPsci;
  monitor.recs.at(w.caller).gprs[5] = 1;
  CHECK(w.judge.compare(monitor, recs).empty());
  monitor.recs.at(w.caller).gprs[7] = 1;
  CHECK(w.judge.compare(monitor, recs).size() == 1);
}

TEST_CASE("The history holds commands and the pages they name") {
  Watched w;
  RecEnter enter;
  enter.flags = 4;
  w.judge.begin(kPe, w.enter_call(enter));
  REQUIRE(w.judge.history().size() == 2);
  CHECK(w.judge.history()[0].find("RmiRecEnter at=0x") == 0);
  CHECK(w.judge.history()[0].find(" flags=0x4") != std::string::npos);
  CHECK(w.judge.history()[1].find("RMI_REC_ENTER rec=0x") == 0);
}

TEST_CASE("A state prints as lines") {
  Scene scene;
  const std::string text = describe(scene.state);
  CHECK(text.find("RD\n") != std::string::npos);
  CHECK(text.find("ACTIVE ipa_width=40") != std::string::npos);
  CHECK(text.find("  ipa 0x1000 +1 ASSIGNED RAM 0x") != std::string::npos);
  CHECK(text.find("  ipa 0x3000 +13 UNASSIGNED RAM\n") != std::string::npos);
  CHECK(text.find("ASSIGNED_NS 0xa0000000 MemAttr=5 S2AP=3") != std::string::npos);
}

}  // namespace
}  // namespace rmm::spec
