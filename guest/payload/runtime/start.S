// SPDX-License-Identifier: GPL-2.0-or-later
// Entry of a payload, at the first byte of the raw binary: the first PE at EL2 with the MMU off, after power-on and again
// after a reset of the platform. PSCI CPU_ON enters the other PEs at secondary_start with their index in X0.

#include "guest/runtime/vectors.inc"

    .section .text.start, "ax"
    .global _start
_start:
    adrp    x0, __bss_start
    adrp    x1, __bss_end
1:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    1b

    mov     x19, #0
    bl      use_own
    bl      first_cpu
    b       .

    .global secondary_start
secondary_start:
    mov     x19, x0
    bl      use_own
    mov     x0, x19
    bl      secondary_cpu
    b       .

// Vectors, and one stack for each PE, __stack_size bytes, growing down. x19: index of this PE, kept in TPIDR_EL1, which
// EL1 code of the payload reads too.
use_own:
    adrp    x0, vectors
    add     x0, x0, :lo12:vectors
    msr     vbar_el2, x0
    adrp    x0, el1_vectors
    add     x0, x0, :lo12:el1_vectors
    msr     vbar_el1, x0
    isb
    msr     tpidr_el1, x19
    adrp    x0, __stacks
    ldr     x1, =__stack_size
    add     x2, x19, #1
    madd    x0, x1, x2, x0
    msr     spsel, #1
    mov     sp, x0
    ret

    .section .text.vectors, "ax"
    .balign 0x800
vectors:
    .irp    index, 0, 1, 2, 3, 4, 5, 6, 7
    vector  \index, take
    .endr
    .irp    index, 8, 9, 10, 11     // from a lower exception level: run_lower returns (lower.S)
    .balign 0x80
    stp     x0, x1, [sp, #-16]!
    mov     x1, #\index
    b       leave_lower
    .endr
    .irp    index, 12, 13, 14, 15
    vector  \index, take
    .endr

take:
    take_exception_at el2

    .balign 0x800
el1_vectors:
    .irp    index, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vector  \index, take_at_el1
    .endr

take_at_el1:
    take_exception_at el1
