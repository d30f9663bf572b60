// SPDX-License-Identifier: GPL-2.0-or-later
// RIPAS changes over the entries of one table (DEN0137 A5.2.4, A5.2.5, A5.4). Both functions start at the entry where
// `start` ended and return how far they came; a result equal to start.ipa means that nothing was done.
#pragma once

#include "rmm/core/rtt_edit.h"

namespace rmm::core {

// RMI_RTT_INIT_RIPAS: UNASSIGNED entries become RAM and are measured, whatever their RIPAS, up to the first entry in
// another state, `top`, or the table's end (D5). Preconditions: realm NEW, top granule aligned and protected.
abi::Ipa init_ripas(const Context& context, const LockedRealm& realm, const RttWalk& start, abi::Ipa top);

// RMI_RTT_SET_RIPAS: entries that are no TABLE take `ripas`, up to a TABLE entry, `top`, the table's end, or an entry
// whose RIPAS is DESTROYED unless `change_destroyed` (A5.4, D6).
abi::Ipa set_ripas(const Context& context, const LockedRealm& realm, const RttWalk& start, abi::Ipa top,
                   abi::v1_0::Ripas ripas, bool change_destroyed);

}  // namespace rmm::core
