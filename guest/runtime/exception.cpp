// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/runtime/exception.h"

#include "guest/runtime/console.h"
#include "guest/runtime/image.h"
#include "guest/runtime/psci.h"

namespace guest {

namespace {

// Vectors from the same exception level, with SP_EL0 and with its own stack (Arm ARM D1.3.1).
constexpr std::uint64_t kSyncSp0 = 0, kSync = 4, kIrq = 5;

struct Expectation {
  bool waiting = false;
  Fault fault;
};
Expectation expectations[kMaxCpus];
void (*irq_handler)();

// Says what happened and stops. With everything masked and nothing to wait for the machine reports this CPU as stuck.
[[noreturn]] void report(std::uint64_t vector, const Frame& frame) {
  print("guest: unexpected exception at vector ", vector, ": ESR ", Hex{frame.esr}, " ELR ", Hex{frame.elr}, " FAR ",
        Hex{frame.far}, "\n");
  for (;;) asm volatile("wfi");
}

void skip(std::uint64_t vector, Frame& frame, Expectation& expectation) {
  expectation = {.waiting = false, .fault = {.taken = true, .esr = frame.esr, .far = frame.far, .vector = vector}};
  const bool not_fetched = expectation.fault.is_fetch_abort() || expectation.fault.is_pc_alignment();
  frame.elr = not_fetched ? frame.x[30] : frame.elr + 4;
}

}  // namespace

extern "C" void take_exception(std::uint64_t vector, Frame* frame) {
  Expectation& expectation = expectations[this_cpu()];
  if ((vector == kSync || vector == kSyncSp0) && expectation.waiting) return skip(vector, *frame, expectation);
  if (vector == kIrq && irq_handler != nullptr) return irq_handler();
  report(vector, *frame);
}

void expect_fault() {
  expectations[this_cpu()] = {.waiting = true, .fault = {}};
  asm volatile("" ::: "memory");
}

Fault caught_fault() {
  asm volatile("" ::: "memory");
  Expectation& expectation = expectations[this_cpu()];
  expectation.waiting = false;
  return expectation.fault;
}

void on_irq(void (*handler)()) { irq_handler = handler; }

}  // namespace guest
