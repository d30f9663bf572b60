// SPDX-License-Identifier: GPL-2.0-or-later
// What a CPU does only where its EL2 is simulated code: physical interrupts, devices, the physical interrupt
// controller, and the registers of EL2 that change translation.
#include <algorithm>
#include <array>
#include <utility>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/el2_registers.h"
#include "sim/gic/virtual_cpu_interface.h"

namespace sim {
namespace {

using abi::SysReg;

constexpr std::uint64_t kDeviceCost = 1;

constexpr std::uint64_t sign_extended(std::uint64_t value, unsigned bytes) {
  const std::uint64_t sign = 1ULL << (8 * bytes - 1);
  return bytes >= sizeof value ? value : (value ^ sign) - sign;
}

}  // namespace

// A page stands for all pages of a region that reads as a constant.
void Cpu::attach(Interconnect& outside) {
  outside_ = &outside;
  for (const ConstantBytes& region : outside.constants()) {
    const abi::Pa first{abi::align_up(region.base.value, abi::kGranuleSize)};
    const abi::Pa end{abi::align_down(region.end.value, abi::kGranuleSize)};
    if (!(first < end)) continue;
    engine_.map_constant(first, region.byte);
    constants_.push_back({first, end, region.byte});
  }
}

// Takes a physical or virtual IRQ if one is to be taken now (Arm ARM D1.3.6). Returns the bits of PSTATE of which one
// must become clear before another look is worthwhile.
std::uint64_t Cpu::take_interrupt() {
  const std::uint64_t control = hcr();
  const std::uint64_t pstate = engine_.pstate();
  const unsigned el = exception_level(pstate);
  const VirtualCpuInterface interface(pe_->ich());
  const bool to_el2 = (control & (el2::kHcrImo | el2::kHcrTge)) != 0;
  const bool is_virtual = (control & (el2::kHcrImo | el2::kHcrTge)) == el2::kHcrImo &&
                          (interface.irq_asserted() || (control & el2::kHcrVi) != 0);
  std::uint64_t watch = 0;
  const auto take_or_watch = [&](unsigned target) {
    if (el > target) {
      watch |= el2::kEl2Bit;
      return false;
    }
    if (el == target && (pstate & abi::pstate::kI) != 0) {
      watch |= abi::pstate::kI | (target == 2 ? el2::kEl2Bit : 0);
      return false;
    }
    // EL0 masks what goes to EL1, not what goes to EL2.
    if (el == 0 && target == 1 && (pstate & abi::pstate::kI) != 0) {
      watch |= abi::pstate::kI;
      return false;
    }
    enter_exception(engine_, {.kind = VectorKind::kIrq, .target = target, .return_address = engine_.pc()}, has_pan_);
    return true;
  };
  if (outside_->irq_pending() && take_or_watch(to_el2 ? 2 : 1)) return 0;
  if (is_virtual && take_or_watch(1)) return 0;
  return watch;
}

Cpu::TimerLines Cpu::timer_lines(std::uint64_t now_ns) const {
  const std::uint64_t count = counter_.at(now_ns);
  return {.virtual_timer = virtual_timer_.asserted(count - el2_timers_.virtual_offset),
          .physical = physical_timer_.asserted(count),
          .el2_physical = el2_timers_.physical.asserted(count),
          .el2_virtual = el2_timers_.virtual_timer.asserted(count)};
}

std::optional<std::uint64_t> Cpu::next_timer_ns(std::uint64_t now_ns) const {
  std::optional<std::uint64_t> first;
  for (const auto deadline :
       {virtual_timer_.deadline_ns(now_ns, counter_, el2_timers_.virtual_offset),
        physical_timer_.deadline_ns(now_ns, counter_), el2_timers_.physical.deadline_ns(now_ns, counter_),
        el2_timers_.virtual_timer.deadline_ns(now_ns, counter_)})
    if (deadline && *deadline > now_ns && (!first || *deadline < *first)) first = deadline;
  return first;
}

std::pair<std::uint64_t, std::uint64_t> Cpu::el2_syndrome() const {
  return {engine_.read_system(el2::kEsr).value_or(0), engine_.read_system(el2::kFar).value_or(0)};
}

// A load or store beside DRAM: performed here, or an external abort where nothing answers. What a device cannot serve
// at all (exclusives, atomics) aborts as unsupported.
Cpu::Outcome Cpu::device_access(const MmuFault& fault) {
  const auto access = access_at(engine_.pc());
  if (!access || !access->transfer) return abort(fault);
  // A device sees the time of the access, which is that of the counter. Others may run before it.
  owner_.execution_.retired(std::exchange(unaccounted_, 0));
  const abi::Pa pa{abi::align_down(fault.ipa.value, abi::kGranuleSize) + access->address % abi::kGranuleSize};
  if (!move_registers(*access->transfer, pa)) return abort(fault);
  engine_.set_pc(engine_.pc() + 4);
  return {.waits = Wait::kNone, .exception = {}, .cost = kDeviceCost, .emulated = 1};
}

// False: nothing answers at an address of the access. Parts before it have been done, as the architecture permits.
bool Cpu::move_registers(const RegisterTransfer& transfer, abi::Pa pa) {
  constexpr unsigned kWord = 8;
  const auto move_one = [&](unsigned n, abi::Pa at) {
    std::array<std::uint64_t, 2> words{};
    if (!transfer.load) {
      if (transfer.simd)
        words = engine_.q(n);
      else if (n != 31)
        words[0] = engine_.x(n);
    }
    for (unsigned done = 0; done < transfer.size; done += kWord) {
      const unsigned size = std::min(transfer.size - done, kWord);
      std::uint64_t& word = words[done / kWord];
      if (!transfer.load) {
        if (!outside_->write(at + done, size, word)) return false;
        continue;
      }
      const auto value = outside_->read(at + done, size);
      if (!value) return false;
      word = *value;
    }
    if (!transfer.load) return true;
    if (transfer.simd) {
      engine_.set_q(n, words);
    } else if (n != 31) {
      std::uint64_t value = transfer.sign_extends ? sign_extended(words[0], transfer.size) : words[0];
      if (transfer.sign_extends && !transfer.sixty_four) value &= 0xffff'ffffULL;
      engine_.set_x(n, value);
    }
    return true;
  };
  if (!move_one(transfer.rt, pa)) return false;
  if (transfer.rt2 && !move_one(*transfer.rt2, pa + transfer.size)) return false;
  if (transfer.new_base) {
    const auto [base, value] = *transfer.new_base;
    if (base == 31)
      engine_.set_sp(value);
    else
      engine_.set_x(base, value);
  }
  return true;
}

// MRS or MSR of the GIC CPU interface that EL2 has not virtualised.
Cpu::Outcome Cpu::physical_interface_access(abi::SysReg reg, const abi::esr::SysRegIss& access) {
  const auto key = static_cast<std::uint32_t>(reg);
  if (access.is_read) {
    std::uint64_t value = 0;
    if (!outside_->read_gic(key, value)) return undefined();
    if (access.rt != 31) engine_.set_x(access.rt, value);
    return skip_instruction();
  }
  return outside_->write_gic(key, access.rt == 31 ? 0 : engine_.x(access.rt)) ? skip_instruction() : undefined();
}

// With HCR_EL2.E2H EL2 reaches its own registers by the names of EL1's, and those of EL1 by *_EL12 (Arm ARM D23.1.3,
// table of redirected registers). The engine knows neither.
std::optional<std::uint32_t> Cpu::redirected(std::uint32_t key) const noexcept {
  constexpr std::uint32_t kOp1 = 7U << 11, kEl1 = 0, kEl2 = 4U << 11, kEl12 = 5U << 11;
  constexpr std::array<SysReg, 16> kNames = {
      SysReg::kSctlrEl1, SysReg::kCpacrEl1,      SysReg::kTtbr0El1, SysReg::kTtbr1El1,
      SysReg::kTcrEl1,   SysReg::kSpsrEl1,       SysReg::kElrEl1,   SysReg::kAfsr0El1,
      SysReg::kAfsr1El1, SysReg::kEsrEl1,        SysReg::kFarEl1,   SysReg::kMairEl1,
      SysReg::kAmairEl1, SysReg::kContextidrEl1, SysReg::kVbarEl1,  SysReg::kCntkctlEl1};
  const std::uint32_t form = key & kOp1;
  if (form != kEl1 && form != kEl12) return std::nullopt;
  const SysReg name{key & ~kOp1};
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) return std::nullopt;
  if (exception_level(engine_.pstate()) != 2 || (hcr() & el2::kHcrE2h) == 0) return std::nullopt;
  if (form == kEl12) return static_cast<std::uint32_t>(name);
  return name == SysReg::kCpacrEl1 ? el2::kCptr : (key | kEl2);
}

