// SPDX-License-Identifier: GPL-2.0-or-later
// TLB fills: the engine asks, the MMU answers. Runs inside the engine: a fill is no step, no event and costs no time.
#include <algorithm>

#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/load_store_decode.h"

namespace sim {
namespace {

constexpr std::uint64_t kUao = 1ULL << 23;
constexpr std::uint64_t kSctlrM = 1;
constexpr unsigned kPhysicalBits = 48;  // ID_AA64MMFR0_EL1.PARange (cpu_model.cpp)
constexpr std::uint32_t key(abi::SysReg reg) { return static_cast<std::uint32_t>(reg); }

}  // namespace

Regime Cpu::regime() const noexcept {
  if (outside_ == nullptr) return Regime::kEl10;
  const unsigned el = exception_level(engine_.pstate());
  if (el == 1) return Regime::kEl10;
  const std::uint64_t routing = hcr() & (el2::kHcrE2h | el2::kHcrTge);
  if (el == 2) return (routing & el2::kHcrE2h) != 0 ? Regime::kEl20 : Regime::kEl2;
  return routing == (el2::kHcrE2h | el2::kHcrTge) ? Regime::kEl20 : Regime::kEl10;
}

const Stage1Controls& Cpu::stage1_controls(Regime regime) noexcept {
  KnownControls& entry = controls_[regime == Regime::kEl10 ? 0 : 1];
  if (!entry.known || entry.controls.regime != regime) entry = {.known = true, .controls = read_controls(regime)};
  return entry.controls;
}

Stage1Controls Cpu::read_controls(Regime regime) noexcept {
  const auto read = [&](std::uint32_t reg) { return engine_.read_system(reg).value_or(0); };
  Stage1Controls out{.regime = regime, .has_hpds = has_hpds_, .has_haf = has_haf_, .output_bits = kPhysicalBits};
  if (regime != Regime::kEl10) {
    const std::uint64_t tcr = read(el2::kTcr);
    out.stage2 = false;
    out.sctlr = read(el2::kSctlr);
    out.tcr = regime == Regime::kEl2 ? tcr_of_el2(tcr) : tcr;
    out.ttbr0 = read(el2::kTtbr0);
    out.ttbr1 = regime == Regime::kEl2 ? 0 : read(el2::kTtbr1);
    return out;
  }
  out.sctlr = read(key(abi::SysReg::kSctlrEl1));
  out.tcr = read(key(abi::SysReg::kTcrEl1));
  out.ttbr0 = read(key(abi::SysReg::kTtbr0El1));
  out.ttbr1 = read(key(abi::SysReg::kTtbr1El1));
  if (outside_ != nullptr) {
    const std::uint64_t control = hcr();
    if ((control & el2::kHcrTge) != 0) out.sctlr &= ~kSctlrM;  // EL0 of a host without VHE
    out.stage2 = (control & (el2::kHcrVm | el2::kHcrTge)) == el2::kHcrVm;
    if (out.stage2) mmu_.enter(own_stage2(), pe_->id());
  }
  return out;
}

// The stage 2 that EL2 of this PE has set up (Arm ARM D23, VTTBR_EL2, VTCR_EL2; 4 KiB granules).
abi::Stage2 Cpu::own_stage2() const noexcept {
  constexpr std::uint64_t kBaddr = 0x0000'ffff'ffff'fffeULL;
  constexpr unsigned kSl0Shift = 6, kStride = 9, kGranuleShift = abi::kGranuleShift;
  const std::uint64_t vttbr = engine_.read_system(el2::kVttbr).value_or(0);
  const std::uint64_t vtcr = engine_.read_system(el2::kVtcr).value_or(0);
  const auto ipa_bits = static_cast<unsigned>(64 - (vtcr & 0x3f));
  const auto sl0 = static_cast<int>((vtcr >> kSl0Shift) & 3);
  const int level = sl0 == 3 ? 3 : 2 - sl0;
  const unsigned mapped_by_first = kGranuleShift + kStride * static_cast<unsigned>(4 - level);
  const unsigned start_bits = ipa_bits > mapped_by_first ? ipa_bits - mapped_by_first : 0;
  return {.vmid = {static_cast<std::uint16_t>(vttbr >> 48)},
          .root = {abi::align_down(vttbr & kBaddr, abi::kGranuleSize)},
          .start_level = static_cast<std::int8_t>(level),
          .num_start = static_cast<std::uint8_t>(1U << std::min(start_bits, 4U)),
          .ipa_bits = static_cast<std::uint8_t>(std::min(ipa_bits, 48U)),
          .realm = false};
}

void Cpu::forget_controls() noexcept {
  for (KnownControls& entry : controls_) entry.known = false;
  hcr_.reset();
}

Privilege Cpu::privilege(AccessKind kind) noexcept {
  const std::uint64_t pstate = engine_.pstate();
  if ((pstate & abi::pstate::kModeMask) == abi::pstate::kEl0t) return {.el0 = true, .pan = false};
  if (kind == AccessKind::kFetch || regime() == Regime::kEl2) return {.el0 = false, .pan = false};
  if ((pstate & kUao) == 0) {
    const auto instruction = instruction_at(engine_.pc());
    if (instruction && is_unprivileged_access(*instruction)) return {.el0 = true, .pan = false};
  }
  return {.el0 = false, .pan = (pstate & abi::pstate::kPan) != 0};
}

bool Cpu::fill(abi::Va page, AccessKind kind, FillGrant& grant) noexcept {
  const Privilege who = privilege(kind);
  const Translation translation = mmu_.translate(stage1_controls(), page, kind, who);
  if (translation.fault) {
    if (grant_constant(translation.fault, kind, grant)) return true;
    refused_ = {.page = page, .kind = kind, .who = who, .fault = translation.fault, .stale_code = {}};
    return false;
  }
  note_leaf(page, translation.stage1_shift);
  grant.page = {abi::align_down(translation.pa.value, abi::kGranuleSize)};
  if (kind == AccessKind::kFetch) return grant_fetch(page, translation, grant);
  grant_data(translation, kind, grant);
  return true;
}

// A load from a region beside DRAM that reads as a constant needs no device.
bool Cpu::grant_constant(const MmuFault& fault, AccessKind kind, FillGrant& grant) noexcept {
  if (kind != AccessKind::kRead || fault.kind != FaultKind::kNoMemory || fault.on_walk || fault.stage != 1)
    return false;
  const abi::Pa pa{fault.ipa.value};
  for (const ConstantBytes& region : constants_) {
    if (pa < region.base || !(pa < region.end)) continue;
    grant.page = region.base;
    grant.read = true;
    return true;
  }
  return false;
}

// False: other code was translated from the granule, and must be dropped outside the engine before this fetch.
bool Cpu::grant_fetch(abi::Va page, const Translation& translation, FillGrant& grant) noexcept {
  const auto granule = abi::GranulePa::containing(translation.pa);
  const std::size_t index = owner_.dram_.index(granule);
  const std::byte* bytes = owner_.dram_.bytes(granule);
  const CodePages::Page& code = owner_.code_pages_.observe(index, bytes);
  std::uint32_t& translated = code_version_[index];
  if (translated == 0) translated = code.version;
  if (translated != code.version) {
    refused_ = {.page = page, .kind = AccessKind::kFetch, .who = {}, .fault = {}, .stale_code = granule};
    return false;
  }
  translated_code_.set(index);
  if (code.has_wfe) engine_.note_wfe_page(page);
  owner_.dram_.cpu_caches().mark_code(index);
  fetched(page.value) = {.page = page.value | static_cast<std::uint64_t>(regime()), .bytes = bytes};
  grant.read = translation.read;
  grant.execute = true;
  return true;
}

void Cpu::drop_stale_code() {
  const auto granule = refused_.stale_code;
  const std::size_t index = owner_.dram_.index(granule);
  const CodePages::Page& code = owner_.code_pages_.observe(index, owner_.dram_.bytes(granule));
  std::uint32_t& translated = code_version_[index];
  if (code.version == translated + 1) {
    engine_.drop_code(granule.pa() + code.change_begin, code.change_end - code.change_begin);
  } else {
    engine_.drop_code(granule.pa(), abi::kGranuleSize);
  }
  translated = code.version;
}

// Data pages are granted without execution: the library makes every store to an executable page slow. A page of which
// this engine has translated code keeps both, or it would fill anew at each change between code and data.
void Cpu::grant_data(const Translation& translation, AccessKind kind, FillGrant& grant) noexcept {
  const auto granule = abi::GranulePa::containing(translation.pa);
  const std::size_t index = owner_.dram_.index(granule);
  const bool code = translated_code_.test(index) && translation.execute;
  const bool store = kind == AccessKind::kWrite;
  grant.read = translation.read;
  grant.write = translation.write && (store || !code);
  grant.execute = code;
  if (!grant.write) return;
  owner_.dram_.mark_written(granule);
  owner_.code_pages_.grant_write(index);
}

}  // namespace sim
