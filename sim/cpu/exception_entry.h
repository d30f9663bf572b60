// SPDX-License-Identifier: GPL-2.0-or-later
// Taking an exception to EL1 or EL2 (Arm ARM D1.3, AArch64.TakeException), which the engine leaves to us, and the
// banked stack pointers that a change of PSTATE.{EL,SP} moves.
#pragma once

#include <cstdint>
#include <optional>

namespace sim {

class Engine;

enum class VectorKind : std::uint16_t { kSync = 0x000, kIrq = 0x080, kFiq = 0x100, kSerror = 0x180 };

struct ExceptionEntry {
  VectorKind kind = VectorKind::kSync;
  unsigned target = 1;                 // exception level: 1 or 2
  std::uint64_t return_address = 0;    // ELR_ELx
  std::uint64_t esr = 0;               // synchronous exceptions and SError
  std::optional<std::uint64_t> far{};  // where the exception defines it
};

// `has_pan`: the CPU model has FEAT_PAN.
void enter_exception(Engine& engine, const ExceptionEntry& exception, bool has_pan);

// Writes PSTATE as an exception return would and moves SP with it.
void change_pstate(Engine& engine, std::uint64_t pstate);

constexpr unsigned exception_level(std::uint64_t pstate) { return static_cast<unsigned>(pstate >> 2) & 3; }

// SP_EL0 to SP_EL2 wherever they are at the moment.
std::uint64_t stack_pointer(const Engine& engine, unsigned el);
void set_stack_pointer(Engine& engine, unsigned el, std::uint64_t value);

}  // namespace sim
