// SPDX-License-Identifier: GPL-2.0-or-later
// The invariants that need the whole state: every granule, every table of every realm, every REC.
#pragma once

#include "rmm/check/findings.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/platform.h"

namespace rmm::check {

// Precondition: no command is in progress. Cost: all delegated granules and all entries of all tables.
void sweep(port::Platform& platform, core::MonitorState& state, Findings& findings);

}  // namespace rmm::check
