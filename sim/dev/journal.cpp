// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/dev/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sim {
namespace {

constexpr std::string_view kKindNames[] = {"seed", "keys"};

bool is_due(const JournalEntry& entry, const Boundary& at) {
  return entry.time_ns < at.now_ns || (entry.time_ns == at.now_ns && entry.ordinal <= at.ordinal);
}

// Cuts the next word off `line`; empty at its end.
std::string_view next_word(std::string_view& line) {
  const auto begin = std::min(line.find_first_not_of(" \t\r"), line.size());
  const auto end = std::min(line.find_first_of(" \t\r", begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

std::optional<std::uint64_t> number(std::string_view word, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::optional<std::vector<std::uint8_t>> hex_bytes(std::string_view word) {
  if (word.empty() || word.size() % 2 != 0) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < word.size(); i += 2) {
    const auto byte = number(word.substr(i, 2), 16);
    if (!byte) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*byte));
  }
  return bytes;
}

tl::expected<JournalEntry, std::string> parse_line(std::string_view line) {
  const auto time = number(next_word(line), 10);
  if (!time) return tl::unexpected<std::string>("expected a virtual time in nanoseconds");
  const auto ordinal = number(next_word(line), 10);
  if (!ordinal) return tl::unexpected<std::string>("expected the ordinal of a boundary after the time (0 if unsure)");
  const auto* kind = std::ranges::find(kKindNames, next_word(line));
  if (kind == std::end(kKindNames)) return tl::unexpected<std::string>("expected 'seed' or 'keys' after the ordinal");
  auto bytes = hex_bytes(next_word(line));
  if (!bytes) return tl::unexpected<std::string>("expected bytes as pairs of hexadecimal digits, such as 6c730a");
  if (!next_word(line).empty()) return tl::unexpected<std::string>("text after the bytes");
  const auto index = static_cast<InputKind>(kind - std::begin(kKindNames));
  if (index == InputKind::kSeed && (bytes->size() != 8 || *time != 0))
    return tl::unexpected<std::string>("a seed is 8 bytes at time 0");
  return JournalEntry{*time, *ordinal, index, *std::move(bytes)};
}

}  // namespace

std::optional<std::uint64_t> JournalState::seed() const {
  const auto found = std::ranges::find(entries, InputKind::kSeed, &JournalEntry::kind);
  if (found == entries.end() || found->bytes.size() != sizeof(std::uint64_t)) return std::nullopt;
  std::uint64_t value = 0;
  std::memcpy(&value, found->bytes.data(), sizeof value);
  return value;
}

JournalEntry seed_entry(std::uint64_t seed) {
  JournalEntry entry{.kind = InputKind::kSeed, .bytes = std::vector<std::uint8_t>(sizeof seed)};
  std::memcpy(entry.bytes.data(), &seed, sizeof seed);
  return entry;
}

std::string to_text(const std::vector<JournalEntry>& entries) {
  std::string text;
  for (const auto& entry : entries)
    text += fmt::format("{} {} {} {:02x}\n", entry.time_ns, entry.ordinal,
                        kKindNames[static_cast<std::size_t>(entry.kind)], fmt::join(entry.bytes, ""));
  return text;
}

tl::expected<std::vector<JournalEntry>, std::string> parse_journal(std::string_view text) {
  std::vector<JournalEntry> entries;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, std::min(line.find('#'), line.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto entry = parse_line(line);
    if (!entry) return tl::unexpected(fmt::format("journal line {}: {}", number, entry.error()));
    if (!entries.empty() &&
        std::tie(entry->time_ns, entry->ordinal) < std::tie(entries.back().time_ns, entries.back().ordinal))
      return tl::unexpected(fmt::format("journal line {}: earlier than the line before it; sort by time", number));
    entries.push_back(*std::move(entry));
  }
  return entries;
}

std::optional<std::uint8_t> Journal::get() {
  if (state_.consumed == state_.keys.size()) return std::nullopt;
  return state_.keys[state_.consumed++];
}

std::optional<std::uint64_t> Journal::next_due_ns() const {
  if (state_.delivered == state_.entries.size()) return std::nullopt;
  return state_.entries[state_.delivered].time_ns;
}

void Journal::record_live(const Boundary& at) {
  // A journal that is still replayed speaks for the person at the keyboard.
  if (!live_ || state_.delivered != state_.entries.size()) return;
  JournalEntry entry{.time_ns = at.now_ns, .ordinal = at.ordinal, .kind = InputKind::kKeys, .bytes = {}};
  while (const auto byte = live_()) entry.bytes.push_back(*byte);
  if (!entry.bytes.empty()) state_.entries.push_back(std::move(entry));
}

bool Journal::deliver(const Boundary& at) {
  record_live(at);
  bool any = false;
  Boundary reached = at;
  for (; state_.delivered < state_.entries.size(); ++state_.delivered) {
    const JournalEntry& entry = state_.entries[state_.delivered];
    if (!is_due(entry, reached)) {
      // An idle machine meets no later boundary of this instant: the next entry of this time, and those that share its
      // stamp, arrive now.
      if (!at.idle || any || entry.time_ns != at.now_ns) break;
      reached.ordinal = entry.ordinal;
    }
    if (entry.kind == InputKind::kKeys) {
      state_.keys.insert(state_.keys.end(), entry.bytes.begin(), entry.bytes.end());
      any = true;
    }
  }
  return any;
}

}  // namespace sim
