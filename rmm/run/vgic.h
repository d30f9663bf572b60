// SPDX-License-Identifier: GPL-2.0-or-later
// The GIC virtual CPU interface of the running REC (A6.1). The monitor owns the enable bit and the traps, the host the
// list registers and the maintenance conditions.
#pragma once

#include "rmm/abi/v1_0/structures.h"
#include "rmm/core/monitor_state.h"
#include "rmm/run/context.h"

namespace rmm::run {

// Loads list registers and control from `enter`, VMCR and active priorities from the REC.
void load_vgic(Context& c, const abi::v1_0::RecEnter& enter);

// Writes exit.gicv3_* and disables the interface, so that the caller gets no maintenance interrupt of the realm.
void store_vgic(Context& c);

// A maintenance interrupt is asserted: a physical interrupt that belongs to the host.
bool maintenance_interrupt(const Context& c);

}  // namespace rmm::run
