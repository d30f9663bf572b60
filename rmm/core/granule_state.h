// SPDX-License-Identifier: GPL-2.0-or-later
// Granule state changes. The only place that writes Granule::state (invariant I5).
#pragma once

#include "rmm/abi/addr.h"
#include "rmm/core/context.h"

namespace rmm::core {

// True iff the state graph has the edge (DEN0137 A2.2.3.2; RTT -> DELEGATED also by RTT_FOLD, decision D12).
bool transition_is_legal(GranuleState from, GranuleState to);

// Changes the state of a granule whose lock the caller holds. `owner` is the RD of the owning realm, 0 if none. An edge
// outside the graph, or leaving a state with references left (I7), is a bug of the monitor and aborts. On the way to
// DELEGATED the contents are wiped, so a DELEGATED granule is always zero (A2.2.4, I3).
void set_state(const Context& context, abi::GranulePa granule, GranuleState to, abi::Pa owner);

// UNDELEGATED -> DELEGATED with its PAS. False: firmware refused (the granule is not Non-secure), nothing changed.
[[nodiscard]] bool delegate(const Context& context, abi::GranulePa granule);
// DELEGATED -> UNDELEGATED with its PAS.
void undelegate(const Context& context, abi::GranulePa granule);

}  // namespace rmm::core
