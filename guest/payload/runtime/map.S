// SPDX-License-Identifier: GPL-2.0-or-later
// guest::machine_map (machine.h) out of the symbols of the link: they may be too far away for the code to address.

    .section .rodata.map, "a"
    .balign 8
    .global machine_map
machine_map:
    .quad   __ram, __ram_size
    .quad   __uart, __distributor, __redistributors
    .quad   __watchdog, __watchdog_intid
    .quad   __generic_watchdog, __generic_watchdog_refresh, __generic_watchdog_intid
    .quad   __nvm, __ecam, __nothing
