// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/rtt_walk.h"

#include <cstring>

namespace rmm::core {
namespace {

// One descriptor of a table's bytes.
std::uint64_t descriptor_at(std::span<const std::byte> table, unsigned index) {
  std::uint64_t value = 0;
  std::memcpy(&value, table.data() + index * sizeof value, sizeof value);
  return value;
}

}  // namespace

bool rtt_config_is_valid(unsigned ipa_width, std::int64_t level_start, std::uint64_t num_start) {
  if (level_start < 0 || level_start > kPageLevel) return false;
  const unsigned entry_shift = level_shift(static_cast<int>(level_start));
  if (ipa_width <= entry_shift) return false;
  const unsigned table_shift = entry_shift + 9;
  const std::uint64_t tables = ipa_width <= table_shift ? 1 : 1ULL << (ipa_width - table_shift);
  return tables <= kMaxStartTables && num_start == tables;
}

RttWalk walk(const Context& context, const Realm& realm, abi::Ipa ipa, int to_level) {
  RttWalk result;
  result.level = int{realm.rtt_level_start};
  // Concatenated starting tables are one array of up to 16 * 512 entries.
  std::uint64_t index = ipa.value >> level_shift(result.level);
  result.table = abi::GranulePa::containing(realm.rtt_base + (index / kRttEntries) * abi::kGranuleSize);
  for (;;) {
    result.index = static_cast<unsigned>(index % kRttEntries);
    result.entry = decode(context.platform.memory.read64(result.descriptor_pa()), result.level);
    if (result.level == to_level || result.entry.state != RttState::kTable) break;
    result.table = abi::GranulePa::containing(result.entry.address);
    ++result.level;
    index = ipa.value >> level_shift(result.level);
  }
  result.ipa = {abi::align_down(ipa.value, result.size())};
  return result;
}

abi::Ipa skip_non_live(const Context& context, const RttWalk& walk, abi::Ipa ipa) {
  const auto table = context.platform.memory.peek(walk.table);
  unsigned i = walk.index;
  while (i < kRttEntries && !descriptor_is_live(descriptor_at(table, i))) ++i;
  if (i == walk.index) return ipa;
  return walk.ipa + (i - walk.index) * walk.size();
}

Translation translate(const Context& context, const Realm& realm, abi::Ipa ipa) {
  Translation result{.walk = walk(context, realm, ipa, kPageLevel), .pa = {}};
  if (result.walk.entry.state == RttState::kAssigned) result.pa = result.walk.entry.address + (ipa - result.walk.ipa);
  return result;
}

FoldResult fold_result(const Context& context, abi::GranulePa table, int level) {
  const auto bytes = context.platform.memory.peek(table);
  const RttEntry first = decode(descriptor_at(bytes, 0), level);
  const bool has_address = first.state == RttState::kAssigned || first.state == RttState::kAssignedNs;
  if (first.state == RttState::kTable) return {};
  if (has_address && (level < 2 || !abi::is_aligned(first.address.value, level_size(level - 1)))) return {};
  RttEntry expected = first;
  for (unsigned i = 1; i < kRttEntries; ++i) {
    if (has_address) expected.address += level_size(level);
    if (decode(descriptor_at(bytes, i), level) != expected) return {};
  }
  return {.homogeneous = true, .parent = first};
}

}  // namespace rmm::core