// MRS or MSR of a name that the engine doesn't know.
std::optional<Cpu::Outcome> Cpu::redirected_access(std::uint32_t key, const abi::esr::SysRegIss& access) {
  const auto target = redirected(key);
  if (!target) return std::nullopt;
  if (access.is_read) {
    const std::uint64_t value = engine_.read_system(*target).value_or(0);
    if (access.rt != 31) engine_.set_x(access.rt, value);
  } else {
    write_redirected(*target, access.rt == 31 ? 0 : engine_.x(access.rt));
  }
  return skip_instruction();
}

void Cpu::write_redirected(std::uint32_t key, std::uint64_t value) noexcept {
  engine_.write_system(key, value);
  forget_controls();
  fetched_.fill({});
  engine_.flush_tlb();
}

// EL2 is about to write one of its own registers.
void Cpu::el2_register_written(std::uint32_t key) noexcept {
  switch (key) {
    case el2::kMdcr: engine_.end_slice(); return;
    case el2::kHcr:  // also routes interrupts
      engine_.end_slice();
      [[fallthrough]];
    case el2::kSctlr:
    case el2::kTcr:
    case el2::kTtbr0:
    case el2::kTtbr1:
    case el2::kVttbr:
    case el2::kVtcr: break;
    default: return;
  }
  forget_controls();
  fetched_.fill({});
  engine_.flush_tlb();
}

bool Cpu::ends_in_wait(std::uint64_t begin, std::uint64_t end) noexcept {
  constexpr std::uint32_t kWfe = 0xd503'205f, kSev = 0xd503'209f, kLocal = 0x20;  // SEVL is SEV and this bit
  if (instruction_at(end - 4) != kWfe) return false;
  // An event that the same block sets lets its WFE pass.
  for (std::uint64_t pc = begin; pc + 4 < end; pc += 4) {
    if ((instruction_at(pc).value_or(0) & ~kLocal) == kSev) return false;
  }
  return true;
}

}  // namespace sim
