// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/sysreg_traps.h"

#include <algorithm>
#include <string_view>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/sysreg.h"
#include "rmm/run/exit.h"
#include "rmm/run/id_registers.h"
#include "rmm/run/inject.h"

namespace rmm::run {
namespace {

namespace esr = abi::esr;
using abi::SysReg;
using abi::sysreg_key;

enum class Access : std::uint8_t {
  kHost,        // the host emulates it: REC exit (D4)
  kZero,        // reads as zero, writes are ignored
  kIgnored,     // a System instruction or a write-only register without effect
  kBreakpoint,  // as kZero while the realm has that many breakpoints
  kWatchpoint,  // as kZero while the realm has that many watchpoints
};

struct Row {
  std::uint32_t key;
  std::string_view name;
  Access access;
};

constexpr std::uint32_t key_of(SysReg reg) { return static_cast<std::uint32_t>(reg); }

// Registers outside this table and outside the ID register space are Undefined: implementation-defined ones (CRn 11 and
// 15), the PMU of a realm without one, AMU, SPE, trace, LORegions and whatever else the realm was not told of.
constexpr Row kRows[] = {
    // SGIs go to other RECs and need the host; so does DIR when the host set TDIR (A6.1).
    {key_of(SysReg::kIccSgi1rEl1), "ICC_SGI1R_EL1", Access::kHost},
    {key_of(SysReg::kIccAsgi1rEl1), "ICC_ASGI1R_EL1", Access::kHost},
    {key_of(SysReg::kIccSgi0rEl1), "ICC_SGI0R_EL1", Access::kHost},
    {key_of(SysReg::kIccDirEl1), "ICC_DIR_EL1", Access::kHost},
    // Trapped by HCR_EL2.TID1: the realm learns nothing about the implementation.
    {sysreg_key(3, 0, 0, 0, 6), "REVIDR_EL1", Access::kZero},
    {sysreg_key(3, 1, 0, 0, 7), "AIDR_EL1", Access::kZero},
    // A5.2.10: cache maintenance by set/way has no effect; a realm cannot invalidate another realm's line.
    {sysreg_key(1, 0, 7, 6, 2), "DC ISW", Access::kIgnored},
    {sysreg_key(1, 0, 7, 10, 2), "DC CSW", Access::kIgnored},
    {sysreg_key(1, 0, 7, 14, 2), "DC CISW", Access::kIgnored},
    // A3.1.4: self-hosted debug is there; breakpoints and watchpoints never match (D11).
    {sysreg_key(2, 0, 0, 0, 4), "DBGBVR<n>_EL1", Access::kBreakpoint},
    {sysreg_key(2, 0, 0, 0, 5), "DBGBCR<n>_EL1", Access::kBreakpoint},
    {sysreg_key(2, 0, 0, 0, 6), "DBGWVR<n>_EL1", Access::kWatchpoint},
    {sysreg_key(2, 0, 0, 0, 7), "DBGWCR<n>_EL1", Access::kWatchpoint},
    {sysreg_key(2, 0, 1, 0, 4), "OSLAR_EL1", Access::kIgnored},
    {sysreg_key(2, 0, 1, 1, 4), "OSLSR_EL1", Access::kZero},
    {sysreg_key(2, 0, 1, 3, 4), "OSDLR_EL1", Access::kZero},
};

constexpr std::uint32_t kDebugIndexMask = 0xf << 3;  // CRm of a breakpoint or watchpoint register

const Row* find(const esr::SysRegIss& s) {
  std::uint32_t key = sysreg_key(s.op0, s.op1, s.crn, s.crm, s.op2);
  const bool indexed = s.op0 == 2 && s.op1 == 0 && s.crn == 0 && s.op2 >= 4;
  if (indexed) key &= ~kDebugIndexMask;
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [key](const Row& r) { return r.key == key; });
  return row == std::end(kRows) ? nullptr : row;
}

Next finish_read(Context& c, const esr::SysRegIss& s, std::uint64_t value) {
  set_operand(c.cpu, s.rt, value);
  advance_pc(c.cpu);
  return Next::kResume;
}

Next skip(Context& c) {
  advance_pc(c.cpu);
  return Next::kResume;
}

Next undefined(Context& c) {
  inject_undefined(c.cpu);
  return Next::kResume;
}

Next zero(Context& c, const esr::SysRegIss& s) { return s.is_read ? finish_read(c, s, 0) : skip(c); }

}  // namespace

Next trapped_sysreg(Context& c, const abi::Exception& e) {
  const esr::SysRegIss s = esr::sysreg_iss(e.esr);
  const std::uint32_t key = sysreg_key(s.op0, s.op1, s.crn, s.crm, s.op2);
  if (is_id_register(s)) {
    if (!s.is_read) return undefined(c);
    return finish_read(c, s, realm_id_register(key, c.cpu, c.realm, c.environment.limits));
  }
  const Row* row = find(s);
  if (row == nullptr) return undefined(c);
  switch (row->access) {
    case Access::kHost: advance_pc(c.cpu); return exit_sysreg(c, e.esr);
    case Access::kZero: return zero(c, s);
    case Access::kIgnored: return s.is_read ? undefined(c) : skip(c);
    case Access::kBreakpoint: return s.crm <= std::max<unsigned>(c.realm.num_bps, 1) ? zero(c, s) : undefined(c);
    case Access::kWatchpoint: return s.crm <= std::max<unsigned>(c.realm.num_wps, 1) ? zero(c, s) : undefined(c);
  }
  return undefined(c);
}

}  // namespace rmm::run
