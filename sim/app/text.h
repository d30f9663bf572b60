// SPDX-License-Identifier: GPL-2.0-or-later
// Words a person types: sizes, times, and the nearest known word to a wrong one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sim::app {

// "512MiB", "2GiB", "64KiB", "4096", "0x1000", also "512M" and "2G" (binary). Bytes; nothing if it is no size.
std::optional<std::uint64_t> parse_size(std::string_view text);
// "1500000", "100us", "20ms", "1.5s". Nanoseconds; nothing if it is no time.
std::optional<std::uint64_t> parse_time_ns(std::string_view text);
// Decimal or 0x hexadecimal.
std::optional<std::uint64_t> parse_number(std::string_view text);
// "512 MiB" style, exact or with one decimal.
std::string format_size(std::uint64_t bytes);
// The known word with the smallest edit distance, if it is close enough to be what was meant.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace sim::app
