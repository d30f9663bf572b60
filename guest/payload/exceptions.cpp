// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions at EL2 and below: which exception level takes them, by which vector, with which syndrome, and the way
// back.

#include "guest/payload/runtime/lower.h"
#include "guest/payload/runtime/machine.h"
#include "guest/payload/runtime/registers.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"

// Vectors of EL1 that tell EL2 which one was taken: HVC #(0x100 + index).
asm(R"(
    .pushsection .text.telling_vectors, "ax"
    .balign 0x800
    .global telling_vectors
telling_vectors:
    .irp    index, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .balign 0x80
    hvc     #(0x100 + \index)
    .endr

    .popsection

    .pushsection .text
    .global lower_svc, lower_hvc, lower_smc, lower_wfi, lower_id, lower_load, lower_udf
lower_svc:
    svc     #0x11
    hvc     #0x12
lower_hvc:
    mov     x1, #0x77
    mrs     x2, CurrentEL
    hvc     #0x22
lower_smc:
    smc     #0
    hvc     #0x32
lower_wfi:
    wfi
    hvc     #0x42
lower_id:
    mrs     x3, id_aa64pfr0_el1
    hvc     #0x52
lower_load:
    ldr     x4, [x5]
    hvc     #0x62
lower_udf:
    udf     #0
    .popsection
)");
extern "C" const char telling_vectors[], lower_svc[], lower_hvc[], lower_smc[], lower_wfi[], lower_id[], lower_load[],
    lower_udf[];

