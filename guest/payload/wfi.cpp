// SPDX-License-Identifier: GPL-2.0-or-later
// The end of many payloads: WFI with nothing that could wake the PE.

#include "guest/runtime/console.h"
#include "guest/runtime/program.h"

void first_cpu() {
  guest::print("waiting for ever\n");
  for (;;) asm volatile("wfi");
}

void secondary_cpu(std::uint64_t) {}
