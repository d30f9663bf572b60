// SPDX-License-Identifier: GPL-2.0-or-later
// MRS, MSR and SYS that the engine does differently from the simulated hardware. Registers that the engine doesn't know
// cannot be served here (it would execute the instruction for ever): see Cpu::resolve_undefined.
#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/el2_registers.h"

namespace sim {
namespace {

constexpr std::uint32_t key(abi::SysReg reg) { return static_cast<std::uint32_t>(reg); }
constexpr unsigned crn(std::uint32_t reg) { return (reg >> 7) & 15; }
constexpr unsigned crm(std::uint32_t reg) { return (reg >> 3) & 15; }
constexpr unsigned op1(std::uint32_t reg) { return (reg >> 11) & 7; }
constexpr unsigned op2(std::uint32_t reg) { return reg & 7; }
constexpr unsigned kOp1El2 = 4;

constexpr std::uint32_t kCntpct = abi::sysreg_key(3, 3, 14, 0, 1);
constexpr std::uint32_t kCntvct = abi::sysreg_key(3, 3, 14, 0, 2);
constexpr std::uint32_t kRndr = abi::sysreg_key(3, 3, 2, 4, 0);
constexpr std::uint32_t kRndrrs = abi::sysreg_key(3, 3, 2, 4, 1);
constexpr std::uint32_t kIcIalluis = abi::sysreg_key(1, 0, 7, 1, 0);
constexpr std::uint32_t kIcIallu = abi::sysreg_key(1, 0, 7, 5, 0);
constexpr std::uint32_t kIcIvau = abi::sysreg_key(1, 3, 7, 5, 1);

// CNTKCTL_EL1: what EL0 may use.
constexpr std::uint64_t kEl0Pcten = 1U << 0, kEl0Vcten = 1U << 1, kEl0Vten = 1U << 8, kEl0Pten = 1U << 9;

constexpr std::uint64_t kNzcv = 0xfULL << 28, kZ = 1ULL << 30;

// Indices into Cpu::large_leaves_ for a VA, by the region of 2 MiB or 1 GiB that holds it.
constexpr std::size_t fold(std::uint64_t region) { return (region ^ (region >> 16) ^ (region >> 32)) & 0xffff; }
constexpr std::uint64_t va_bits(std::uint64_t va) { return va & ((1ULL << 56) - 1); }
constexpr std::size_t small_region(std::uint64_t va) { return fold(va_bits(va) >> 21); }
constexpr std::size_t large_region(std::uint64_t va) { return fold((va_bits(va) >> 30) ^ 0x5a5a); }

}  // namespace

bool Cpu::at_el0() const noexcept { return (engine_.pstate() & abi::pstate::kModeMask) == abi::pstate::kEl0t; }

// The timers by the encodings of their registers: CNT{P,V}_*_EL0, CNTH{P,V}_*_EL2 and, where HCR_EL2.E2H is 1,
// CNT{P,V}_*_EL02. The names of EL0 mean the timers of EL2 there (Arm ARM D11.2.4).
Cpu::TimerAt Cpu::timer_at(std::uint32_t reg) noexcept {
  constexpr unsigned kOp0 = 3, kOp1El0 = 3, kOp1El02 = 5, kCrmPhysical = 2, kCrmVirtual = 3;
  if ((reg >> 14) != kOp0 || crn(reg) != 14 || op2(reg) > 2 || (crm(reg) != kCrmPhysical && crm(reg) != kCrmVirtual))
    return {};
  const bool physical = crm(reg) == kCrmPhysical;
  bool of_el2 = op1(reg) == kOp1El2;
  if (outside_ == nullptr) {
    if (op1(reg) != kOp1El0) return {};
  } else if (!of_el2) {
    const bool redirects = regime() == Regime::kEl20;
    if (op1(reg) != kOp1El0 && !(op1(reg) == kOp1El02 && redirects)) return {};
    of_el2 = op1(reg) == kOp1El0 && redirects;
  }
  if (of_el2) return {physical ? &el2_timers_.physical : &el2_timers_.virtual_timer, 0};
  return physical ? TimerAt{&physical_timer_, 0} : TimerAt{&virtual_timer_, el2_timers_.virtual_offset};
}

// Virtual time within the slice.
std::uint64_t Cpu::count_now() const noexcept {
  return counter_.at(slice_start_ns_ + engine_.retired_so_far() * instruction_ns_ / running_pes_);
}

// False: EL0 or EL1 may not; the engine's own access check then raises the trap.
bool Cpu::timer_permitted(std::uint32_t reg) const noexcept {
  if (outside_ != nullptr && exception_level(engine_.pstate()) < 2 && regime() == Regime::kEl10) {
    const auto control = engine_.read_system(el2::kCnthctl).value_or(0);
    if (reg == kCntpct && (control & el2::kEl1Pcten) == 0) return false;
    if (reg != kCntpct && reg != kCntvct && crm(reg) == 2 && (control & el2::kEl1Pcen) == 0) return false;
  }
  if (!at_el0()) return true;
  const auto control = engine_.read_system(key(abi::SysReg::kCntkctlEl1)).value_or(0);
  if (reg == kCntpct) return (control & kEl0Pcten) != 0;
  if (reg == kCntvct) return (control & kEl0Vcten) != 0;
  return (control & (crm(reg) == 2 ? kEl0Pten : kEl0Vten)) != 0;
}

bool Cpu::read_register(std::uint32_t reg, std::uint64_t& value) noexcept {
  if (is_pmu_register(reg)) return read_pmu(reg, value);
  if (crn(reg) == 14) {
    const bool counter = reg == kCntpct || reg == kCntvct;
    if (counter) {
      if (!timer_permitted(reg)) return false;
      value = count_now();
      if (reg == kCntvct && regime() != Regime::kEl20) value -= el2_timers_.virtual_offset;
      return true;
    }
    if (reg == el2::kCntvoff && outside_ != nullptr) {
      value = el2_timers_.virtual_offset;
      return true;
    }
    const auto [timer, offset] = timer_at(reg);
    if (timer == nullptr || !timer_permitted(reg)) return false;
    const std::uint64_t count = count_now() - offset;
    switch (op2(reg)) {
      case 0: value = timer->read_tval(count); break;
      case 1: value = timer->read_ctl(count); break;
      default: value = timer->cval; break;
    }
    return true;
  }
  if (outside_ != nullptr) {
    if (read_id_register(reg, value)) return true;
    if (const auto target = op1(reg) == 0 ? redirected(reg) : std::nullopt) {  // the engine doesn't know the others
      value = engine_.read_system(*target).value_or(0);
      return true;
    }
  }
  // The ID registers say that there is no RNDR, and the engine would hand out the host's entropy. Its reads fail as on
  // hardware whose generator has nothing to give: zero, with PSTATE.Z set.
  if ((reg == kRndr || reg == kRndrrs) && owner_.config_.model == CpuModel::kMax) {
    value = 0;
    engine_.set_pstate((engine_.pstate() & ~kNzcv) | kZ);
    return true;
  }
  return false;
}

// What EL2 sees of the hardware's identity, and EL1 unless EL2 traps it. A native EL2 is asked by traps instead.
bool Cpu::read_id_register(std::uint32_t reg, std::uint64_t& value) const noexcept {
  if (reg != key(abi::SysReg::kMpidrEl1) && !is_id_register(reg)) return false;
  const unsigned el = exception_level(engine_.pstate());
  if (el == 0) return false;
  if (reg == key(abi::SysReg::kMpidrEl1)) {
    value = sysreg(abi::SysReg::kMpidrEl1);
    return el == 2;  // EL1 has VMPIDR_EL2
  }
  if (el == 1 && (hcr() & el2::kHcrTid3) != 0) return false;
  value = id_register(reg);
  return true;
}

bool Cpu::write_register(std::uint32_t reg, std::uint64_t value) noexcept {
  if (is_pmu_register(reg)) return write_pmu(reg, value);
  if (outside_ != nullptr && op1(reg) == 0)
    if (const auto target = redirected(reg)) {
      write_redirected(*target, value);
      return true;
    }
  switch (reg) {
    case key(abi::SysReg::kSctlrEl1):
    case key(abi::SysReg::kTcrEl1):
    case key(abi::SysReg::kTtbr0El1):
    case key(abi::SysReg::kTtbr1El1):
      forget_controls();
      fetched_.fill({});
      return false;
    default: break;
  }
  if (outside_ != nullptr && op1(reg) >= kOp1El2) {
    if (reg == el2::kCntvoff) {
      el2_timers_.virtual_offset = value;
      outside_->timer_changed();
      engine_.end_slice();
      return true;
    }
    el2_register_written(reg);
  }
  const auto [timer, offset] = timer_at(reg);
  if (timer == nullptr || !timer_permitted(reg)) return false;
  switch (op2(reg)) {
    case 0: timer->write_tval(value, count_now() - offset); break;
    case 1: timer->write_ctl(value); break;
    default: timer->cval = value; break;
  }
  if (outside_ != nullptr) outside_->timer_changed();
  engine_.end_slice();  // the deadline may have moved
  return true;
}

bool Cpu::system_operation(std::uint32_t reg, std::uint64_t operand) noexcept {
  if (crn(reg) == 8) {
    tlb_maintenance(reg, operand);
  } else if (reg == kIcIvau || reg == kIcIallu || reg == kIcIalluis) {
    instruction_cache_maintenance(reg, operand);
  } else if (crn(reg) == 7 && (crm(reg) == 8 || crm(reg) == 9) && !at_el0()) {
    address_translate(reg, operand);
    return true;
  }
  return false;
}

void Cpu::note_leaf(abi::Va va, unsigned shift) noexcept {
  if (shift <= abi::kGranuleShift) return;
  large_leaves_.set(shift <= 21 ? small_region(va.value) : large_region(va.value));
}

// The engine performs the operation on its own TLB, whose entries are all of 4 KiB: by VA it would leave the rest of a
// larger leaf behind. It knows nothing of what is cached here of a stage 2.
void Cpu::tlb_maintenance(std::uint32_t reg, std::uint64_t operand) noexcept {
  constexpr unsigned kCrmByIpaShared = 0, kCrmByIpa = 4, kOp2AllEl1 = 4, kOp2AllStages = 6;
  fetched_.fill({});
  const bool by_ipa = op1(reg) == kOp1El2 && (crm(reg) == kCrmByIpa || crm(reg) == kCrmByIpaShared);
  const bool all_stages = op1(reg) == kOp1El2 && (op2(reg) == kOp2AllEl1 || op2(reg) == kOp2AllStages);
  if (by_ipa || all_stages) {
    mmu_.invalidate();
    engine_.flush_tlb();
  } else if ((op2(reg) & 1) != 0) {
    const std::uint64_t va = operand << abi::kGranuleShift;
    if (large_leaves_.test(small_region(va)) || large_leaves_.test(large_region(va))) engine_.flush_tlb();
  }
  const bool broadcast = crm(reg) == 3 || crm(reg) == 1 || (by_ipa && crm(reg) == kCrmByIpaShared);
  if (broadcast) owner_.flush_peers(*this, mmu_.stage2());
}

// Translated code acts as an instruction cache that fetch fills keep coherent; a flush makes the next fetch look.
void Cpu::instruction_cache_maintenance(std::uint32_t reg, std::uint64_t operand) noexcept {
  if (reg == kIcIvau) {
    const auto page = abi::align_down(operand, abi::kGranuleSize);
    const Privilege who{.el0 = at_el0(), .pan = false};
    const auto translation = mmu_.translate(stage1_controls(), {page}, AccessKind::kRead, who);
    if (translation.fault) return;
    const auto granule = abi::GranulePa::containing(translation.pa);
    if (!owner_.code_pages_.changed(owner_.dram_.index(granule), owner_.dram_.bytes(granule))) return;
  }
  owner_.flush_all();
  engine_.end_slice();
}

// AT S1E1R, S1E1W, S1E0R, S1E0W (CRm 8), S1E1RP, S1E1WP (CRm 9), of EL2 also S1E2R, S1E2W and S12E1R to S12E0W. The
// engine would walk the guest's tables as if IPAs were PAs.
void Cpu::address_translate(std::uint32_t reg, std::uint64_t operand) noexcept {
  constexpr std::uint64_t kParF = 1U << 0, kParPtw = 1U << 8, kParS = 1U << 9, kParRes1 = 1U << 11;
  constexpr unsigned kParFst = 1, kParSh = 7, kParAttr = 56, kOp2BothStages = 4;
  const bool of_el2 = op1(reg) == kOp1El2 && op2(reg) < 2;
  const bool both_stages = op1(reg) == kOp1El2 && op2(reg) >= kOp2BothStages;
  const bool with_pan = crm(reg) == 9 && (engine_.pstate() & abi::pstate::kPan) != 0;
  const Privilege who{.el0 = (op2(reg) & 2) != 0, .pan = with_pan};
  const auto kind = (op2(reg) & 1) != 0 ? AccessKind::kWrite : AccessKind::kRead;
  const Regime own = regime();
  const Stage1Controls& controls = stage1_controls(!of_el2                ? Regime::kEl10
                                                   : own == Regime::kEl20 ? Regime::kEl20
                                                                          : Regime::kEl2);
  // Without stage 2 the result is the IPA, whose descriptors are read through stage 2 all the same.
  Stage1Look look = mmu_.translate_stage1(controls, {operand}, kind, who);
  if (both_stages && !look.fault) {
    const Translation whole = mmu_.translate(controls, {operand}, kind, who);
    look.fault = whole.fault;
    look.leaf.ipa = {whole.pa.value};
  }
  std::uint64_t par = kParRes1;
  if (look.fault) {
    par |= kParF | (fault_status_code(look.fault) << kParFst) | (look.fault.s1ptw ? kParPtw : 0) |
           (look.fault.stage == 2 ? kParS : 0);
  } else {
    const auto mair = engine_.read_system(of_el2 ? el2::kMair : key(abi::SysReg::kMairEl1)).value_or(0);
    const bool mmu_on = (controls.sctlr & 1) != 0;
    const std::uint64_t attributes = mmu_on ? (mair >> (8U * look.leaf.attr_index)) & 0xff : 0;
    par |= (look.leaf.ipa.value & 0x0000'ffff'ffff'f000ULL) | (attributes << kParAttr) |
           (std::uint64_t{look.leaf.shareability} << kParSh);
  }
  engine_.write_system(key(abi::SysReg::kParEl1), par);
}

}  // namespace sim
