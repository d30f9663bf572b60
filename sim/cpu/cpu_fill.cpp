// SPDX-License-Identifier: GPL-2.0-or-later
// TLB fills: the engine asks, the MMU answers. Runs inside the engine: a fill is no step, no event and costs no time.
#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/load_store_decode.h"

namespace sim {
namespace {

constexpr std::uint64_t kUao = 1ULL << 23;
constexpr unsigned kPhysicalBits = 48;  // ID_AA64MMFR0_EL1.PARange (cpu_model.cpp)
constexpr std::uint32_t key(abi::SysReg reg) { return static_cast<std::uint32_t>(reg); }

}  // namespace

const Stage1Controls& Cpu::stage1_controls() noexcept {
  if (!controls_known_) {
    const auto read = [&](abi::SysReg reg) { return engine_.read_system(key(reg)).value_or(0); };
    controls_ = {.sctlr = read(abi::SysReg::kSctlrEl1),
                 .tcr = read(abi::SysReg::kTcrEl1),
                 .ttbr0 = read(abi::SysReg::kTtbr0El1),
                 .ttbr1 = read(abi::SysReg::kTtbr1El1),
                 .has_hpds = has_hpds_,
                 .output_bits = kPhysicalBits};
    controls_known_ = true;
  }
  return controls_;
}

Privilege Cpu::privilege(AccessKind kind) noexcept {
  const std::uint64_t pstate = engine_.pstate();
  if ((pstate & abi::pstate::kModeMask) == abi::pstate::kEl0t) return {.el0 = true, .pan = false};
  if (kind == AccessKind::kFetch) return {.el0 = false, .pan = false};
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
    refused_ = {.page = page, .kind = kind, .who = who, .fault = translation.fault, .stale_code = {}};
    return false;
  }
  note_leaf(page, translation.stage1_shift);
  grant.page = {abi::align_down(translation.pa.value, abi::kGranuleSize)};
  if (kind == AccessKind::kFetch) return grant_fetch(page, translation, grant);
  grant_data(translation, kind, grant);
  return true;
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
  owner_.dram_.cpu_caches().mark_code(index);
  fetched_[(page.value / abi::kGranuleSize) % fetched_.size()] = {.page = page.value, .bytes = bytes};
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
