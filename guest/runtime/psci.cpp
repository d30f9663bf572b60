// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/runtime/psci.h"

#include "guest/runtime/image.h"
#include "guest/runtime/places.h"
#include "guest/runtime/smc.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace guest {

namespace {

namespace v1 = abi::v1_0;
constexpr std::uint64_t kAffinityOff = 1;  // AFFINITY_INFO: 0 on, 1 off, 2 on pending

// After a call that must not return: the machine reports a guest that waits for nothing.
[[noreturn]] void wait_forever() {
  for (;;) asm volatile("wfi");
}

}  // namespace

v1::PsciStatus cpu_on(unsigned cpu) {
  const auto entry = reinterpret_cast<std::uintptr_t>(&secondary_start);
  return static_cast<v1::PsciStatus>(smc(v1::kPsciCpuOn, mpidr_of(cpu).value, entry, cpu).x0);
}

unsigned start_others() {
  for (unsigned cpu = 1; cpu < kMaxCpus; ++cpu)
    if (cpu_on(cpu) != v1::PsciStatus::kSuccess) return cpu;  // INVALID_PARAMETERS: no such CPU
  return kMaxCpus;
}

void wait_for_others(unsigned cpus) {
  for (unsigned cpu = 1; cpu < cpus; ++cpu)
    while (!is_off(cpu)) asm volatile("yield");
}

bool is_off(unsigned cpu) { return smc(v1::kPsciAffinityInfo, mpidr_of(cpu).value, 0).x0 == kAffinityOff; }

void cpu_off() {
  smc(v1::kPsciCpuOff);
  wait_forever();
}

void system_off() {
  smc(v1::kPsciSystemOff);
  wait_forever();
}

}  // namespace guest
