// SPDX-License-Identifier: GPL-2.0-or-later
// Entry of a guest program, at the first byte of the raw binary. The VMM enters the first CPU here with the MMU off;
// PSCI CPU_ON enters the others at secondary_start with their index in X0.

    .section .text.start, "ax"
    .global _start
_start:
    // Memory that is not part of the binary has unknown content (DEN0137 A5.2: DATA_CREATE_UNKNOWN).
    adrp    x0, __bss_start
    adrp    x1, __bss_end
1:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    1b

    bl      use_own_vectors
    mov     x19, #0
    bl      use_stack
    bl      build_stage1
    bl      enable_stage1
    bl      first_cpu
    b       .

    .global secondary_start
secondary_start:
    mov     x19, x0
    bl      use_own_vectors
    bl      use_stack
    bl      enable_stage1
    mov     x0, x19
    bl      secondary_cpu
    b       .

use_own_vectors:
    adrp    x0, vectors
    add     x0, x0, :lo12:vectors
    msr     vbar_el1, x0
    isb
    ret

// x19: index of this CPU, kept in TPIDR_EL1. One stack each, __stack_size bytes, growing down.
use_stack:
    msr     tpidr_el1, x19
    adrp    x0, __stacks
    ldr     x1, =__stack_size
    add     x2, x19, #1
    madd    x0, x1, x2, x0
    mov     sp, x0
    ret

// An exception is taken on the stack of the CPU it hits: the registers go into a guest::Frame (exception.h), which
// take_exception(vector, frame) may change before they are taken back.
    .set    frame_size, 288
    .set    frame_elr, 248
    .set    frame_esr, 264

    .macro  vector index
    .balign 0x80
    sub     sp, sp, #frame_size
    stp     x0, x1, [sp]
    mov     x0, #\index
    b       take
    .endm

    .section .text.vectors, "ax"
    .balign 0x800
vectors:
    .irp    index, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vector  \index
    .endr

take:
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    str     x30, [sp, #240]
    mrs     x1, elr_el1
    mrs     x2, spsr_el1
    stp     x1, x2, [sp, #frame_elr]
    mrs     x1, esr_el1
    mrs     x2, far_el1
    stp     x1, x2, [sp, #frame_esr]
    mov     x1, sp
    bl      take_exception
    ldp     x1, x2, [sp, #frame_elr]
    msr     elr_el1, x1
    msr     spsr_el1, x2
    ldr     x30, [sp, #240]
    ldp     x28, x29, [sp, #224]
    ldp     x26, x27, [sp, #208]
    ldp     x24, x25, [sp, #192]
    ldp     x22, x23, [sp, #176]
    ldp     x20, x21, [sp, #160]
    ldp     x18, x19, [sp, #144]
    ldp     x16, x17, [sp, #128]
    ldp     x14, x15, [sp, #112]
    ldp     x12, x13, [sp, #96]
    ldp     x10, x11, [sp, #80]
    ldp     x8, x9, [sp, #64]
    ldp     x6, x7, [sp, #48]
    ldp     x4, x5, [sp, #32]
    ldp     x2, x3, [sp, #16]
    ldp     x0, x1, [sp]
    add     sp, sp, #frame_size
    eret
