// SPDX-License-Identifier: GPL-2.0-or-later
// Encodings of the GIC CPU interface registers (IHI 0069, 12.2). Accesses at EL1 reach the ICV_* registers of the same
// encoding while HCR_EL2.{IMO,FMO} are set, which is always the case for realms and VMs.
#pragma once

#include "rmm/abi/arch/sysreg.h"

namespace sim::icc {

inline constexpr abi::SysReg kPmr{abi::sysreg_key(3, 0, 4, 6, 0)};
inline constexpr abi::SysReg kIar0{abi::sysreg_key(3, 0, 12, 8, 0)};
inline constexpr abi::SysReg kEoir0{abi::sysreg_key(3, 0, 12, 8, 1)};
inline constexpr abi::SysReg kHppir0{abi::sysreg_key(3, 0, 12, 8, 2)};
inline constexpr abi::SysReg kBpr0{abi::sysreg_key(3, 0, 12, 8, 3)};
inline constexpr abi::SysReg kAp0r0{abi::sysreg_key(3, 0, 12, 8, 4)};
inline constexpr abi::SysReg kAp1r0{abi::sysreg_key(3, 0, 12, 9, 0)};
inline constexpr abi::SysReg kDir = abi::SysReg::kIccDirEl1;
inline constexpr abi::SysReg kRpr{abi::sysreg_key(3, 0, 12, 11, 3)};
inline constexpr abi::SysReg kSgi1r = abi::SysReg::kIccSgi1rEl1;
inline constexpr abi::SysReg kAsgi1r = abi::SysReg::kIccAsgi1rEl1;
inline constexpr abi::SysReg kSgi0r = abi::SysReg::kIccSgi0rEl1;
inline constexpr abi::SysReg kIar1{abi::sysreg_key(3, 0, 12, 12, 0)};
inline constexpr abi::SysReg kEoir1{abi::sysreg_key(3, 0, 12, 12, 1)};
inline constexpr abi::SysReg kHppir1{abi::sysreg_key(3, 0, 12, 12, 2)};
inline constexpr abi::SysReg kBpr1{abi::sysreg_key(3, 0, 12, 12, 3)};
inline constexpr abi::SysReg kCtlr{abi::sysreg_key(3, 0, 12, 12, 4)};
inline constexpr abi::SysReg kSre{abi::sysreg_key(3, 0, 12, 12, 5)};
inline constexpr abi::SysReg kSreEl2{abi::sysreg_key(3, 4, 12, 9, 5)};
inline constexpr abi::SysReg kIgrpen0{abi::sysreg_key(3, 0, 12, 12, 6)};
inline constexpr abi::SysReg kIgrpen1{abi::sysreg_key(3, 0, 12, 12, 7)};

}  // namespace sim::icc
