// SPDX-License-Identifier: GPL-2.0-or-later
// From ERET to the REC exit.
#pragma once

#include "rmm/run/context.h"

namespace rmm::run {

// Runs the realm until something concerns the host; c.exit then says what. Holds no granule lock while the realm runs
// (I25).
void run_until_exit(Context& c);

// The host has an interrupt to take before the realm goes on (A4.1, D9).
bool interrupt_pending(const Context& c);

}  // namespace rmm::run
