// SPDX-License-Identifier: GPL-2.0-or-later
// The realm's PMU as the monitor sees it (A8.1). Its registers live in the REC's CPU context, which is what saving them
// at a REC exit and restoring them at the entry comes to.
#pragma once

#include "rmm/run/context.h"

namespace rmm::run {

// Before each return to the realm. An overflow that the host has seen at the last REC exit makes no other exit: the
// realm could not get to the handler that ends it.
void mask_shown_pmu(Context& c);

// Writes exit.pmu_ovf_status and remembers it.
void show_pmu(Context& c);

}  // namespace rmm::run
