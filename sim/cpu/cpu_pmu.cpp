// SPDX-License-Identifier: GPL-2.0-or-later
// The Performance Monitors of a context (pmu.h): which accesses reach them, what they count, and their interrupt. The
// engine's own counters follow the host's clock and are never read; its access checks serve to raise the traps.
#include <algorithm>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/pmu.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/el2_registers.h"

namespace sim {
namespace {

constexpr std::uint32_t key(abi::SysReg reg) { return static_cast<std::uint32_t>(reg); }
constexpr std::uint32_t kMdcrEl3 = abi::sysreg_key(3, 6, 1, 3, 1);
constexpr std::uint64_t kTrap = abi::pmu::kMdcrTpm | abi::pmu::kMdcrTpmcr;
constexpr std::uint64_t kEl1Bit = 0x4;  // of PSTATE.M: set at EL1, clear at EL0

}  // namespace

// What EL2 finds after a reset: all counters are those of EL1, too. Without a PMU its registers are UNDEFINED.
void Cpu::reset_pmu() {
  pmu_ = {};
  if (outside_ == nullptr) return;
  engine_.write_system(el2::kMdcr, pmu_model_.counters);
  if (!pmu_model_.present) engine_.write_system(kMdcrEl3, abi::pmu::kMdcrTpm);
}

// A native EL2 gives the guest its counters, or traps it.
void Cpu::grant_pmu(const abi::RunControls& controls) {
  if (!pmu_model_.present) return;
  pmu_counters_ = controls.pmu_counters;
  const std::uint64_t mdcr = engine_.read_system(el2::kMdcr).value_or(0);
  const std::uint64_t wanted = pmu_counters_ ? mdcr & ~kTrap : mdcr | kTrap;
  if (wanted != mdcr) engine_.write_system(el2::kMdcr, wanted);
}

PmuPlace Cpu::pmu_place() const noexcept {
  PmuPlace place{.el = exception_level(engine_.pstate())};
  if (outside_ == nullptr) {
    place.realm = mmu_.stage2().realm;
    place.hpmn = pmu_counters_.value_or(0);
    return place;
  }
  const std::uint64_t mdcr = engine_.read_system(el2::kMdcr).value_or(0);
  place.hpmn = static_cast<std::uint8_t>(mdcr & abi::pmu::kMdcrHpmnMask);
  place.hpme = (mdcr & abi::pmu::kMdcrHpme) != 0;
  place.hlp = (mdcr & abi::pmu::kMdcrHlp) != 0;
  place.hpmd = (mdcr & abi::pmu::kMdcrHpmd) != 0;
  place.hccd = (mdcr & abi::pmu::kMdcrHccd) != 0;
  return place;
}

PmuPlace Cpu::pmu_place_of_el2() const noexcept {
  PmuPlace place = pmu_place();
  place.el = 2;
  return place;
}

bool Cpu::is_pmu_register(std::uint32_t reg) const noexcept { return pmu_model_.present && Pmu::owns(reg); }

// What stands in the way of an access at the current exception level.
Cpu::PmuBar Cpu::pmu_bar(std::uint32_t reg, bool is_read) const noexcept {
  const unsigned el = exception_level(engine_.pstate());
  if (el == 0 && !pmu_.permits_el0(reg, is_read)) return PmuBar::kEl1;
  if (outside_ == nullptr) return pmu_counters_ ? PmuBar::kNone : PmuBar::kEl2;
  const std::uint64_t mdcr = el < 2 ? engine_.read_system(el2::kMdcr).value_or(0) : 0;
  return (mdcr & abi::pmu::kMdcrTpm) != 0 ? PmuBar::kEl2 : PmuBar::kNone;
}

// The engine has fewer event counters than the architecture has names: see pmu_access(). Its PMMIR_EL1, if it knows it,
// is the constant zero.
bool Cpu::engine_has_pmu_register(std::uint32_t reg) const noexcept {
  constexpr unsigned kCrnCounters = 14, kLast = abi::pmu::kMaxCounters;
  const unsigned n = reg & kLast;
  if (((reg >> 7) & 15) == kCrnCounters) return n < engine_pmu_counters_ || n == kLast;
  return reg != key(abi::pmu::kPmmirEl1);
}

bool Cpu::read_pmu(std::uint32_t reg, std::uint64_t& value) noexcept {
  if (!engine_has_pmu_register(reg) || pmu_bar(reg, true) != PmuBar::kNone) return false;
  count_pmu_so_far();
  return pmu_.read(reg, pmu_model_, pmu_place(), value);
}

bool Cpu::write_pmu(std::uint32_t reg, std::uint64_t value) noexcept {
  if (!engine_has_pmu_register(reg) || pmu_bar(reg, false) != PmuBar::kNone) return false;
  count_pmu_so_far();
  slice_place_ = pmu_place();
  if (!pmu_.write(reg, pmu_model_, slice_place_, value)) return false;
  engine_.end_slice();                         // the deadline or the interrupt may have changed
  return reg != key(abi::pmu::kPmuserenrEl0);  // the engine's access checks read its own
}

// MRS or MSR of a register that the engine doesn't know. nullopt: nor does the PMU.
std::optional<Cpu::Outcome> Cpu::pmu_access(const abi::esr::SysRegIss& access) {
  const std::uint32_t reg = abi::sysreg_key(access.op0, access.op1, access.crn, access.crm, access.op2);
  if (!is_pmu_register(reg) || (at_el0() && access.op1 == 0)) return std::nullopt;
  const std::uint64_t syndrome = abi::esr::make(abi::esr::Ec::kSysReg, abi::esr::make_sysreg_iss(access));
  switch (pmu_bar(reg, access.is_read)) {
    case PmuBar::kNone: break;
    case PmuBar::kEl1: return take(default_target(), syndrome, engine_.pc());
    case PmuBar::kEl2: return to_el2(syndrome);
  }
  std::uint64_t value = !access.is_read && access.rt != 31 ? engine_.x(access.rt) : 0;
  slice_place_ = pmu_place();
  const bool done = access.is_read ? pmu_.read(reg, pmu_model_, slice_place_, value)
                                   : pmu_.write(reg, pmu_model_, slice_place_, value);
  if (!done) return undefined();
  if (access.is_read && access.rt != 31) engine_.set_x(access.rt, value);
  return skip_instruction();
}

// From inside the engine: the part of the slice that is over counts now.
void Cpu::count_pmu_so_far() noexcept {
  const std::uint64_t retired = engine_.retired_so_far();
  const std::uint64_t passed = retired - pmu_counted_;
  pmu_.count(pmu_model_, slice_place_, passed, passed);
  pmu_counted_ = retired;
}

// Shortens a slice to the next overflow that interrupts, and to a return to an exception level at which other counters
// count. An exception to a higher level ends it anyway.
void Cpu::begin_pmu_slice(std::uint64_t& budget, std::uint64_t& watch_mask) {
  pmu_counted_ = 0;
  if (pmu_.enabled == 0) return;  // nothing counts before a write, which looks at its place
  slice_place_ = pmu_place();
  if (!pmu_.active(slice_place_)) return;
  if (const auto deadline = pmu_.deadline(pmu_model_, slice_place_)) budget = std::min(budget, *deadline);
  const auto differs = [&](unsigned el) { return pmu_.differs_at(pmu_model_, slice_place_, el); };
  if (slice_place_.el == 1 && differs(0)) watch_mask |= kEl1Bit;
  if (slice_place_.el == 2 && (differs(1) || differs(0))) watch_mask |= el2::kEl2Bit;
}

void Cpu::end_pmu_slice(std::uint64_t retired) {
  const std::uint64_t passed = retired - pmu_counted_;
  pmu_.count(pmu_model_, slice_place_, passed, passed);
}

// A line of the platform's interrupt controller. Without one it is an input of physical_interrupt().
void Cpu::drive_pmu_line(bool runs) {
  if (pmu_model_.present && owner_.platform_time_ != nullptr)
    owner_.platform_time_->set_pmu_line(pe_->id(), runs && pmu_.overflowed != 0 && pmu_.interrupt(pmu_place()));
}

}  // namespace sim
