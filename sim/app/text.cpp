// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace sim::app {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kSizeUnits = {Unit{"", 1},           Unit{"B", 1},
                                   Unit{"K", 1ULL << 10}, Unit{"KiB", 1ULL << 10},
                                   Unit{"M", 1ULL << 20}, Unit{"MiB", 1ULL << 20},
                                   Unit{"G", 1ULL << 30}, Unit{"GiB", 1ULL << 30},
                                   Unit{"T", 1ULL << 40}, Unit{"TiB", 1ULL << 40}};
constexpr std::array kTimeUnits = {Unit{"", 1}, Unit{"ns", 1}, Unit{"us", 1'000}, Unit{"ms", 1'000'000},
                                   Unit{"s", 1'000'000'000}};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substitution}));
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (const auto plain = parse_number(text)) return plain;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = parse_number(text.substr(0, digits));
  const auto unit =
      std::find_if(kSizeUnits.begin(), kSizeUnits.end(), [&](const Unit& u) { return u.name == text.substr(digits); });
  if (!value || unit == kSizeUnits.end() || *value > std::numeric_limits<std::uint64_t>::max() / unit->factor)
    return std::nullopt;
  return *value * unit->factor;
}

std::optional<std::uint64_t> parse_time_ns(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value, std::chars_format::fixed);
  const auto unit =
      std::find_if(kTimeUnits.begin(), kTimeUnits.end(), [&](const Unit& u) { return u.name == text.substr(digits); });
  if (digits == 0 || error != std::errc{} || end != text.data() + digits || unit == kTimeUnits.end())
    return std::nullopt;
  const double ns = value * static_cast<double>(unit->factor);
  if (ns >= 1.8e19) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(ns));
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const bool whole = value == std::floor(value);
  return whole ? fmt::format("{:.0f} {}", value, kUnits[unit]) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string_view candidate : known) {
    if (const std::size_t distance = edit_distance(word, candidate); distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace sim::app
