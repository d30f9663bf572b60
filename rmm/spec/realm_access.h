// SPDX-License-Identifier: GPL-2.0-or-later
// What the monitor meets when it reads or writes a realm's protected memory for an RSI command (D10).
#pragma once

#include <cstdint>

#include "rmm/spec/ipa_map.h"

namespace rmm::spec {

enum class Access : std::uint8_t { kMapped, kAborts, kEmpty };

inline Access access(const Entry& entry) {
  if (entry.ripas == Ripas::kEmpty) return Access::kEmpty;
  return entry.state == EntryState::kAssigned && entry.ripas == Ripas::kRam ? Access::kMapped : Access::kAborts;
}

// PA behind a mapped protected IPA.
inline Pa mapped_pa(const State& state, Pa rd, Ipa ipa) {
  const Walk at = walk(state, rd, ipa, kPageLevel);
  return at.entry.addr + (ipa.value & (level_size(at.level) - 1));
}

}  // namespace rmm::spec
