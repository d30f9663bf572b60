// SPDX-License-Identifier: GPL-2.0-or-later
// Creation, activation and destruction of a realm (DEN0137 A2.1.4, A2.1.5).
#pragma once

#include "rmm/core/granule_locks.h"

namespace rmm::core {

// A realm whose RD is locked. Tables, RIPAS and RIM of a realm change only under its RD lock.
class LockedRealm {
 public:
  LockedRealm(const Context& context, const LockedGranule<GranuleState::kRd>& rd)
      : realm_(&context.state.realms.at(rd.record().object)) {}
  Realm* operator->() const { return realm_; }
  Realm& operator*() const { return *realm_; }

 private:
  Realm* realm_;
};

// Creates a realm with `attributes` (state, rd and counters are set here). locks[0] is the RD, locks[1..] the starting
// tables in ascending order, all DELEGATED; the VMID is reserved already. Protected entries of the starting tables
// become UNASSIGNED with RIPAS EMPTY, all others UNASSIGNED_NS.
void create_realm(const Context& context, const GranuleLocks& locks, Realm attributes);

// Changes the realm's state and tells the observer. Precondition: NEW -> ACTIVE, or ACTIVE -> SYSTEM_OFF (I15).
void set_realm_state(const Context& context, Realm& realm, RealmState to);

// Any state -> ZOMBIE, unless one of the realm's RECs runs (2.0 only). False: one runs, nothing changed. The test and
// the change are one Step, so that an entry that does the same from its side is ordered before or after it (M2).
[[nodiscard]] bool terminate_realm(const Context& context, const LockedRealm& realm);

// A2.1.4 RealmIsLive: it has RECs, or a starting table with a TABLE or ASSIGNED entry.
bool realm_is_live(const Context& context, const LockedRealm& realm);

// Destroys a realm that is not live: TLB entries, tables, RD, then the VMID (I17).
void destroy_realm(const Context& context, const LockedGranule<GranuleState::kRd>& rd);

}  // namespace rmm::core
