// SPDX-License-Identifier: GPL-2.0-or-later
// The PEs of the machine: PSCI of EL3, a spin table with WFE and SEV, exclusives, SGIs, and a second life.

#include <atomic>

#include "guest/payload/runtime/interrupts.h"
#include "guest/payload/runtime/machine.h"
#include "guest/payload/runtime/registers.h"
#include "guest/payload/runtime/stage1.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/image.h"
#include "guest/runtime/places.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/smc.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace {

namespace gic = guest::gic;
namespace v1 = abi::v1_0;
constinit guest::Claims claims("smp");

constexpr unsigned kCall = 1, kFarewell = 2;  // SGIs
constexpr unsigned kRounds = 200;

std::atomic<unsigned> arrived, calls, suspended;
std::atomic<bool> released;
std::atomic<bool> dismissed[guest::kMaxCpus];
unsigned lives[guest::kMaxCpus];

// A lock by hand: load-exclusive, WFE while it is taken; its release clears the monitors of the waiting PEs, which is
// an event (Arm ARM B2.9).
std::uint32_t lock_word = 0;
unsigned counted = 0;  // under the lock
void lock() {
  std::uint32_t old = 0, failed = 0;
  asm volatile(
      "sevl\n"
      "1: wfe\n"
      "2: ldaxr %w0, [%2]\n"
      "cbnz %w0, 1b\n"
      "stxr %w1, %w3, [%2]\n"
      "cbnz %w1, 2b\n"
      : "=&r"(old), "=&r"(failed)
      : "r"(&lock_word), "r"(1)
      : "memory");
}
void unlock() { asm volatile("stlr wzr, [%0]" : : "r"(&lock_word) : "memory"); }

void on_sgi() {
  const unsigned intid = gic::acknowledge();
  if (intid == kCall) ++calls;
  if (intid == kFarewell) dismissed[guest::this_cpu()] = true;
  if (intid != gic::kSpurious) gic::end(intid);
}

void begin() {
  guest::use_stage1();
  guest::start_interrupts();
  guest::write_hcr(guest::kHcrRw | guest::kHcrImo);
  gic::enable(kCall, 0x80);
  gic::enable(kFarewell, 0x80);
}

void take_interrupts() {
  guest::unmask_irqs();
  guest::mask_irqs();
}

std::int64_t psci(std::uint32_t function, std::uint64_t a1 = 0, std::uint64_t a2 = 0, std::uint64_t a3 = 0) {
  return static_cast<std::int64_t>(guest::smc(function, a1, a2, a3).x0);
}
bool is(std::int64_t answer, v1::PsciStatus status) { return answer == static_cast<std::int64_t>(status); }

// The 32-bit calls answer 32 bits.
std::int32_t psci32(std::uint32_t function, std::uint64_t a1 = 0) {
  return static_cast<std::int32_t>(psci(function, a1));
}

