// SPDX-License-Identifier: GPL-2.0-or-later
// The table of RMI commands of DEN0137 1.0-rel0 and its dispatcher.
#pragma once

#include <span>

#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {

// Every RMI command, in ascending order of function id.
std::span<const Row* const> rmi_rows();

// Runs the command that regs.x[0] names. An id outside the table answers NOT_SUPPORTED (-1), condition _unknown_fid.
abi::SmcRegs dispatch_rmi(const call::Environment& environment, port::Pe& pe, const abi::SmcRegs& regs);

}  // namespace rmm::v1_0
