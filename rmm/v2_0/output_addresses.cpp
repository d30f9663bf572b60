// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/v2_0/output_addresses.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include <fmt/core.h>

#include "rmm/call/granule_arguments.h"

namespace rmm::v2_0 {

using abi::v2_0::AddressRange;

OutputAddresses OutputAddresses::single(std::uint64_t descriptor) {
  OutputAddresses out;
  out.ranges_.push_back(AddressRange::from_raw(descriptor));
  return out;
}

tl::expected<OutputAddresses, port::Gpf> OutputAddresses::from_list(const call::CallBase& c, abi::Pa list,
                                                                    unsigned count) {
  OutputAddresses out;
  std::array<std::uint64_t, abi::kGranuleSize / sizeof(std::uint64_t)> words{};
  while (out.ranges_.size() < count) {
    const abi::Pa pa = list + out.ranges_.size() * sizeof(std::uint64_t);
    const std::uint64_t in_granule = (abi::kGranuleSize - pa.value % abi::kGranuleSize) / sizeof(std::uint64_t);
    const std::size_t n = std::min<std::size_t>(in_granule, count - out.ranges_.size());
    if (auto read = call::read_host(c, pa, std::as_writable_bytes(std::span(words).first(n))); !read)
      return tl::unexpected(read.error());
    for (std::size_t i = 0; i < n; ++i) out.ranges_.push_back(AddressRange::from_raw(words[i]));
  }
  return out;
}

bool OutputAddresses::is_aligned() const {
  return std::all_of(ranges_.begin(), ranges_.end(), [](const AddressRange& r) { return r.is_aligned(); });
}

std::uint64_t OutputAddresses::size() const {
  std::uint64_t size = 0;
  for (const AddressRange& range : ranges_) size += range.size();
  return size;
}

abi::Pa OutputAddresses::at(std::uint64_t offset) const {
  for (const AddressRange& range : ranges_) {
    if (offset < range.size()) return range.base + offset;
    offset -= range.size();
  }
  fmt::print(stderr, "ccasim bug: offset {:#x} behind the end of the output addresses\n", offset);
  std::abort();
}

}  // namespace rmm::v2_0
