// SPDX-License-Identifier: GPL-2.0-or-later
// RmiAddrSetDesc of RMM 2.0: the physical memory that a map command is given, as one descriptor or as a list of them in
// Non-secure memory.
#pragma once

#include <cstdint>
#include <tl/expected.hpp>
#include <vector>

#include "rmm/abi/v2_0/address_range.h"
#include "rmm/call/call.h"

namespace rmm::v2_0 {

class OutputAddresses {
 public:
  // One descriptor, as the register holds it.
  static OutputAddresses single(std::uint64_t descriptor);
  // `count` descriptors from `list` on (8-byte aligned), read once (I22). A fault: a granule of it is not Non-secure.
  static tl::expected<OutputAddresses, port::Gpf> from_list(const call::CallBase& c, abi::Pa list, unsigned count);

  // Every range begins at a multiple of its block size.
  bool is_aligned() const;
  // Bytes in all.
  std::uint64_t size() const;
  // The physical address at `offset` bytes, below size().
  abi::Pa at(std::uint64_t offset) const;

 private:
  std::vector<abi::v2_0::AddressRange> ranges_;
};

}  // namespace rmm::v2_0
