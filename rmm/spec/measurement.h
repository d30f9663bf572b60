// SPDX-License-Identifier: GPL-2.0-or-later
// Realm measurements as values: A7.1, the RIM sections of B4.3.1, B4.3.9, B4.3.12 and B4.3.18, RemExtend (B3.42, D8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/spec/state.h"

namespace rmm::spec {

using abi::v1_0::HashAlgorithm;

// The digest, zero above its length.
Measurement hash(HashAlgorithm algorithm, std::span<const std::byte> bytes);

Measurement rim_init(HashAlgorithm algorithm, const abi::v1_0::RealmParams& params);
// `content` is the whole granule; it counts only if the flags say so.
Measurement rim_extend_data(HashAlgorithm algorithm, const Measurement& rim, Ipa ipa, std::uint64_t flags,
                            std::span<const std::byte> content);
Measurement rim_extend_rec(HashAlgorithm algorithm, const Measurement& rim, const abi::v1_0::RecParams& params);
// One entry's contribution.
Measurement rim_extend_ripas(HashAlgorithm algorithm, const Measurement& rim, Ipa base, Ipa top);
// `value`: the 64 bytes as the realm gave them; the first `size` count.
Measurement rem_extend(HashAlgorithm algorithm, const Measurement& rem, std::span<const std::byte> value,
                       std::size_t size);

}  // namespace rmm::spec
