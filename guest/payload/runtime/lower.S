// SPDX-License-Identifier: GPL-2.0-or-later
// guest::run_lower(Lower&): the ERET to a lower exception level and the way back, as a hypervisor enters a VM. Offsets are
// those of guest::Lower (lower.h). TPIDR_EL2 says where the registers go when an exception ends the run; the stack of EL2
// holds what the procedure call standard preserves.

    .set    lower_pc, 248
    .set    lower_sp_el0, 264
    .set    lower_esr, 280
    .set    lower_hpfar, 296

    .text
    .global run_lower
run_lower:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    msr     tpidr_el2, x0
    ldp     x1, x2, [x0, #lower_pc]
    msr     elr_el2, x1
    msr     spsr_el2, x2
    ldp     x1, x2, [x0, #lower_sp_el0]
    msr     sp_el0, x1
    msr     sp_el1, x2
    ldp     x2, x3, [x0, #16]
    ldp     x4, x5, [x0, #32]
    ldp     x6, x7, [x0, #48]
    ldp     x8, x9, [x0, #64]
    ldp     x10, x11, [x0, #80]
    ldp     x12, x13, [x0, #96]
    ldp     x14, x15, [x0, #112]
    ldp     x16, x17, [x0, #128]
    ldp     x18, x19, [x0, #144]
    ldp     x20, x21, [x0, #160]
    ldp     x22, x23, [x0, #176]
    ldp     x24, x25, [x0, #192]
    ldp     x26, x27, [x0, #208]
    ldp     x28, x29, [x0, #224]
    ldr     x30, [x0, #240]
    ldp     x0, x1, [x0]
    eret

// x1: the vector; x0 and x1 of the lower exception level are on the stack.
    .global leave_lower
leave_lower:
    mrs     x0, tpidr_el2
    stp     x2, x3, [x0, #16]
    stp     x4, x5, [x0, #32]
    stp     x6, x7, [x0, #48]
    stp     x8, x9, [x0, #64]
    stp     x10, x11, [x0, #80]
    stp     x12, x13, [x0, #96]
    stp     x14, x15, [x0, #112]
    stp     x16, x17, [x0, #128]
    stp     x18, x19, [x0, #144]
    stp     x20, x21, [x0, #160]
    stp     x22, x23, [x0, #176]
    stp     x24, x25, [x0, #192]
    stp     x26, x27, [x0, #208]
    stp     x28, x29, [x0, #224]
    str     x30, [x0, #240]
    ldp     x2, x3, [sp], #16
    stp     x2, x3, [x0]
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x2, x3, [x0, #lower_pc]
    mrs     x2, sp_el0
    mrs     x3, sp_el1
    stp     x2, x3, [x0, #lower_sp_el0]
    mrs     x2, esr_el2
    mrs     x3, far_el2
    stp     x2, x3, [x0, #lower_esr]
    mrs     x2, hpfar_el2
    str     x2, [x0, #lower_hpfar]
    mov     x0, x1
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #96
    ret
