// SPDX-License-Identifier: GPL-2.0-or-later
// The answer to a function id that no row has.
#pragma once

#include "rmm/call/call.h"

namespace rmm::call {

// The row under which such a call is told to the observer: "unknown", condition _unknown_fid.
extern const Command kUnknownRmi;

// Answers NOT_SUPPORTED (-1).
abi::SmcRegs refuse_unknown(const Environment& environment, port::Pe& pe, const abi::SmcRegs& regs);

}  // namespace rmm::call
