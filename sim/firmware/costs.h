// SPDX-License-Identifier: GPL-2.0-or-later
// What firmware and monitor calls cost in virtual time. Fixed figures, chosen in the order of magnitude of server
// silicon: they make polling loops end and give traces a plausible scale. They measure nothing.
#pragma once

#include <cstdint>

#include "rmm/abi/v1_0/function_ids.h"

namespace sim::costs {

inline constexpr std::uint64_t kSmcNs = 100;          // SMC to EL3 and back
inline constexpr std::uint64_t kWorldSwitchNs = 400;  // EL3: Non-secure to Realm state and back

// Beside the world switch, per class of RMI command.
inline constexpr std::uint64_t kQueryNs = 50;       // version, features, reads
inline constexpr std::uint64_t kGranuleNs = 300;    // PAS change, TLB invalidation by PA, scrub
inline constexpr std::uint64_t kTableNs = 200;      // one RTT entry
inline constexpr std::uint64_t kDataNs = 500;       // a granule of content copied or wiped
inline constexpr std::uint64_t kMeasuredNs = 3000;  // ... and measured
inline constexpr std::uint64_t kObjectNs = 2000;    // realm and REC life cycle
inline constexpr std::uint64_t kEnterNs = 1000;     // REC context restored and saved

// One signature of attestation, with P-384. It is long enough for interrupts to come in between.
inline constexpr std::uint64_t kSignNs = 500'000;
inline constexpr unsigned kSignRounds = 10;  // between which the monitor looks for interrupts

constexpr std::uint64_t rmi_ns(std::uint32_t fid) {
  switch (fid) {
    case abi::v1_0::kRmiGranuleDelegate:
    case abi::v1_0::kRmiGranuleUndelegate: return kGranuleNs;
    case abi::v1_0::kRmiDataCreate: return kMeasuredNs;
    case abi::v1_0::kRmiDataCreateUnknown:
    case abi::v1_0::kRmiDataDestroy: return kDataNs;
    case abi::v1_0::kRmiRealmCreate:
    case abi::v1_0::kRmiRealmActivate:
    case abi::v1_0::kRmiRealmDestroy:
    case abi::v1_0::kRmiRecCreate:
    case abi::v1_0::kRmiRecDestroy: return kObjectNs;
    case abi::v1_0::kRmiRecEnter: return kEnterNs;
    case abi::v1_0::kRmiRttCreate:
    case abi::v1_0::kRmiRttDestroy:
    case abi::v1_0::kRmiRttFold: return kDataNs;
    case abi::v1_0::kRmiRttMapUnprotected:
    case abi::v1_0::kRmiRttUnmapUnprotected:
    case abi::v1_0::kRmiRttInitRipas:
    case abi::v1_0::kRmiRttSetRipas: return kTableNs;
    default: return kQueryNs;
  }
}

}  // namespace sim::costs
