// SPDX-License-Identifier: GPL-2.0-or-later
// The output `top` of RMI_DATA_DESTROY, RMI_RTT_DESTROY and RMI_RTT_UNMAP_UNPROTECTED (A5.5.8).
#pragma once

#include <cstddef>
#include <vector>

#include "rmm/spec/ipa_map.h"
#include "rmm/spec/outcome.h"

namespace rmm::spec {

// The top after the entry of the walk became non-live.
inline Ipa top_beyond(const Walk& walk, Ipa ipa) {
  Table after = *walk.table;
  after.entries[walk.index] = {};
  Walk at = walk;
  at.table = &after;
  return skip_non_live(at, ipa);
}

// The top of a failed walk, in register `x`. Where a block of a higher level covers `ipa`, the function of B3.76 says
// the block's base and the pages' tables of scenarios say `ipa`: both are allowed.
inline void set_top(Outcome& outcome, std::size_t x, const Walk& walk, Ipa ipa, std::vector<Outcome>& outcomes) {
  const Ipa top = skip_non_live(walk, ipa);
  if (top < ipa) {
    Outcome other = outcome;
    other.regs.x.at(x) = ipa.value;
    outcomes.push_back(other);
  }
  outcome.regs.x.at(x) = top.value;
}

}  // namespace rmm::spec
