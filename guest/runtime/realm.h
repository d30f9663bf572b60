// SPDX-License-Identifier: GPL-2.0-or-later
// What the program learns about itself through the Realm Services Interface (DEN0137 1.0-rel0 B5.3).
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/abi/v1_0/types.h"

namespace guest {

struct RsiVersion {
  bool is_realm;                // false: RSI_VERSION is not supported, this is a plain VM
  std::uint64_t lower, higher;  // interface revisions (B5.4.6)
};
RsiVersion rsi_version();

// RSI_REALM_CONFIG. The monitor writes it into a granule of the program; the reference stays valid.
// Only for a realm.
const abi::v1_0::RsiRealmConfig& realm_config();

struct RipasRange {
  bool valid = false;  // false: the call failed
  abi::v1_0::Ripas ripas = abi::v1_0::Ripas::kEmpty;
  abi::Ipa top;  // end (exclusive) of the run of granules that have this RIPAS, at most the asked end
};
// RSI_IPA_STATE_GET. Only for a realm.
RipasRange ripas(abi::IpaRange range);

struct RipasChange {
  bool valid = false;     // false: the call failed, nothing has changed
  bool accepted = false;  // false: the host refused to go further
  abi::Ipa reached;       // everything below has the wanted RIPAS
};
enum class OfDestroyed : std::uint8_t { kKeep, kChange };
// RSI_IPA_STATE_SET, once. Only for a realm.
RipasChange ask_for_ripas(abi::IpaRange range, abi::v1_0::Ripas ripas, OfDestroyed destroyed);
// The same, repeated until the whole range has the RIPAS. False: it never will.
bool set_ripas(abi::IpaRange range, abi::v1_0::Ripas ripas, OfDestroyed destroyed);

// Bits to add to an unprotected device's IPA: the top bit of the IPA space in a realm (A2.3.1), zero in a plain VM.
std::uint64_t shared_alias();

}  // namespace guest
