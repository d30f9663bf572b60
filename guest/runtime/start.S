// SPDX-License-Identifier: GPL-2.0-or-later
// Entry of a guest program, at the first byte of the raw binary. The VMM enters the first CPU here with the MMU off;
// PSCI CPU_ON enters the others at secondary_start with their index in X0.

#include "guest/runtime/vectors.inc"

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

    .section .text.vectors, "ax"
    .balign 0x800
vectors:
    .irp    index, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vector  \index, take
    .endr

take:
    take_exception_at el1
