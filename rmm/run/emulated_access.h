// SPDX-License-Identifier: GPL-2.0-or-later
// What the host's emulation of the last exit leaves for the monitor to do at the next entry (A4.2.3, A4.4, D4, D9).
#pragma once

#include <cstdint>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/port/realm_cpu.h"
#include "rmm/run/context.h"

namespace rmm::run {

// The value a load with the syndrome `esr` leaves in its register when memory held `data`: cut to the access size
// (SAS), sign extended (SSE) to the register's width (SF).
std::uint64_t loaded_value(std::uint64_t esr, std::uint64_t data);

// Consumes rec.last_exit: injects the SEA the host asks for, or completes the access it has emulated. A second entry
// finds nothing to complete.
void complete_last_exit(Context& c, const abi::v1_0::RecEnter& enter);

}  // namespace rmm::run
