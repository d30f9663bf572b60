// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions that the monitor takes to the realm's EL1 (A4.3.4, A5.2.3, A5.2.6, A5.2.8).
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"
#include "rmm/port/realm_cpu.h"

namespace rmm::run {

// Exception entry to EL1 as the architecture makes it from the current PC and PSTATE (Arm ARM D1.3): ELR, SPSR and ESR
// are written, PC becomes VBAR_EL1 plus the offset of a synchronous exception from the current exception level.
void inject_sync(port::RealmCpu& cpu, std::uint64_t esr);

// Unknown reason, EC 0: the instruction is Undefined in a realm.
void inject_undefined(port::RealmCpu& cpu);

// An Instruction or Data Abort with fault status `fsc`. `esr` is the syndrome taken to EL2: the kind of access (class,
// IL, WnR, CM) is kept, everything about stage 2 and the faulting instruction's registers is dropped. External aborts
// carry EA = 1 (A5.2.7).
void inject_abort(port::RealmCpu& cpu, std::uint64_t esr, abi::Va far, std::uint64_t fsc);

}  // namespace rmm::run
