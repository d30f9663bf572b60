// SPDX-License-Identifier: GPL-2.0-or-later
// Power control of CPUs and of the whole guest (DEN0022; DEN0137 1.0-rel0 B6.3 for a realm).
#pragma once

#include <cstdint>

#include "rmm/abi/v1_0/types.h"

extern "C" void secondary_start();  // start.S: where CPU_ON lets a CPU begin

namespace guest {

// Starts a CPU; it runs secondary_cpu(cpu).
abi::v1_0::PsciStatus cpu_on(unsigned cpu);
// Starts CPUs until there are no more, and returns how many run then, this one included. Only for CPU 0.
unsigned start_others();
// Waits until CPUs 1..cpus-1 are off.
void wait_for_others(unsigned cpus);
// The index of the CPU that asks.
inline unsigned this_cpu() {
  std::uint64_t index = 0;
  asm("mrs %0, tpidr_el1" : "=r"(index));
  return static_cast<unsigned>(index);
}
// AFFINITY_INFO says OFF.
bool is_off(unsigned cpu);
[[noreturn]] void cpu_off();
[[noreturn]] void system_off();

}  // namespace guest
