// SPDX-License-Identifier: GPL-2.0-or-later
// Interface revisions and how two sides agree on one (DEN0137 chapter B2; RMI_VERSION, RSI_VERSION).
#pragma once

#include <cstdint>
#include <span>

namespace rmm::call {

// A revision as the interface carries it: major 30:16, minor 15:0. Raw values order as revisions do.
struct Revision {
  std::uint64_t raw = 0;
  constexpr std::uint64_t major() const { return (raw >> 16) & 0x7fff; }
  constexpr std::uint64_t minor() const { return raw & 0xffff; }
  static constexpr Revision of(std::uint64_t major, std::uint64_t minor) { return {(major << 16) | minor}; }
  constexpr auto operator<=>(const Revision&) const = default;
};

enum class Agreement : std::uint8_t {
  kCompatible,  // outcome a
  kOnlyLower,   // outcome b: the highest supported revision below the requested one is reported
  kOnlyHigher,  // outcome c
};

struct Negotiation {
  Agreement agreement = Agreement::kCompatible;
  Revision lower, higher;
};

// `supported` is ascending and not empty. Bits 63:31 of the request are ignored (SBZ, D3).
constexpr Negotiation negotiate(std::span<const Revision> supported, std::uint64_t requested_raw) {
  const Revision requested{requested_raw & 0x7fffffff};
  const Revision highest = supported.back();
  Negotiation result{Agreement::kOnlyHigher, highest, highest};
  for (const Revision& r : supported) {
    if (r > requested) break;
    result.agreement = r == requested ? Agreement::kCompatible : Agreement::kOnlyLower;
    result.lower = r;
  }
  return result;
}

}  // namespace rmm::call
