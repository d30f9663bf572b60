// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/realm_memory.h"

namespace rmm::run {

RealmGranule::RealmGranule(const Context& c, abi::Ipa ipa, const char* point)
    : rd_(core_context(c), {{c.rec.owner, core::GranuleState::kRd}}, point),
      translation_(core::translate(core_context(c), c.realm, ipa)) {}

Reach RealmGranule::reach() const {
  const core::RttEntry& entry = translation_.walk.entry;
  if (entry.ripas == abi::v1_0::Ripas::kEmpty) return Reach::kEmpty;
  const bool mapped = entry.state == core::RttState::kAssigned && entry.ripas == abi::v1_0::Ripas::kRam;
  return mapped ? Reach::kMapped : Reach::kMissing;
}

}  // namespace rmm::run
