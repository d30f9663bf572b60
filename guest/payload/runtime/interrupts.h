// SPDX-License-Identifier: GPL-2.0-or-later
// Physical interrupts at EL2: what the GIC needs on the machine itself before guest::gic can be used.
#pragma once

namespace guest {

// Wakes this PE's redistributor, chooses the system registers of its CPU interface and starts both (guest::gic::start).
// IRQs stay masked, and taken to EL1 until HCR_EL2.IMO or TGE says otherwise.
void start_interrupts();

}  // namespace guest
