// SPDX-License-Identifier: GPL-2.0-or-later
// The smallest payload: a few lines on the UART with the MMU off, then SYSTEM_OFF.

#include "guest/runtime/console.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"

void first_cpu() {
  std::uint64_t level = 0, mpidr = 0;
  asm("mrs %0, CurrentEL" : "=r"(level));
  asm("mrs %0, mpidr_el1" : "=r"(mpidr));
  guest::print("hello from EL", level >> 2, ", MPIDR ", guest::Hex{mpidr}, "\n");
  guest::system_off();
}

void secondary_cpu(std::uint64_t) {}
