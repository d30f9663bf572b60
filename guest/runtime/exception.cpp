// SPDX-License-Identifier: GPL-2.0-or-later
// No program of ours expects an exception: say what happened and stop.

#include <cstdint>

#include "guest/runtime/console.h"

extern "C" [[noreturn]] void report_exception(std::uint64_t vector, std::uint64_t esr, std::uint64_t elr,
                                              std::uint64_t far) {
  using guest::Hex;
  guest::print("guest: unexpected exception at vector ", vector, ": ESR ", Hex{esr}, " ELR ", Hex{elr}, " FAR ",
               Hex{far}, "\n");
  // With everything masked and nothing to wait for the machine reports this CPU as stuck.
  for (;;) asm volatile("wfi");
}
