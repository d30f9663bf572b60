// SPDX-License-Identifier: GPL-2.0-or-later
// Edits of one RTT entry. Each is total once its precondition holds: the caller has walked to the entry under the RD
// lock and checked its state. Each keeps reference counts (I6), writes the descriptor, tells the observer, and leaves
// no stale translation in any TLB (I13): where a valid descriptor changes into another valid one, it is broken first.
#pragma once

#include "rmm/core/granule_locks.h"
#include "rmm/core/realm_lifecycle.h"
#include "rmm/core/rtt_walk.h"

namespace rmm::core {

using DelegatedGranule = LockedGranule<GranuleState::kDelegated>;

// Entry not TABLE -> TABLE: `rtt` becomes its child, every child entry a copy of the parent's share (A5.5.7).
void rtt_create(const Context& context, const LockedRealm& realm, const RttWalk& parent, const DelegatedGranule& rtt);

// Entry TABLE with a child that is not live -> UNASSIGNED with RIPAS DESTROYED, or UNASSIGNED_NS in the unprotected
// half (A5.5.9, D12). Returns the child, now DELEGATED.
abi::GranulePa rtt_destroy(const Context& context, const LockedRealm& realm, const RttWalk& parent);

// Entry TABLE with a homogeneous child -> `folded`, what fold_result said (A5.5.6). Returns the child, now DELEGATED.
abi::GranulePa rtt_fold(const Context& context, const LockedRealm& realm, const RttWalk& parent,
                        const RttEntry& folded);

// Entry UNASSIGNED -> ASSIGNED to `data` with `ripas`.
void map_data(const Context& context, const LockedRealm& realm, const RttWalk& target, const DelegatedGranule& data,
              abi::v1_0::Ripas ripas);

// Entry ASSIGNED at page level -> UNASSIGNED; RIPAS RAM becomes DESTROYED, others stay. Returns the granule, DELEGATED.
abi::GranulePa unmap_data(const Context& context, const LockedRealm& realm, const RttWalk& target);

// Entry UNASSIGNED_NS -> `entry` (ASSIGNED_NS), page or block.
void map_unprotected(const Context& context, const LockedRealm& realm, const RttWalk& target, const RttEntry& entry);

// Entry ASSIGNED_NS -> UNASSIGNED_NS.
void unmap_unprotected(const Context& context, const LockedRealm& realm, const RttWalk& target);

// Entry UNASSIGNED or ASSIGNED: only its RIPAS changes.
void set_entry_ripas(const Context& context, const LockedRealm& realm, const RttWalk& target, abi::v1_0::Ripas ripas);

}  // namespace rmm::core