void what_psci_says(unsigned cpus) {
  claims.check(psci32(v1::kPsciVersion) >= 0x1'0001, "PSCI is at least 1.1");
  for (const std::uint32_t function : {v1::kPsciCpuOn, v1::kPsciCpuOff, v1::kPsciCpuSuspend, v1::kPsciAffinityInfo,
                                       v1::kPsciSystemOff, v1::kPsciSystemReset, v1::kPsciFeatures, v1::kPsciVersion})
    claims.check(psci32(v1::kPsciFeatures, function) >= 0, "PSCI_FEATURES knows the function");
  claims.check(psci32(v1::kPsciFeatures, 0x8400'00ff) == -1, "and not another");
  claims.check(psci32(v1::kPsciMigrateInfoType) == 2, "no trusted OS has to migrate");

  const std::uint64_t self = guest::mpidr_of(0).value, nobody = 0xff'ff'ff;
  claims.check(psci(v1::kPsciAffinityInfo, self, 0) == 0, "this PE is on");
  claims.check(is(psci(v1::kPsciCpuOn, self, guest::ipa_of(__text_start).value), v1::PsciStatus::kAlreadyOn),
               "and can't be started");
  claims.check(is(psci(v1::kPsciCpuOn, nobody, guest::ipa_of(__text_start).value), v1::PsciStatus::kInvalidParameters),
               "nor can a PE that isn't there");
  claims.check(is(psci(v1::kPsciAffinityInfo, nobody, 0), v1::PsciStatus::kInvalidParameters), "which has no state");
  bool off = true;
  for (unsigned cpu = 1; cpu < cpus; ++cpu) off &= guest::is_off(cpu);
  claims.check(off, "all others are off");
}

void wait_for(std::atomic<unsigned>& count, unsigned value) {
  while (count != value) asm volatile("yield");
}

void one_life(unsigned cpus) {
  arrived = 0, suspended = 0;
  released = false;
  counted = 0;
  bool started = true;
  for (unsigned cpu = 1; cpu < cpus; ++cpu) started &= guest::cpu_on(cpu) == v1::PsciStatus::kSuccess;
  claims.check(started, "every PE starts");
  wait_for(arrived, cpus - 1);
  bool on = true;
  for (unsigned cpu = 1; cpu < cpus; ++cpu)
    on &= !guest::is_off(cpu) && guest::cpu_on(cpu) == v1::PsciStatus::kAlreadyOn;
  claims.check(on, "and is on then");

  released = true;
  asm volatile("dsb ish\nsev");
  for (unsigned i = 0; i < kRounds; ++i) {
    lock();
    ++counted;
    unlock();
  }
  wait_for(suspended, cpus - 1);
  claims.check(counted == kRounds * cpus, "no count is lost under a lock of exclusives");

  calls = 0;
  for (unsigned cpu = 1; cpu < cpus; ++cpu) gic::send_sgi(cpu, kCall);
  wait_for(calls, cpus - 1);
  claims.check(true, "an SGI reaches each PE, and ends its CPU_SUSPEND");
  gic::send_sgi_to_others(kCall);
  wait_for(calls, 2 * (cpus - 1));
  gic::send_sgi(0, kCall);
  take_interrupts();
  wait_for(calls, 2 * (cpus - 1) + 1);
  claims.check(true, "an SGI reaches all others, or oneself");

  gic::send_sgi_to_others(kFarewell);
  guest::wait_for_others(cpus);
  claims.check(true, "every PE turns itself off");
}

}  // namespace

void first_cpu() {
  begin();
  guest::on_irq(on_sgi);
  const unsigned cpus = guest::machine_cpus();
  std::uint64_t mpidr = 0;
  asm("mrs %0, mpidr_el1" : "=r"(mpidr));
  claims.check((mpidr & 0xff'00ff'ffff) == guest::mpidr_of(0).value, "MPIDR_EL1 is what the redistributor says");
  what_psci_says(cpus);
  one_life(cpus);
  one_life(cpus);
  bool twice = true;
  for (unsigned cpu = 1; cpu < cpus; ++cpu) twice &= lives[cpu] == 2;
  claims.check(twice, "each has lived twice");
  claims.conclude();
}

void secondary_cpu(std::uint64_t cpu) {
  begin();
  ++lives[cpu];
  dismissed[cpu] = false;
  std::uint64_t mpidr = 0, level = 0;
  asm("mrs %0, mpidr_el1\nmrs %1, CurrentEL" : "=r"(mpidr), "=r"(level));
  claims.check((mpidr & 0xff'00ff'ffff) == guest::mpidr_of(static_cast<unsigned>(cpu)).value && level >> 2 == 2,
               "a PE starts at EL2 and is the one that was called");
  ++arrived;
  while (!released) asm volatile("wfe");
  for (unsigned i = 0; i < kRounds; ++i) {
    lock();
    ++counted;
    unlock();
  }
  ++suspended;
  // Standby, which ends with an interrupt, taken or not.
  while (!dismissed[cpu]) {
    claims.check(is(psci(v1::kPsciCpuSuspend, 0), v1::PsciStatus::kSuccess), "CPU_SUSPEND to standby returns");
    take_interrupts();
  }
  guest::cpu_off();
}
