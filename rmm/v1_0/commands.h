// SPDX-License-Identifier: GPL-2.0-or-later
// The RMI commands of DEN0137 1.0-rel0: one row each, one file each (B4.3). What the files share: statuses and the two
// tests every granule argument goes through.
#pragma once

#include <array>
#include <cstdint>

#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/call/call.h"

namespace rmm::v1_0 {

// A command and what runs it.
struct Row {
  const call::Command* command;
  abi::SmcRegs (*run)(const call::Environment&, port::Pe&, const abi::SmcRegs&);
};

// The row of kCommand with its handler, a function Outcome(Call<kCommand>&).
template <const call::Command& kCommand, auto kHandler>
constexpr Row make_row() {
  return {&kCommand, [](const call::Environment& environment, port::Pe& pe, const abi::SmcRegs& regs) {
            return call::invoke<kCommand>(kHandler, environment, pe, regs);
          }};
}

extern const Row kVersion, kFeatures;
extern const Row kGranuleDelegate, kGranuleUndelegate;
extern const Row kRealmCreate, kRealmActivate, kRealmDestroy;
extern const Row kRecAuxCount, kRecCreate, kRecDestroy, kRecEnter, kPsciComplete;
extern const Row kDataCreate, kDataCreateUnknown, kDataDestroy;
extern const Row kRttCreate, kRttDestroy, kRttFold, kRttReadEntry;
extern const Row kRttMapUnprotected, kRttUnmapUnprotected;
extern const Row kRttInitRipas, kRttSetRipas;

inline constexpr std::uint64_t kInput = static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorInput);
inline constexpr std::uint64_t kRealm = static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorRealm);
inline constexpr std::uint64_t kRec = static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorRec);
inline constexpr std::uint64_t kRtt = static_cast<std::uint64_t>(abi::v1_0::RmiStatus::kErrorRtt);

inline constexpr std::uint64_t kAddressLimitWithoutLpa2 = 1ULL << 48;

// B3.3 AddrIsGranuleAligned
inline bool aligned(abi::Pa pa) { return abi::is_granule_aligned(pa); }
// B3.25 PaIsDelegable
inline bool delegable(const call::CallBase& c, abi::Pa pa) { return c.state.granules.is_delegable(pa); }
inline abi::GranulePa granule(abi::Pa pa) { return abi::GranulePa::containing(pa); }

// Reads host-owned memory, once per command (I22). A fault means that the granule is not accessible as Non-secure
// (B3.20).
template <std::size_t kSize>
tl::expected<void, port::Gpf> read_host(const call::CallBase& c, abi::Pa pa, std::array<std::byte, kSize>& out) {
  if (c.platform.observer != nullptr) c.platform.observer->ns_read(pa, kSize);
  return c.platform.memory.read_ns(pa, out);
}

}  // namespace rmm::v1_0
