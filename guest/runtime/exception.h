// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions that a program expects: aborts it provokes, and interrupts. All others end it (exception.cpp).
#pragma once

#include <array>
#include <cstdint>

namespace guest {

// The interrupted state, as start.S lays it out on the stack.
struct Frame {
  std::array<std::uint64_t, 31> x;
  std::uint64_t elr, spsr, esr, far;
};

// A synchronous exception that fault_of has caught.
struct Fault {
  bool taken = false;
  std::uint64_t esr = 0, far = 0;
  std::uint64_t vector = 0;  // of the table: 0 with SP_EL0, 4 with the stack of the exception level

  std::uint64_t exception_class() const { return (esr >> 26) & 0x3f; }
  bool is_data_abort() const { return taken && exception_class() == 0x25; }   // from the same exception level
  bool is_fetch_abort() const { return taken && exception_class() == 0x21; }  // from the same exception level
  bool is_pc_alignment() const { return taken && exception_class() == 0x22; }
  bool is_write() const { return (esr & (1U << 6)) != 0; }
  // Synchronous external abort, not on a table walk (Arm ARM, DFSC and IFSC).
  bool is_external() const { return (esr & 0x3f) == 0x10; }
  bool is_address_size() const { return (esr & 0x3c) == 0; }
};

// How this CPU goes on after an exception inside fault_of: behind the instruction, and after a failed fetch at the
// caller of what couldn't be fetched.
void expect_fault();
Fault caught_fault();

// Runs `access`, which contains at most one faulting instruction, and returns the exception that it took. SVC, HVC and
// SMC need a NOP behind them, which is skipped.
template <class Access>
Fault fault_of(Access access) {
  expect_fault();
  access();
  return caught_fault();
}

// `handler` is called for each IRQ of each CPU, with interrupts masked.
void on_irq(void (*handler)());

inline void unmask_irqs() { asm volatile("msr daifclr, #2\nisb" ::: "memory"); }
inline void mask_irqs() { asm volatile("msr daifset, #2\nisb" ::: "memory"); }

}  // namespace guest
