// SPDX-License-Identifier: GPL-2.0-or-later
// Geometry of an RTT tree, walks and scans (DEN0137 A5.5.10, B3.52 to B3.78). Nothing here writes.
// Every function that reads tables requires that the caller holds the realm's RD lock.
#pragma once

#include "rmm/core/context.h"
#include "rmm/core/rtt_entry.h"

namespace rmm::core {

inline constexpr unsigned kMaxStartTables = 16;  // concatenated starting tables (Arm DDI 0487 D8.2.2)

// Shift of the address range that one entry of `level` describes (0..3).
constexpr unsigned level_shift(int level) { return 12 + 9 * static_cast<unsigned>(kPageLevel - level); }
// B3.68 RttLevelSize, bytes.
constexpr std::uint64_t level_size(int level) { return 1ULL << level_shift(level); }

// B3.67 RttLevelIsValid, for the 64-bit signed level of an argument.
constexpr bool level_is_valid(const Realm& realm, std::int64_t level) {
  return level >= realm.rtt_level_start && level <= kPageLevel;
}
// B3.66 RttLevelIsStarting
constexpr bool level_is_starting(const Realm& realm, std::int64_t level) { return level == realm.rtt_level_start; }
// B3.65 RttLevelIsBlockOrPage: blocks at levels 1 and 2 (D13).
constexpr bool level_is_block_or_page(const Realm& realm, std::int64_t level) {
  return level_is_valid(realm, level) && level >= 1;
}
// B3.5 AddrIsRttLevelAligned; false for an invalid level.
constexpr bool is_level_aligned(std::uint64_t address, std::int64_t level) {
  return level >= 0 && level <= kPageLevel && abi::is_aligned(address, level_size(static_cast<int>(level)));
}

// B3.55 RttConfigIsValid: the IPA width suits the starting level, and the number of tables is the architecture's.
bool rtt_config_is_valid(unsigned ipa_width, std::int64_t level_start, std::uint64_t num_start);

// B3.78 RttWalk: where a walk ended.
struct RttWalk {
  int level = 0;
  abi::GranulePa table;  // RTT reached by the walk
  unsigned index = 0;    // of the entry in it
  RttEntry entry;
  abi::Ipa ipa;  // base of the range that the entry describes

  abi::Pa descriptor_pa() const { return table.pa() + index * sizeof(std::uint64_t); }
  std::uint64_t size() const { return level_size(level); }
  abi::IpaRange range() const { return {ipa, ipa + size()}; }
};

// Walks from the realm's starting level towards `to_level`, as far as TABLE entries lead. Preconditions: ipa below the
// realm's IPA space end, to_level valid.
RttWalk walk(const Context& context, const Realm& realm, abi::Ipa ipa, int to_level);

// B3.76 RttSkipNonLiveEntries in the table where `walk` ended, from `ipa`: `ipa` itself if its entry is live.
abi::Ipa skip_non_live(const Context& context, const RttWalk& walk, abi::Ipa ipa);

// Where a PA a realm can reach is: the translation of a protected IPA that is ASSIGNED, at any level.
struct Translation {
  RttWalk walk;
  abi::Pa pa;  // valid iff walk.entry.state is kAssigned
};
Translation translate(const Context& context, const Realm& realm, abi::Ipa ipa);

// A5.5.6: the parent entry that results from folding `table` (level 1..3), if the table is homogeneous.
struct FoldResult {
  bool homogeneous = false;
  RttEntry parent;
};
FoldResult fold_result(const Context& context, abi::GranulePa table, int level);

}  // namespace rmm::core
