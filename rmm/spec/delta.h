// SPDX-License-Identifier: GPL-2.0-or-later
// A next state, said as what becomes of the objects that change. Everything that is not named stays as it is, which is
// the footprint rule (B1.9) with the corrections of decision D12.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "rmm/spec/state.h"

namespace rmm::spec {

struct EntryChange {
  TableKey table;
  std::size_t index = 0;
  Entry entry;
};

struct Delta {
  std::vector<std::pair<Pa, GranuleState>> granules;
  std::vector<std::pair<Pa, std::optional<Realm>>> realms;  // nothing: removed
  std::vector<std::pair<Pa, std::optional<Rec>>> recs;
  std::vector<std::pair<TableKey, std::optional<Table>>> tables;
  std::vector<EntryChange> entries;  // applied after `tables`

  bool empty() const { return granules.empty() && realms.empty() && recs.empty() && tables.empty() && entries.empty(); }
};

// An entry change must name a table that exists.
void apply(State& state, const Delta& delta);

}  // namespace rmm::spec
