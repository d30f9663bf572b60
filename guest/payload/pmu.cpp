// SPDX-License-Identifier: GPL-2.0-or-later
// The Performance Monitors (Arm ARM D13): a counter of EL2 that overflows interrupts its PE by a PPI, one of a realm
// makes the realm exit, and the run page says that it overflowed (DEN0137 1.0-rel0 A8.1).

#include "guest/payload/runtime/interrupts.h"
#include "guest/payload/runtime/realm_by_hand.h"
#include "guest/payload/runtime/registers.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/program.h"

// The realm lets its cycle counter overflow, waits for that, and reports by host calls: 1 when it has seen it, 2 when
// it has cleared it. X28: as in realm.cpp.
asm(R"(
    .pushsection .rodata.realm, "a"
    .balign 8
    .global realm_code, realm_code_end
realm_code:
    adr     x28, realm_code
    add     x28, x28, #0x1000
    mov     x10, #0x80000000        // the cycle counter
    mov     x9, #-1000
    msr     pmccntr_el0, x9
    mov     x9, #0x41               // E, LC
    msr     pmcr_el0, x9
    msr     pmintenset_el1, x10
    msr     pmcntenset_el0, x10
    isb
1:  mrs     x20, pmovsset_el0
    tbz     x20, #31, 1b
    mov     w9, #1
    bl      2f
    msr     pmovsclr_el0, x10
    isb
    mrs     x20, pmovsset_el0
    mov     w9, #2
    bl      2f
    b       .
2:  strh    w9, [x28]
    str     x20, [x28, #8]
    mov     x1, x28
    ldr     x0, =0xC4000199
    smc     #0
    ret
    .ltorg
realm_code_end:
    .popsection
)");
extern "C" const char realm_code[], realm_code_end[];

namespace {

namespace gic = guest::gic;
namespace v1 = abi::v1_0;
using v1::RecExitReason;

constinit guest::Claims claims("pmu");
constinit guest::RealmByHand realm;

constexpr unsigned kOverflow = 23;  // PPI (Arm BSA)
constexpr std::uint64_t kCycles = 1ULL << 31, kEnable = 1, kLongCycles = 1 << 6, kAtEl2 = 1 << 27;
constexpr std::uint64_t kCountersShift = 11, kCountersMask = 0x1f;  // PMCR_EL0.N

std::uint64_t control() {
  std::uint64_t value = 0;
  asm volatile("mrs %0, pmcr_el0" : "=r"(value));
  return value;
}

std::uint64_t overflowed() {
  std::uint64_t value = 0;
  asm volatile("isb\nmrs %0, pmovsset_el0" : "=r"(value) : : "memory");
  return value;
}

unsigned taken = 0, last = 0;
void on_overflow() {
  last = gic::acknowledge();
  ++taken;
  asm volatile("msr pmovsclr_el0, %0\nisb" : : "r"(kCycles) : "memory");
  if (last != gic::kSpurious) gic::end(last);
}

void at_el2() {
  gic::enable(kOverflow, 0x80);
  guest::on_irq(on_overflow);
  asm volatile(
      "msr pmcr_el0, %0\n"
      "msr pmccfiltr_el0, %1\n"
      "msr pmccntr_el0, %2\n"
      "msr pmintenset_el1, %3\n"
      "msr pmcntenset_el0, %3\n"
      "isb"
      :
      : "r"(kEnable | kLongCycles), "r"(kAtEl2), "r"(~0ULL - 1000), "r"(kCycles)
      : "memory");
  claims.check(overflowed() == 0 && !gic::is_pending(kOverflow), "a counter that has not overflowed asks for nothing");
  while (overflowed() == 0) continue;
  claims.check(overflowed() == kCycles && gic::is_pending(kOverflow) && taken == 0,
               "overflowed, it is pending and not taken while masked");
  guest::unmask_irqs();
  guest::mask_irqs();
  claims.check(taken == 1 && last == kOverflow, "unmasked it is taken");
  claims.check(!gic::is_pending(kOverflow) && overflowed() == 0, "its level falls with the overflow bit");
  asm volatile("msr pmcntenclr_el0, %0\nmsr pmintenclr_el1, %0\nisb" : : "r"(kCycles) : "memory");
}

bool exited(RecExitReason reason) {
  return realm.run(0).ok() && realm.exit.exit_reason == static_cast<std::uint8_t>(reason);
}
bool reports(std::uint16_t imm) { return exited(RecExitReason::kHostCall) && realm.exit.imm == imm; }

void in_a_realm() {
  const auto counters = static_cast<std::uint8_t>(control() >> kCountersShift & kCountersMask);
  claims.check(realm.create(2, counters), "a realm with all event counters of the machine is created");
  claims.check(realm.fill(0, realm_code, static_cast<std::size_t>(realm_code_end - realm_code)) && realm.give(1) &&
                   realm.add_rec(guest::RealmByHand::ipa(0), true) && realm.activate(),
               "and made ready");
  taken = 0;
  claims.check(exited(RecExitReason::kIrq) && realm.exit.pmu_ovf_status == 1,
               "a counter that overflows in the realm makes it exit, and the run page says so");
  gic::disable(kOverflow);  // until the realm has dealt with it: the line is the PE's
  claims.check(reports(1) && realm.exit.gprs[0] == kCycles && realm.exit.pmu_ovf_status == 1,
               "shown to the host, it lets the realm go on");
  claims.check(reports(2) && realm.exit.gprs[0] == 0 && realm.exit.pmu_ovf_status == 0, "cleared, it is not shown");
  gic::enable(kOverflow, 0x80);
  guest::unmask_irqs();
  guest::mask_irqs();
  claims.check(taken == 0 && overflowed() == 0, "the host's own counters have not noticed");
  claims.check(realm.destroy(), "everything is destroyed and every granule comes back");
}

}  // namespace

void first_cpu() {
  guest::use_stage1();
  guest::start_interrupts();
  guest::write_hcr(guest::kHcrRw | guest::kHcrImo);
  at_el2();
  in_a_realm();
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