namespace {

constinit guest::Claims claims("exceptions");

// Exception classes (Arm ARM, ESR_ELx.EC).
constexpr std::uint64_t kUnknown = 0x00, kWfx = 0x01, kSvc = 0x15, kHvc = 0x16, kSmc = 0x17, kSystemRegister = 0x18,
                        kLowerDataAbort = 0x24, kBreakpoint = 0x3c;
constexpr std::uint64_t kImmediate = 0xffff;
constexpr std::uint64_t kNotSupported = ~0ULL;

std::uint64_t address_of(const char* code) { return reinterpret_cast<std::uintptr_t>(code); }

bool is(const guest::Fault& fault, std::uint64_t exception_class, std::uint64_t immediate) {
  return fault.taken && fault.exception_class() == exception_class && (fault.esr & kImmediate) == immediate;
}
bool is(const guest::Lower& lower, std::uint64_t exception_class, std::uint64_t immediate) {
  return lower.exception_class() == exception_class && (lower.esr & kImmediate) == immediate;
}

guest::Lower from(const char* code, std::uint64_t pstate) {
  guest::Lower lower;
  lower.pc = address_of(code);
  lower.pstate = pstate;
  lower.sp_el0 = 0x1110;
  lower.sp_el1 = 0x2220;
  return lower;
}

void at_el2() {
  std::uint64_t level = 0;
  asm("mrs %0, CurrentEL" : "=r"(level));
  claims.check(level >> 2 == 2, "the program is at EL2");
  claims.check(is(guest::fault_of([] { asm volatile("brk #0x123"); }), kBreakpoint, 0x123), "BRK");
  claims.check(is(guest::fault_of([] { asm volatile("svc #0x45\nnop"); }), kSvc, 0x45), "SVC");
  claims.check(is(guest::fault_of([] { asm volatile("hvc #0x67\nnop"); }), kHvc, 0x67), "HVC");
  claims.check(is(guest::fault_of([] { asm volatile("udf #1"); }), kUnknown, 0), "an undefined instruction");

  const guest::Fault on_sp0 = guest::fault_of([] {
    asm volatile(
        "mov x9, sp\n"
        "msr spsel, #0\n"
        "mov sp, x9\n"
        "svc #0x89\n"
        "nop\n"
        "msr spsel, #1\n"
        :
        :
        : "x9", "memory");
  });
  claims.check(is(on_sp0, kSvc, 0x89) && on_sp0.vector == 0, "with SP_EL0 chosen the first vectors are taken");
  std::uint64_t spsel = 0;
  asm volatile("mrs %0, spsel" : "=r"(spsel));
  claims.check(spsel == 1, "and the choice of the stack comes back with ERET");

  const std::uint64_t odd = address_of(lower_hvc) + 2;
  const guest::Fault misaligned = guest::fault_of([=] { guest::call(odd); });
  claims.check(misaligned.is_pc_alignment() && misaligned.far == odd, "a misaligned PC");
}

void at_el1() {
  guest::write_hcr(guest::kHcrRw);
  guest::Lower lower = from(lower_hvc, guest::kAtEl1);
  std::uint64_t vector = guest::run_lower(&lower);
  claims.check(vector == guest::kLowerSync && is(lower, kHvc, 0x22), "HVC at EL1 comes to EL2");
  claims.check(lower.x[1] == 0x77 && lower.x[2] >> 2 == 1, "ERET had gone to EL1");
  claims.check(lower.pc == address_of(lower_smc) && lower.pstate == guest::kAtEl1, "ELR and SPSR say where it was");
  claims.check(lower.sp_el0 == 0x1110 && lower.sp_el1 == 0x2220, "each exception level has its stack pointer");

  lower = from(lower_smc, guest::kAtEl1);
  lower.x[0] = 0x8400'ffff;
  vector = guest::run_lower(&lower);
  claims.check(vector == guest::kLowerSync && is(lower, kHvc, 0x32) && lower.x[0] == kNotSupported,
               "an unknown SMC of EL1 is answered by EL3");
  guest::write_hcr(guest::kHcrRw | guest::kHcrTsc);
  lower = from(lower_smc, guest::kAtEl1);
  vector = guest::run_lower(&lower);
  claims.check(vector == guest::kLowerSync && lower.exception_class() == kSmc && lower.pc == address_of(lower_smc),
               "HCR_EL2.TSC: it comes to EL2");

  guest::write_hcr(guest::kHcrRw | guest::kHcrTwi);
  lower = from(lower_wfi, guest::kAtEl1);
  guest::run_lower(&lower);
  claims.check(lower.exception_class() == kWfx && (lower.esr & 1) == 0 && lower.pc == address_of(lower_wfi),
               "HCR_EL2.TWI: WFI comes to EL2");

  guest::write_hcr(guest::kHcrRw | guest::kHcrTid3);
  lower = from(lower_id, guest::kAtEl1);
  guest::run_lower(&lower);
  // ISS of a trapped MRS: Op0 3, Op2 0, Op1 0, CRn 0, Rt 3, CRm 4, read.
  constexpr std::uint64_t kIss = 3U << 20 | 3U << 5 | 4U << 1 | 1U;
  claims.check(lower.exception_class() == kSystemRegister && (lower.esr & 0x1ff'ffff) == kIss,
               "HCR_EL2.TID3: reading an ID register comes to EL2");
  guest::write_hcr(guest::kHcrRw);
  lower = from(lower_id, guest::kAtEl1);
  guest::run_lower(&lower);
  std::uint64_t pfr0 = 0;
  asm("mrs %0, id_aa64pfr0_el1" : "=r"(pfr0));
  claims.check(is(lower, kHvc, 0x52) && lower.x[3] == pfr0, "without it EL1 reads the same as EL2");
  claims.check((pfr0 >> 24 & 0xf) == 1 && (pfr0 >> 52 & 0xf) >= 1, "ID_AA64PFR0_EL1 tells GICv3 and RME");
}

// What EL1 takes itself, with vectors that say which.
bool taken_at_el1(const guest::Lower& lower, std::uint64_t vector, std::uint64_t exception_class) {
  std::uint64_t esr = 0;
  asm volatile("mrs %0, esr_el1" : "=r"(esr));
  return is(lower, kHvc, 0x100 + vector) && esr >> 26 == exception_class;
}

void taken_by_el1() {
  asm volatile("msr vbar_el1, %0\nisb" : : "r"(address_of(telling_vectors)) : "memory");
  guest::write_hcr(guest::kHcrRw);
  guest::Lower lower = from(lower_svc, guest::kAtEl1);
  guest::run_lower(&lower);
  std::uint64_t elr = 0, spsr = 0;
  asm volatile("mrs %0, elr_el1\nmrs %1, spsr_el1" : "=r"(elr), "=r"(spsr));
  claims.check(taken_at_el1(lower, 4, kSvc) && elr == address_of(lower_svc) + 4 && spsr == guest::kAtEl1,
               "SVC of EL1 is taken at EL1");
  lower = from(lower_svc, guest::kAtEl0);
  guest::run_lower(&lower);
  asm volatile("mrs %0, elr_el1\nmrs %1, spsr_el1" : "=r"(elr), "=r"(spsr));
  claims.check(taken_at_el1(lower, 8, kSvc) && elr == address_of(lower_svc) + 4 && spsr == guest::kAtEl0,
               "SVC of EL0 is taken at EL1");
  lower = from(lower_udf, guest::kAtEl1);
  guest::run_lower(&lower);
  claims.check(taken_at_el1(lower, 4, kUnknown), "an undefined instruction of EL1 is taken at EL1");
  lower = from(lower_hvc, guest::kAtEl0);
  guest::run_lower(&lower);
  claims.check(taken_at_el1(lower, 8, kUnknown), "HVC is undefined at EL0");
}

void trap_general_exceptions() {
  guest::write_hcr(guest::kHcrRw | guest::kHcrTge);
  guest::Lower lower = from(lower_svc, guest::kAtEl0);
  std::uint64_t vector = guest::run_lower(&lower);
  claims.check(vector == guest::kLowerSync && is(lower, kSvc, 0x11) && lower.pstate == guest::kAtEl0,
               "HCR_EL2.TGE: SVC of EL0 comes to EL2");
  lower = from(lower_udf, guest::kAtEl0);
  vector = guest::run_lower(&lower);
  claims.check(vector == guest::kLowerSync && lower.exception_class() == kUnknown && lower.pc == address_of(lower_udf),
               "and so does an undefined instruction");
  lower = from(lower_load, guest::kAtEl0);
  lower.x[5] = guest::machine_map.nothing.value;
  vector = guest::run_lower(&lower);
  claims.check(vector == guest::kLowerSync && lower.exception_class() == kLowerDataAbort &&
                   (lower.esr & 0x3f) == 0x10 && lower.far == guest::machine_map.nothing.value,
               "and an access that nothing answers");
  guest::write_hcr(guest::kHcrRw);
}

}  // namespace

void first_cpu() {
  guest::use_stage1();
  at_el2();
  at_el1();
  taken_by_el1();
  trap_general_exceptions();
  claims.conclude();
}

void secondary_cpu(std::uint64_t) {}
