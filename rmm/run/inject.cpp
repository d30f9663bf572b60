// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/inject.h"

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/sysreg.h"

namespace rmm::run {
namespace {

namespace esr = abi::esr;
using abi::SysReg;

constexpr std::uint32_t kIdAa64Pfr1 = abi::sysreg_key(3, 0, 0, 4, 1);
constexpr std::uint32_t kIdAa64Mmfr1 = abi::sysreg_key(3, 0, 0, 7, 1);
constexpr std::uint64_t kSctlrSpan = 1ULL << 23;
constexpr std::uint64_t kSctlrDssbs = 1ULL << 44;

// SPSR bits beyond rmm/abi: those that exception entry keeps or computes (Arm ARM C5.2.19).
constexpr std::uint64_t kNzcv = 0xfULL << 28;
constexpr std::uint64_t kDit = 1ULL << 24;
constexpr std::uint64_t kSsbs = 1ULL << 12;
constexpr std::uint64_t kAArch32 = 1ULL << 4;
constexpr std::uint64_t kElMask = 0xc;

// Offset from VBAR_EL1 of the synchronous vector for an exception from `pstate`.
constexpr std::uint64_t vector_offset(std::uint64_t pstate) {
  if ((pstate & kAArch32) != 0) return 0x600;
  switch (pstate & abi::pstate::kModeMask) {
    case abi::pstate::kEl0t: return 0x400;
    case abi::pstate::kEl1t: return 0x000;
    default: return 0x200;
  }
}

// PSTATE after the exception: flags stay, interrupts are masked, PAN and SSBS follow SCTLR_EL1 where implemented.
std::uint64_t pstate_at_entry(const port::RealmCpu& cpu, std::uint64_t old) {
  namespace ps = abi::pstate;
  const std::uint64_t sctlr = cpu.sysreg(SysReg::kSctlrEl1);
  std::uint64_t pstate = (old & (kNzcv | kDit)) | ps::kD | ps::kA | ps::kI | ps::kF | ps::kEl1h;
  const bool has_pan = ((cpu.id_register(kIdAa64Mmfr1) >> 20) & 0xf) != 0;
  if (has_pan && ((old & ps::kPan) != 0 || (sctlr & kSctlrSpan) == 0)) pstate |= ps::kPan;
  const bool has_ssbs = ((cpu.id_register(kIdAa64Pfr1) >> 4) & 0xf) != 0;
  if (has_ssbs && (sctlr & kSctlrDssbs) != 0) pstate |= kSsbs;
  return pstate;
}

}  // namespace

void inject_sync(port::RealmCpu& cpu, std::uint64_t syndrome) {
  const std::uint64_t old = cpu.pstate();
  const std::uint64_t pstate = pstate_at_entry(cpu, old);
  cpu.set_sysreg(SysReg::kElrEl1, cpu.pc());
  cpu.set_sysreg(SysReg::kSpsrEl1, old);
  cpu.set_sysreg(SysReg::kEsrEl1, syndrome);
  cpu.set_pstate(pstate);
  cpu.set_pc(cpu.sysreg(SysReg::kVbarEl1) + vector_offset(old));
}

void inject_undefined(port::RealmCpu& cpu) { inject_sync(cpu, esr::make(esr::Ec::kUnknown, 0)); }

void inject_abort(port::RealmCpu& cpu, std::uint64_t el2_esr, abi::Va far, std::uint64_t fsc) {
  const bool fetch = esr::ec(el2_esr) == esr::Ec::kInstructionAbortLower;
  const bool same_el = (cpu.pstate() & kElMask) != 0;
  esr::Ec ec{};
  if (fetch)
    ec = same_el ? esr::Ec::kInstructionAbortSame : esr::Ec::kInstructionAbortLower;
  else
    ec = same_el ? esr::Ec::kDataAbortSame : esr::Ec::kDataAbortLower;
  const bool external = fsc == esr::kFscExternal || (fsc & 0x3c) == esr::kFscExternalWalk;
  std::uint64_t syndrome = (static_cast<std::uint64_t>(ec) << esr::kEcShift) | (el2_esr & esr::kIl) | fsc;
  if (!fetch) syndrome |= el2_esr & (esr::kWnr | esr::kCm);
  if (external) syndrome |= esr::kEa;
  cpu.set_sysreg(SysReg::kFarEl1, far.value);
  inject_sync(cpu, syndrome);
}

}  // namespace rmm::run
