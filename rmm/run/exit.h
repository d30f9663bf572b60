// SPDX-License-Identifier: GPL-2.0-or-later
// REC exits (A4.3). Each function fills exactly the fields that its page names; everything else of the RecExit object
// stays zero (I20). All return Next::kExit, so that a handler ends with `return exit_...(c)`.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"
#include "rmm/abi/arch/cpu.h"
#include "rmm/run/context.h"

namespace rmm::run {

Next exit_irq(Context& c);                                         // A4.3.5
Next exit_fiq(Context& c);                                         // A4.3.6
Next exit_serror(Context& c, std::uint64_t esr);                   // A4.3.10
Next exit_wfx(Context& c, const abi::Exception& e);                // A4.3.4.1
Next exit_instruction_abort(Context& c, const abi::Exception& e);  // A4.3.4.2

// A4.3.4.3, at a Protected IPA: never emulatable.
Next exit_protected_data_abort(Context& c, const abi::Exception& e);
// A4.3.4.3, at an Unprotected IPA: emulatable iff the syndrome describes the access (ISV).
Next exit_unprotected_data_abort(Context& c, const abi::Exception& e);
// D10: an RSI command met a Protected IPA that only the host can repair. The host sees a translation fault at `level`,
// as if the realm had touched `ipa` itself.
Next exit_rsi_data_abort(Context& c, abi::Ipa ipa, int level);

// D4: an access to a register that the host emulates. PC has been advanced.
Next exit_sysreg(Context& c, std::uint64_t esr);

Next exit_ripas_change(Context& c);                                  // A4.3.8, from rec.ripas
Next exit_psci(Context& c, std::uint32_t fid, std::uint64_t mpidr);  // A4.3.7; mpidr 0 where the function has none (D7)

Next exit_host_call(Context& c, const abi::v1_0::RsiHostCall& data);  // A4.3.9

// What every exit has: timers and GIC; tells the observer. Called once, after one of the above.
void finish_exit(Context& c);

}  // namespace rmm::run
