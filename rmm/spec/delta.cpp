// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/spec/delta.h"

namespace rmm::spec {

namespace {
template <class Map, class Changes>
void set_or_erase(Map& map, const Changes& changes) {
  for (const auto& [key, value] : changes) {
    if (value) {
      map.insert_or_assign(key, *value);
    } else {
      map.erase(key);
    }
  }
}
}  // namespace

void apply(State& state, const Delta& delta) {
  for (const auto& [pa, granule] : delta.granules) {
    if (granule == GranuleState::kUndelegated) {
      state.granules.erase(pa);
    } else {
      state.granules.insert_or_assign(pa, granule);
    }
  }
  set_or_erase(state.realms, delta.realms);
  set_or_erase(state.recs, delta.recs);
  set_or_erase(state.tables, delta.tables);
  for (const EntryChange& change : delta.entries) state.tables.at(change.table).entries.at(change.index) = change.entry;
}

}  // namespace rmm::spec
