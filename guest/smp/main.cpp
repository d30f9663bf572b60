// SPDX-License-Identifier: GPL-2.0-or-later
// Starts every CPU by PSCI; each prints a line under a spin lock. The first CPU waits until all others are off again.

#include <atomic>

#include "guest/runtime/console.h"
#include "guest/runtime/image.h"
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

// Starts CPUs until there are no more, and returns how many run then, this one included.
unsigned start_others() {
  for (unsigned cpu = 1; cpu < guest::kMaxCpus; ++cpu) {
    const abi::v1_0::PsciStatus status = guest::cpu_on(cpu);
    if (status == abi::v1_0::PsciStatus::kInvalidParameters) return cpu;  // no such CPU
    if (status != abi::v1_0::PsciStatus::kSuccess) {
      print("CPU_ON of cpu ", std::uint64_t{cpu}, " failed\n");
      return cpu;
    }
  }
  return guest::kMaxCpus;
}

}  // namespace

extern "C" void first_cpu() {
  report(0);
  const unsigned cpus = start_others();
  for (unsigned cpu = 1; cpu < cpus; ++cpu) {
    while (!guest::is_off(cpu)) asm volatile("yield");
  }
  print(std::uint64_t{cpus}, " cpus were up\n");
  guest::system_off();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  report(cpu);
  guest::cpu_off();
}
