// SPDX-License-Identifier: GPL-2.0-or-later
// A whole realm by hand: made of single RMI commands, entered, and each of its exits answered as a host does. The
// realm's code is below; it goes from one exit to the next and reports by host calls.

#include "guest/payload/runtime/interrupts.h"
#include "guest/payload/runtime/realm_by_hand.h"
#include "guest/payload/runtime/registers.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/program.h"
#include "guest/runtime/smc.h"
#include "guest/runtime/timer.h"

// X28 is the second granule of the realm, which holds the host call structure (imm at 0, gprs at 8). `report imm,
// value` hands X20 out and takes the host's answer back into X20. The MMU stays off, so every access is to Device
// memory.
asm(R"(
    .macro report imm
    mov     w9, #\imm
    strh    w9, [x28]
    str     x20, [x28, #8]
    mov     x1, x28
    ldr     x0, =0xC4000199
    smc     #0
    ldr     x20, [x28, #8]
    .endm

    .pushsection .rodata.realm, "a"
    .balign 8
    .global realm_code, realm_code_end
realm_code:
    cbnz    x0, second_rec
    adr     x28, realm_code
    add     x28, x28, #0x1000
    ldr     x0, =0xC4000190         // RSI_VERSION
    mov     x1, #0x10000
    smc     #0
    mov     x20, x1
    report  1
    add     x20, x20, #1
    report  2
    wfi
    report  3
    wfe
    report  4
    mov     x9, #0xff
    msr     icc_pmr_el1, x9
    mov     x9, #1
    msr     icc_igrpen1_el1, x9
1:  isb
    mrs     x22, icc_iar1_el1
    cmp     x22, #1023
    b.eq    1b
    msr     icc_eoir1_el1, x22      // an interrupt in a list register
    mov     x20, x22
    report  5
    mrs     x9, cntvct_el0
    add     x9, x9, #0x4000
    msr     cntv_cval_el0, x9
    mov     x9, #1
    msr     cntv_ctl_el0, x9
    isb
2:  mrs     x9, cntv_ctl_el0
    tbz     x9, #2, 2b              // ISTATUS
    mrs     x22, icc_iar1_el1       // waits for the host to make it an interrupt
    cmp     x22, #27
    b.ne    2b
    msr     cntv_ctl_el0, xzr
    msr     icc_eoir1_el1, x22
    mov     x20, x22
    report  6
    add     x9, x28, #0x1000        // the third granule: RAM that the host has not given yet
    mov     x10, #0x33
    str     x10, [x9]
    ldr     x20, [x9]
    report  7
    mov     x9, #1
    lsl     x9, x9, #39
    mov     x10, #0x44              // shared with the host
    ldr     x20, [x9]
    str     x10, [x9, #8]
    report  8
    mov     x9, #1
    lsl     x9, x9, #39
    add     x9, x9, #0x1000         // nothing is mapped there: a device of the host
    ldr     w20, [x9, #0x10]
    str     w20, [x9, #0x14]
    report  9
    add     x1, x28, #0x1000        // RSI_IPA_STATE_SET of the third granule: EMPTY
    add     x2, x1, #0x1000
    mov     x3, #0
    mov     x4, #0
    ldr     x0, =0xC4000197
    smc     #0
    mov     x20, x0
    report  10
    ldr     x0, =0xC4000003         // PSCI CPU_ON of the second REC
    mov     x1, #1
    adr     x2, realm_code
    mov     x3, #0x55
    smc     #0
    mov     x20, x0
    report  11
    ldr     x0, =0x84000008         // PSCI SYSTEM_OFF
    smc     #0
    b       .
second_rec:
    adr     x28, realm_code
    add     x28, x28, #0x1000
    mov     x20, x0
    report  12
    ldr     x0, =0x84000002         // PSCI CPU_OFF
    smc     #0
    b       .
    .ltorg
realm_code_end:
    .popsection
)");
extern "C" const char realm_code[], realm_code_end[];

namespace {

namespace gic = guest::gic;
namespace v1 = abi::v1_0;
using v1::RecExitReason;

constinit guest::Claims claims("realm");
constinit guest::RealmByHand realm;

alignas(abi::kGranuleSize) std::uint64_t shared[abi::kGranuleSize / 8];

constexpr std::uint64_t kWfx = 0x01, kLowerDataAbort = 0x24;  // ESR_EL2.EC
constexpr std::uint64_t kVirtualInterrupt = 40;
// ICH_LR<n>_EL2: pending, group 1, priority 0 (IHI 0069).
constexpr std::uint64_t kPendingGroup1 = 1ULL << 62 | 1ULL << 60;

bool exited(const guest::RmiResult& result, RecExitReason reason) {
  return result.ok() && realm.exit.exit_reason == static_cast<std::uint8_t>(reason);
}

// Runs REC 0 with the flags, and forgets what was to be handed over once.
guest::RmiResult run(std::uint64_t flags = 0) {
  realm.enter.flags = flags;
  const guest::RmiResult result = realm.run(0);
  realm.enter = {};
  return result;
}

// The realm reports `imm`; what it handed out.
bool reports(const guest::RmiResult& result, std::uint16_t imm) {
  return exited(result, RecExitReason::kHostCall) && realm.exit.imm == imm;
}
std::uint64_t reported() { return realm.exit.gprs[0]; }

std::uint64_t exception_class() { return realm.exit.esr >> 26 & 0x3f; }

unsigned taken = 0, last = 0;
void on_timer() {
  last = gic::acknowledge();
  ++taken;
  asm volatile("msr cnthp_ctl_el2, xzr\nisb");
  if (last == gic::kVirtualTimer) gic::disable(last);  // its level is the realm's matter
  if (last != gic::kSpurious) gic::end(last);
}

void take_interrupts() {
  guest::unmask_irqs();
  guest::mask_irqs();
}

void monitor() {
  const guest::RmiResult version = guest::rmi(v1::kRmiVersion, {v1::kInterfaceVersion10});
  claims.check(version.ok() && version.out[0] == v1::kInterfaceVersion10, "the monitor speaks RMI 1.0");
  guest::SmcRegisters x{v1::kRmiFeatures, 0, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666, 0x7777, 0x8888, 0x9999, 0xaaaa};
  const guest::SmcRegisters after = guest::smc(x);
  bool kept = after[0] == 0;
  for (unsigned i = 4; i < after.size(); ++i) kept &= after[i] == x[i];
  claims.check(kept, "a command leaves X4 and up alone");
}

void made() {
  claims.check(realm.create(4), "a realm is created, with its tables and RIPAS");
  claims.check(realm.fill(0, realm_code, static_cast<std::size_t>(realm_code_end - realm_code)) &&
                   realm.fill(1, shared, sizeof(shared)),
               "and filled");
  claims.check(realm.share({reinterpret_cast<std::uintptr_t>(shared)}), "a granule is shared with it");
  claims.check(realm.add_rec(guest::RealmByHand::ipa(0), true) && realm.add_rec(guest::RealmByHand::ipa(0), false),
               "it has two RECs");
  claims.check(realm.run(0).is(v1::RmiStatus::kErrorRealm), "a new realm can't be entered");
  claims.check(realm.activate(), "it is activated");
  claims.check(realm.run(1).is(v1::RmiStatus::kErrorRec), "a REC that is not runnable can't be entered");
}

void calls() {
  claims.check(reports(run(), 1) && reported() == v1::kInterfaceVersion10, "the realm runs and calls the host");
  realm.enter.gprs[0] = 41;
  claims.check(reports(run(), 2) && reported() == 42, "the host answers");
}

void waits() {
  claims.check(
      exited(run(v1::kEnterTrapWfi), RecExitReason::kSync) && exception_class() == kWfx && (realm.exit.esr & 3) == 0,
      "WFI exits when it is trapped");
  claims.check(reports(run(), 3), "and is over then");
  claims.check(
      exited(run(v1::kEnterTrapWfe), RecExitReason::kSync) && exception_class() == kWfx && (realm.exit.esr & 3) == 1,
      "so does WFE");
  claims.check(reports(run(), 4), "and is over then");
}

// The host's own timer ends the realm's loop.
void interrupted() {
  gic::enable(gic::kHypervisorTimer, 0x80);
  asm volatile("msr cnthp_cval_el2, %0\nmsr cnthp_ctl_el2, %1\nisb"
               :
               : "r"(guest::physical_counter() + 20'000), "r"(1ULL));
  claims.check(exited(run(), RecExitReason::kIrq) && taken == 0, "a physical interrupt makes the realm exit");
  take_interrupts();
  claims.check(taken == 1 && last == gic::kHypervisorTimer, "and is taken by the host");

  realm.enter.gicv3_lrs[0] = kPendingGroup1 | kVirtualInterrupt;
  const guest::RmiResult result = run();
  claims.check(reports(result, 5) && reported() == kVirtualInterrupt,
               "an interrupt in a list register reaches the realm");
  claims.check(realm.exit.gicv3_lrs[0] >> 62 == 0, "and its end comes back");
}

void timed() {
  gic::enable(gic::kVirtualTimer, 0x80);
  claims.check(exited(run(), RecExitReason::kIrq), "the realm's timer makes it exit");
  claims.check((realm.exit.cntv_ctl & (guest::kTimerEnable | guest::kTimerFired)) ==
                       (guest::kTimerEnable | guest::kTimerFired) &&
                   realm.exit.cntv_cval <= guest::physical_counter(),
               "the run page says that it fired");
  taken = 0;
  take_interrupts();
  // The realm is out: its timer is no line of this PE any more, unless the monitor left it on; both are allowed.
  claims.check(taken == 0 || last == gic::kVirtualTimer, "nothing else interrupts the host");
  gic::disable(gic::kVirtualTimer);
  realm.enter.gicv3_lrs[0] = kPendingGroup1 | gic::kVirtualTimer;
  claims.check(reports(run(), 6) && reported() == gic::kVirtualTimer, "the host makes it the realm's interrupt");
}

void aborts() {
  const std::uint64_t third = guest::RealmByHand::ipa(2).value;
  claims.check(exited(run(), RecExitReason::kSync) && exception_class() == kLowerDataAbort &&
                   (realm.exit.hpfar >> 4 << 12) == third,
               "an access to memory that is missing exits with its address");
  claims.check(realm.give(2) && reports(run(), 7) && reported() == 0x33, "given, the access succeeds");

  shared[0] = 0x66;
  claims.check(
      reports(run(), 8) && reported() == 0x66 && guest::read64(reinterpret_cast<std::uintptr_t>(&shared[1])) == 0x44,
      "shared memory works both ways");

  const std::uint64_t device = guest::RealmByHand::kShared.value + abi::kGranuleSize;
  claims.check(exited(run(), RecExitReason::kSync) && exception_class() == kLowerDataAbort &&
                   (realm.exit.hpfar >> 4 << 12) == device && (realm.exit.far & 0xfff) == 0x10 &&
                   (realm.exit.esr >> 24 & 1) == 1 && (realm.exit.esr >> 6 & 1) == 0,
               "a read of a device exits with a syndrome");
  realm.enter.gprs[0] = 0x1234;
  claims.check(exited(run(v1::kEnterEmulMmio), RecExitReason::kSync) && (realm.exit.esr >> 6 & 1) == 1 &&
                   realm.exit.gprs[0] == 0x1234,
               "the host's value is what the realm writes back");
  claims.check(reports(run(v1::kEnterEmulMmio), 9), "emulated, the access is over");
}

void changes() {
  const std::uint64_t third = guest::RealmByHand::ipa(2).value, end = guest::RealmByHand::ipa(3).value;
  claims.check(exited(run(), RecExitReason::kRipasChange) && realm.exit.ripas_base == third &&
                   realm.exit.ripas_top == end && realm.exit.ripas_value == 0,
               "the realm asks for a RIPAS");
  const guest::RmiResult set = guest::rmi(v1::kRmiRttSetRipas, {realm.rd().value, realm.rec(0).value, third, end});
  claims.check(set.ok() && set.out[0] == end, "the host sets it");
  claims.check(reports(run(), 10) && reported() == 0, "and the realm learns of success");
}

void powers() {
  claims.check(exited(run(), RecExitReason::kPsci) && realm.exit.gprs[0] == v1::kPsciCpuOn && realm.exit.gprs[1] == 1,
               "CPU_ON exits to the host");
  claims.check(guest::rmi(v1::kRmiPsciComplete, {realm.rec(0).value, realm.rec(1).value, 0}).ok(),
               "which completes it");
  claims.check(reports(run(), 11) && reported() == 0, "CPU_ON succeeds");
  realm.enter = {};
  const guest::RmiResult second = realm.run(1);
  claims.check(reports(second, 12) && reported() == 0x55, "the second REC runs");
  claims.check(exited(realm.run(1), RecExitReason::kPsci) && realm.exit.gprs[0] == v1::kPsciCpuOff, "and turns off");
  claims.check(realm.run(1).is(v1::RmiStatus::kErrorRec), "then it can't be entered");
  claims.check(exited(run(), RecExitReason::kPsci) && realm.exit.gprs[0] == v1::kPsciSystemOff, "SYSTEM_OFF exits too");
  claims.check(run().is(v1::RmiStatus::kErrorRealm, v1::kErrorRealmIndexSystemOff), "and is the end of the realm");
}

}  // namespace

void first_cpu() {
  guest::use_stage1();
  guest::start_interrupts();
  guest::write_hcr(guest::kHcrRw | guest::kHcrImo);
  guest::on_irq(on_timer);
  monitor();
  made();
  calls();
  waits();
  interrupted();
  timed();
  aborts();
  changes();
  powers();
  claims.check(realm.destroy(), "everything is destroyed and every granule comes back");
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
