// SPDX-License-Identifier: GPL-2.0-or-later
// RmiAddrRangeDesc of RMM 2.0 with granules of 4 KiB: a run of equal blocks of physical memory in one 64-bit word.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"
#include "rmm/abi/v2_0/bet1.h"

namespace abi::v2_0 {

struct AddressRange {
  std::uint8_t block = 0;   // 1:0 size of a block: 0 page, 1 level 2 block, 2 level 1 block, 3 level 0 block
  std::uint16_t count = 0;  // 11:2 number of blocks
  Pa base;                  // 51:12
  std::uint8_t state = 0;   // from kRangeStateShift on; means something in donations only

  constexpr std::uint64_t block_size() const { return kGranuleSize << (9 * block); }
  constexpr std::uint64_t size() const { return count * block_size(); }
  constexpr bool is_aligned() const { return abi::is_aligned(base.value, block_size()); }

  constexpr std::uint64_t raw() const {
    return std::uint64_t{block} | (std::uint64_t{count} << 2) | base.value | (std::uint64_t{state} << kRangeStateShift);
  }
  static constexpr AddressRange from_raw(std::uint64_t v) {
    return {static_cast<std::uint8_t>(v & 3), static_cast<std::uint16_t>((v >> 2) & 0x3ff),
            Pa{v & 0x000f'ffff'ffff'f000}, static_cast<std::uint8_t>(v >> kRangeStateShift)};
  }
  constexpr bool operator==(const AddressRange&) const = default;
};
static_assert(AddressRange::from_raw(0x8000'0000'8020'0005).size() == 0x20'0000, "the state is no part of the address");

}  // namespace abi::v2_0
