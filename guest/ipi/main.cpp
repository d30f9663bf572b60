// SPDX-License-Identifier: GPL-2.0-or-later
// CPUs that call each other: CPU_ON, AFFINITY_INFO and CPU_OFF of PSCI, SGIs of the GIC, and a second life.

#include <atomic>

#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"

namespace {

namespace gic = guest::gic;
using abi::v1_0::PsciStatus;

constinit guest::Claims claims("ipi");

constexpr unsigned kCall = 1, kAnswer = 2, kFarewell = 15;  // SGIs

// Written by the CPU they belong to, read by CPU 0.
std::atomic<unsigned> calls[guest::kMaxCpus], answers, lives[guest::kMaxCpus];
std::atomic<bool> dismissed[guest::kMaxCpus];

void on_sgi() {
  const unsigned intid = gic::acknowledge();
  if (intid == kCall) {
    ++calls[guest::this_cpu()];
    gic::send_sgi(0, kAnswer);
  } else if (intid == kAnswer) {
    ++answers;
  } else if (intid == kFarewell) {
    dismissed[guest::this_cpu()] = true;
  }
  if (intid != gic::kSpurious) gic::end(intid);
}

void accept_interrupts() {
  gic::start();
  for (const unsigned sgi : {kCall, kAnswer, kFarewell}) gic::enable(sgi, 0x80);
}

// Waits in WFI, with interrupts masked between the test and it, until `done` says so.
template <class Condition>
void sleep_until(Condition done) {
  while (!done()) {
    asm volatile("wfi" ::: "memory");
    guest::unmask_irqs();
    guest::mask_irqs();
  }
}

void start_again(unsigned cpus) {
  bool started = true;
  for (unsigned cpu = 1; cpu < cpus; ++cpu) {
    dismissed[cpu] = false;
    started &= guest::cpu_on(cpu) == PsciStatus::kSuccess;
  }
  claims.check(started, "a CPU that is off can be started again");
}

// A call to each CPU alone and one to all others at once; each CPU answers each call.
void call_all(unsigned cpus) {
  const unsigned others = cpus - 1;
  answers = 0;
  for (unsigned cpu = 1; cpu < cpus; ++cpu) {
    gic::send_sgi(cpu, kCall);
    sleep_until([cpu] { return answers >= cpu; });
  }
  claims.check(answers == others, "an SGI to each CPU is answered by that CPU");
  unsigned called_once = 0;
  for (unsigned cpu = 1; cpu < cpus; ++cpu) called_once += calls[cpu].exchange(0) == 1 ? 1 : 0;
  claims.check(called_once == others && calls[0] == 0, "by no other");

  // Answers of several CPUs may be one interrupt here: what counts is that each CPU was called.
  gic::send_sgi_to_others(kCall);
  for (unsigned cpu = 1; cpu < cpus; ++cpu)
    while (calls[cpu] == 0) asm volatile("yield");
  claims.check(calls[0] == 0, "an SGI to all others reaches all others");
  for (unsigned cpu = 1; cpu < cpus; ++cpu) calls[cpu] = 0;

  gic::send_sgi(0, kCall);
  sleep_until([] { return calls[0] != 0; });
  claims.check(calls[0].exchange(0) == 1, "a CPU can call itself");
}

void check_psci(unsigned cpus) {
  bool on = true, already = true;
  for (unsigned cpu = 0; cpu < cpus; ++cpu) {
    on &= !guest::is_off(cpu);
    already &= guest::cpu_on(cpu) == PsciStatus::kAlreadyOn;
  }
  claims.check(on, "AFFINITY_INFO says that all are on");
  claims.check(already, "CPU_ON says ALREADY_ON");
  claims.check(guest::cpu_on(cpus) == PsciStatus::kInvalidParameters, "there is no CPU behind the last");
}

void live_once(unsigned cpus, unsigned life) {
  call_all(cpus);
  check_psci(cpus);
  for (unsigned cpu = 1; cpu < cpus; ++cpu) gic::send_sgi(cpu, kFarewell);
  guest::wait_for_others(cpus);
  bool lived = true;
  for (unsigned cpu = 1; cpu < cpus; ++cpu) lived &= lives[cpu] == life;
  claims.check(lived, "AFFINITY_INFO says that all are off again");
}

}  // namespace

extern "C" void first_cpu() {
  guest::on_irq(on_sgi);
  accept_interrupts();
  const unsigned cpus = guest::start_others();
  live_once(cpus, 1);
  start_again(cpus);
  live_once(cpus, 2);
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  ++lives[cpu];
  accept_interrupts();
  sleep_until([cpu] { return dismissed[cpu].load(); });
  guest::cpu_off();
}
