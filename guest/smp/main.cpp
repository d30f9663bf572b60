// SPDX-License-Identifier: GPL-2.0-or-later
// Starts every CPU by PSCI; each prints a line under a spin lock. The first CPU waits until all others are off again.

#include <atomic>

#include "guest/runtime/console.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"

namespace {

using guest::print;

std::atomic_flag console_lock;  // clear at start: C++20

void report(std::uint64_t cpu) {
  while (console_lock.test_and_set(std::memory_order_acquire)) asm volatile("yield");
  print("cpu ", cpu, " is up\n");
  console_lock.clear(std::memory_order_release);
}

}  // namespace

extern "C" void first_cpu() {
  report(0);
  const unsigned cpus = guest::start_others();
  guest::wait_for_others(cpus);
  print(std::uint64_t{cpus}, " cpus were up\n");
  guest::system_off();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  report(cpu);
  guest::cpu_off();
}
