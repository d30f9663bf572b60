// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/exception_entry.h"

#include <array>

#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/el2_registers.h"
#include "sim/cpu/unicorn/engine.h"

namespace sim {
namespace {

using abi::SysReg;

constexpr std::uint64_t kNzcv = 0xfULL << 28;
constexpr std::uint64_t kDaif = abi::pstate::kD | abi::pstate::kA | abi::pstate::kI | abi::pstate::kF;
constexpr std::uint64_t kSctlrSpan = 1ULL << 23;
constexpr std::uint64_t kVectorSpx = 0x200, kVectorLower = 0x400;

constexpr std::uint64_t kUsesOwnStack = 1;  // PSTATE.SP

constexpr std::uint32_t key(SysReg reg) { return static_cast<std::uint32_t>(reg); }
// The stack pointer that a mode uses: SP_EL1 at EL1h, SP_EL2 at EL2h, SP_EL0 at EL0t, EL1t and EL2t.
constexpr unsigned stack_of(std::uint64_t pstate) {
  return (pstate & kUsesOwnStack) != 0 ? exception_level(pstate) : 0;
}

// What differs between the exception levels that take exceptions.
struct Level {
  std::uint32_t elr, esr, far, spsr, vbar, sctlr;
  std::uint64_t mode;
};
constexpr std::array<Level, 2> kLevels = {{
    {key(SysReg::kElrEl1), key(SysReg::kEsrEl1), key(SysReg::kFarEl1), key(SysReg::kSpsrEl1), key(SysReg::kVbarEl1),
     key(SysReg::kSctlrEl1), abi::pstate::kEl1h},
    {el2::kElr, el2::kEsr, el2::kFar, el2::kSpsr, el2::kVbar, el2::kSctlr, el2::kEl2h},
}};

constexpr std::uint64_t vector_offset(std::uint64_t pstate, unsigned target) {
  if (exception_level(pstate) != target) return kVectorLower;
  return stack_of(pstate) != 0 ? kVectorSpx : 0;
}

// PSTATE.PAN at entry: kept, and set where SCTLR_ELx.SPAN is 0. EL2 has that bit only in the EL2&0 regime.
bool sets_pan(const Engine& engine, unsigned target, const Level& level) {
  constexpr std::uint64_t kEl20 = el2::kHcrE2h | el2::kHcrTge;
  if (target == 2 && (engine.read_system(el2::kHcr).value_or(0) & kEl20) != kEl20) return false;
  return (engine.read_system(level.sctlr).value_or(0) & kSctlrSpan) == 0;
}

void select_stack(Engine& engine, unsigned from, unsigned to) {
  if (from == to) return;
  engine.set_banked_sp(from, engine.sp());
  engine.set_sp(engine.banked_sp(to));
}

}  // namespace

void enter_exception(Engine& engine, const ExceptionEntry& exception, bool has_pan) {
  const Level& level = kLevels[exception.target - 1];
  const std::uint64_t before = engine.pstate();
  std::uint64_t after = (before & kNzcv) | kDaif | level.mode;
  if (has_pan && ((before & abi::pstate::kPan) != 0 || sets_pan(engine, exception.target, level)))
    after |= abi::pstate::kPan;

  select_stack(engine, stack_of(before), exception.target);
  engine.write_system(level.elr, exception.return_address);
  if (exception.kind == VectorKind::kSync || exception.kind == VectorKind::kSerror)
    engine.write_system(level.esr, exception.esr);
  if (exception.far) engine.write_system(level.far, *exception.far);
  engine.write_system(level.spsr, before);
  engine.set_pstate(after);
  engine.set_pc(engine.read_system(level.vbar).value_or(0) + vector_offset(before, exception.target) +
                static_cast<std::uint64_t>(exception.kind));
}

void change_pstate(Engine& engine, std::uint64_t pstate) {
  select_stack(engine, stack_of(engine.pstate()), stack_of(pstate));
  engine.set_pstate(pstate);
}

std::uint64_t stack_pointer(const Engine& engine, unsigned el) {
  return stack_of(engine.pstate()) == el ? engine.sp() : engine.banked_sp(el);
}

void set_stack_pointer(Engine& engine, unsigned el, std::uint64_t value) {
  if (stack_of(engine.pstate()) == el) {
    engine.set_sp(value);
  } else {
    engine.set_banked_sp(el, value);
  }
}

}  // namespace sim
