// SPDX-License-Identifier: GPL-2.0-or-later
// The SMC Calling Convention's own functions (Arm DEN0028 7.2, 7.3), as far as a realm needs them to find PSCI and RSI.
#pragma once

#include "rmm/run/realm_call.h"

namespace rmm::run::smccc {

extern const call::Command kVersion;
extern const call::Command kArchFeatures;

Next version(Context& c, const abi::SmcRegs& regs);
Next arch_features(Context& c, const abi::SmcRegs& regs);

}  // namespace rmm::run::smccc
