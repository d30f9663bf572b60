// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/exception_entry.h"

#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/unicorn/engine.h"

namespace sim {
namespace {

using abi::SysReg;

constexpr std::uint64_t kNzcv = 0xfULL << 28;
constexpr std::uint64_t kDaif = abi::pstate::kD | abi::pstate::kA | abi::pstate::kI | abi::pstate::kF;
constexpr std::uint64_t kSctlrSpan = 1ULL << 23;
constexpr std::uint64_t kVectorSpx = 0x200, kVectorLower = 0x400;

constexpr std::uint32_t key(SysReg reg) { return static_cast<std::uint32_t>(reg); }
constexpr std::uint64_t mode(std::uint64_t pstate) { return pstate & abi::pstate::kModeMask; }
// The stack pointer that a mode uses: SP_EL1 at EL1h, SP_EL0 at EL0t and EL1t.
constexpr unsigned stack_of(std::uint64_t pstate) { return mode(pstate) == abi::pstate::kEl1h ? 1 : 0; }

constexpr std::uint64_t vector_offset(std::uint64_t pstate) {
  if (mode(pstate) == abi::pstate::kEl0t) return kVectorLower;
  return mode(pstate) == abi::pstate::kEl1h ? kVectorSpx : 0;
}

void select_stack(Engine& engine, unsigned from, unsigned to) {
  if (from == to) return;
  engine.set_banked_sp(from, engine.sp());
  engine.set_sp(engine.banked_sp(to));
}

}  // namespace

void enter_el1(Engine& engine, const El1Exception& exception, bool has_pan) {
  const std::uint64_t before = engine.pstate();
  std::uint64_t after = (before & kNzcv) | kDaif | abi::pstate::kEl1h;
  const bool set_pan = (engine.read_system(key(SysReg::kSctlrEl1)).value_or(0) & kSctlrSpan) == 0;
  if (has_pan && (set_pan || (before & abi::pstate::kPan) != 0)) after |= abi::pstate::kPan;

  select_stack(engine, stack_of(before), 1);
  engine.write_system(key(SysReg::kElrEl1), exception.return_address);
  if (exception.kind == VectorKind::kSync || exception.kind == VectorKind::kSerror)
    engine.write_system(key(SysReg::kEsrEl1), exception.esr);
  if (exception.far) engine.write_system(key(SysReg::kFarEl1), *exception.far);
  engine.write_system(key(SysReg::kSpsrEl1), before);
  engine.set_pstate(after);
  engine.set_pc(engine.read_system(key(SysReg::kVbarEl1)).value_or(0) + vector_offset(before) +
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
