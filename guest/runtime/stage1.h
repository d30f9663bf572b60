// SPDX-License-Identifier: GPL-2.0-or-later
// More mappings than the identity map has, for programs that look at translation itself.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"

namespace guest {

enum class Mapping : std::uint8_t { kExecutable, kDevice };

inline constexpr std::uint64_t kBlockSize = 1ULL << 21;

// Maps the 2 MiB of IPA space at `ipa` (aligned) and returns their virtual address. Mappings stay. CPU 0 only; at most
// 256.
std::uint64_t map_block(abi::Ipa ipa, Mapping mapping);

}  // namespace guest
