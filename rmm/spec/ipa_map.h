// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of chapter B3 over a realm's translation tables: RttWalk, RttSkip..., RttIsHomogeneous, RttFold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "rmm/spec/state.h"

namespace rmm::spec {

inline constexpr int kPageLevel = 3;  // RMM_RTT_PAGE_LEVEL

// B3.68: bytes that an entry of a table at `level` (-1..3) describes.
constexpr std::uint64_t level_size(int level) { return 1ULL << (12 + 9 * (kPageLevel - level)); }
// B3.5
constexpr bool is_level_aligned(std::uint64_t addr, int level) { return abi::is_aligned(addr, level_size(level)); }
constexpr Ipa align_down(Ipa ipa, int level) { return {abi::align_down(ipa.value, level_size(level))}; }
constexpr std::size_t entry_index(Ipa ipa, int level) { return (ipa.value / level_size(level)) % kEntries; }  // B3.60
// IPA of the first entry of the table at `level` that holds `ipa`. A level -1 table begins at 0.
constexpr Ipa table_base(Ipa ipa, int level) { return {abi::align_down(ipa.value, level_size(level) * kEntries)}; }
constexpr TableKey table_at(Pa rd, Ipa ipa, int level) { return {rd, level, table_base(ipa, level)}; }
constexpr Ipa entry_ipa(const TableKey& table, std::size_t index) {
  return table.base + index * level_size(table.level);
}

// B3.4
inline bool is_protected(Ipa ipa, const Realm& realm) { return ipa.value < realm.protected_limit(); }
// B3.6
bool is_protected_range(Ipa base, Ipa top, const Realm& realm);

// C1.31. `table` is where the walk ended, `entry` what it found there.
struct Walk {
  int level = 0;
  TableKey key;
  const Table* table = nullptr;
  std::size_t index = 0;
  Entry entry;
};
// A5.5.10: ends at `level` or at the first entry that is no table. `ipa` lies inside the realm's IPA space and `level`
// is not above the starting level.
Walk walk(const State& state, Pa rd, Ipa ipa, int level);

// B3.76: the IPA of the first live entry from `ipa` on, or what follows the table; aligned down to the level.
Ipa skip_non_live(const Walk& at, Ipa ipa);
// A5.5.8: ASSIGNED or TABLE in any entry.
bool is_live(const Table& table);
// A5.5.6, D13: the entry that the table at `level` folds into, or nothing if it is not homogeneous.
std::optional<Entry> fold(const Table& table, int level);
// A5.5.7: entry `index` of the child at `level` of a table made from `parent`.
Entry unfold(const Entry& parent, int level, std::size_t index);

// What an IPA of the realm is (A5.3.1), whatever the level of its entry.
Entry lookup(const State& state, Pa rd, Ipa ipa);

}  // namespace rmm::spec
