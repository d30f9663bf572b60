// SPDX-License-Identifier: GPL-2.0-or-later
// How the monitor reaches a Protected IPA on behalf of the realm (D10).
#pragma once

#include "rmm/abi/addr.h"
#include "rmm/core/granule_locks.h"
#include "rmm/core/rtt_walk.h"
#include "rmm/run/context.h"

namespace rmm::run {

// What a realm's access to a Protected IPA would meet (A5.3.1).
enum class Reach : std::uint8_t {
  kMapped,   // ASSIGNED with RIPAS RAM
  kEmpty,    // RIPAS EMPTY: an external abort
  kMissing,  // RIPAS RAM without memory, or DESTROYED: only the host can help
};

// The core's view of the monitor that this run belongs to.
inline core::Context core_context(const Context& c) { return {c.environment.platform, c.environment.state}; }

// The granule behind a Protected IPA. Holds the RD lock for its lifetime, so that no command takes the granule away in
// between.
class RealmGranule {
 public:
  // Precondition: `ipa` is protected and the caller holds no granule lock.
  RealmGranule(const Context& c, abi::Ipa ipa, const char* point);

  Reach reach() const;
  // Level at which the walk ended: that of the fault an access would take.
  int level() const { return translation_.walk.level; }
  // Where `ipa` is. Precondition: reach() is kMapped.
  abi::Pa pa() const { return translation_.pa; }

 private:
  core::GranuleLocks rd_;
  core::Translation translation_;
};

}  // namespace rmm::run
