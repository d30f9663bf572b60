// SPDX-License-Identifier: GPL-2.0-or-later
// Realm measurements: the initial one (RIM) and the extensible ones (REM) (DEN0137 A7.1). A shorter digest is kept zero
// padded to 64 bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/core/realm.h"

namespace rmm::core {

// Bytes of a digest: 32 or 64.
std::size_t digest_size(abi::v1_0::HashAlgorithm algorithm);
// H(data), zero padded.
Measurement hash(abi::v1_0::HashAlgorithm algorithm, std::span<const std::byte> data);
// What ES384 signs. No realm is measured with it (B4.4.7).
std::array<std::uint8_t, 48> sha384(std::span<const std::byte> data);

// B4.3.9.4 RimInit: over flags, s2sz, sve_vl, num_bps, num_wps, pmu_num_ctrs and hash_algo of `params`.
Measurement initial_rim(abi::v1_0::HashAlgorithm algorithm, const abi::v1_0::RealmParams& params);

// B4.3.1.4 RimExtendData. `flags` as the host gave them (D3); `content` is the granule, absent if unmeasured.
void extend_rim_data(Realm& realm, abi::Ipa ipa, std::uint64_t flags,
                     std::optional<std::span<const std::byte>> content);
// B4.3.12.4 RimExtendRec: over gprs, pc and flags of `params`.
void extend_rim_rec(Realm& realm, const abi::v1_0::RecParams& params);
// B4.3.18.4 RimExtendRipasForEntry.
void extend_rim_ripas(Realm& realm, abi::IpaRange entry);

// B3.42 RemExtend: REM[index] = H(old 64 bytes || value zero padded to 64 bytes) (D8). index 1..4, value at most 64
// bytes.
void extend_rem(Realm& realm, unsigned index, std::span<const std::byte> value);

}  // namespace rmm::core
