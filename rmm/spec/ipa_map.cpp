// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/spec/ipa_map.h"

#include <algorithm>

namespace rmm::spec {

namespace {
bool live_entry(const Entry& entry) {  // A5.5.8: a physical address is stored in it
  return entry.state == EntryState::kAssigned || entry.state == EntryState::kAssignedNs ||
         entry.state == EntryState::kTable;
}
}  // namespace

bool is_protected_range(Ipa base, Ipa top, const Realm& realm) {
  const std::uint64_t size = top.value - base.value;
  return is_protected(base, realm) && top > base && size < realm.ipa_limit() && is_protected(top - 1, realm);
}

Walk walk(const State& state, Pa rd, Ipa ipa, int level) {
  Walk at;
  at.level = state.realms.at(rd).rtt_level_start;
  while (true) {
    at.key = table_at(rd, ipa, at.level);
    at.table = &state.tables.at(at.key);
    at.index = entry_index(ipa, at.level);
    at.entry = at.table->entries[at.index];
    if (at.level >= level || at.entry.state != EntryState::kTable) return at;
    ++at.level;
  }
}

Ipa skip_non_live(const Walk& at, Ipa ipa) {
  std::size_t i = entry_index(ipa, at.level);
  while (i < kEntries && !live_entry(at.table->entries[i])) ++i;
  return entry_ipa(at.key, i);
}

bool is_live(const Table& table) {
  return std::any_of(table.entries.begin(), table.entries.end(), [](const Entry& entry) {
    return entry.state == EntryState::kAssigned || entry.state == EntryState::kTable;
  });
}

std::optional<Entry> fold(const Table& table, int level) {
  const Entry& first = table.entries[0];
  if (first.state == EntryState::kTable) return std::nullopt;
  const bool has_address = first.state == EntryState::kAssigned || first.state == EntryState::kAssignedNs;
  if (has_address && (level < 2 || !is_level_aligned(first.addr.value, level - 1))) return std::nullopt;
  for (std::size_t i = 0; i < kEntries; ++i) {
    Entry expected = first;
    if (has_address) expected.addr += i * level_size(level);
    if (table.entries[i] != expected) return std::nullopt;
  }
  return first;
}

Entry unfold(const Entry& parent, int level, std::size_t index) {
  Entry child = parent;
  if (parent.state == EntryState::kAssigned || parent.state == EntryState::kAssignedNs) {
    child.addr += index * level_size(level);
  }
  return child;
}

Entry lookup(const State& state, Pa rd, Ipa ipa) { return walk(state, rd, ipa, kPageLevel).entry; }

}  // namespace rmm::spec
