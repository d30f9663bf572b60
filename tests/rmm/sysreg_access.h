// SPDX-License-Identifier: GPL-2.0-or-later
// A realm's accesses to system registers as its CPU reports them, and what the realm sees of them.
#pragma once

#include "rmm/run/id_registers.h"
#include "tests/rmm/run_bench.h"

namespace bench {

// A trapped MRS (read) or MSR of the register `key`.
inline abi::Exception access(std::uint32_t key, bool read, std::uint8_t rt = 3) {
  const esr::SysRegIss iss{.op0 = static_cast<std::uint8_t>(key >> 14),
                           .op1 = static_cast<std::uint8_t>((key >> 11) & 7),
                           .crn = static_cast<std::uint8_t>((key >> 7) & 15),
                           .crm = static_cast<std::uint8_t>((key >> 3) & 15),
                           .op2 = static_cast<std::uint8_t>(key & 7),
                           .rt = rt,
                           .is_read = read};
  return {.esr = esr::make(esr::Ec::kSysReg, esr::make_sysreg_iss(iss))};
}
constexpr std::uint32_t key(SysReg reg) { return static_cast<std::uint32_t>(reg); }
constexpr std::uint32_t id(unsigned crm, unsigned op2) { return abi::sysreg_key(3, 0, 0, crm, op2); }

inline std::uint64_t id_register(Bench& b, std::uint32_t key) {
  return rmm::run::realm_id_register(key, b.cpu(), b.realm(), b.limits);
}
// A field of ID register `key` that a realm sees; the CPU's ID registers are all ones unless b.cpu().ids says
// otherwise.
inline std::uint64_t field(Bench& b, std::uint32_t key, unsigned low) { return (id_register(b, key) >> low) & 0xf; }

// The realm took an Unknown exception for its first instruction.
inline bool undefined(Bench& b) {
  return b.cpu().pc() == 0xffff'0200 && b.cpu().sysreg(SysReg::kElrEl1) == 0x1000 &&
         b.cpu().sysreg(SysReg::kEsrEl1) == esr::make(esr::Ec::kUnknown, 0);
}

// Both kinds of access to the register are Undefined in a realm.
inline bool is_undefined(std::uint32_t key) {
  for (const bool read : {true, false}) {
    Bench b;
    b.then(access(key, read));
    if (b.enter().exit_reason != reason(v1_0::RecExitReason::kIrq) || !undefined(b)) return false;
  }
  return true;
}

}  // namespace bench
