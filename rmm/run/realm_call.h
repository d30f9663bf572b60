// SPDX-License-Identifier: GPL-2.0-or-later
// SMC calls of the realm: RSI (B5), PSCI (B6) and the few SMCCC calls a kernel makes before them.
#pragma once

#include "rmm/abi/smc.h"
#include "rmm/call/call.h"
#include "rmm/run/context.h"

namespace rmm::run {

// One row of the realm's services: what the call is and who answers it.
struct Service {
  const call::Command* row;
  Next (*serve)(Context& c, const abi::SmcRegs& regs);
};

// Every service there is, in the order of their ids.
std::span<const Service> services();

// The realm has executed SMC: finds the service and runs it. Unknown ids get SMCCC_NOT_SUPPORTED (A4.3.4).
Next realm_call(Context& c);

// Ends a call that is answered at once: tells the observer, writes the result registers and moves on behind the SMC.
Next answer(Context& c, const call::CallBase& call, const call::Outcome& outcome);

// Ends a call that left the realm waiting over a REC exit. PC has been advanced when it left.
void answer_at_entry(Context& c, const call::CallBase& call, const call::Outcome& outcome);

// Registers of a call as the handler sees them: arguments of an SMC32 call are 32 bits wide (SMCCC 1.2, 3.1).
abi::SmcRegs call_registers(const port::RealmCpu& cpu);

}  // namespace rmm::run
