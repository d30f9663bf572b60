// SPDX-License-Identifier: GPL-2.0-or-later
// The tests that every granule argument goes through, and the monitor's one way to read host-owned memory.
#pragma once

#include "rmm/call/call.h"

namespace rmm::call {

inline constexpr std::uint64_t kAddressLimitWithoutLpa2 = 1ULL << 48;

// B3.3 AddrIsGranuleAligned
inline bool aligned(abi::Pa pa) { return abi::is_granule_aligned(pa); }
// B3.25 PaIsDelegable
inline bool delegable(const CallBase& c, abi::Pa pa) { return c.state.granules.is_delegable(pa); }
inline abi::GranulePa granule(abi::Pa pa) { return abi::GranulePa::containing(pa); }

// Reads host-owned memory inside one granule, once per command (I22). A fault means that the granule is not accessible
// as Non-secure (B3.20).
inline tl::expected<void, port::Gpf> read_host(const CallBase& c, abi::Pa pa, std::span<std::byte> out) {
  if (c.platform.observer != nullptr) c.platform.observer->ns_read(pa, out.size());
  return c.platform.memory.read_ns(pa, out);
}

}  // namespace rmm::call
