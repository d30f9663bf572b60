// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/code_pages.h"

#include <cstring>

namespace sim {

const CodePages::Page& CodePages::observe(abi::GranulePa granule, std::size_t index, const std::byte* bytes) {
  auto& slot = pages_[granule.frame()];
  if (!slot) {
    slot = std::make_unique<Page>();
    std::memcpy(slot->bytes.data(), bytes, abi::kGranuleSize);
    slot->compared_in = epoch_;
    return *slot;
  }
  Page& page = *slot;
  if (!page.stale && page.compared_in == epoch_ && !writable_.test(index)) return page;
  page.stale = false;
  page.compared_in = epoch_;
  if (std::memcmp(page.bytes.data(), bytes, abi::kGranuleSize) == 0) return page;
  std::uint32_t begin = 0;
  std::uint32_t end = abi::kGranuleSize;
  while (page.bytes[begin] == bytes[begin]) ++begin;
  while (page.bytes[end - 1] == bytes[end - 1]) --end;
  page.change_begin = begin;
  page.change_end = end;
  ++page.version;
  std::memcpy(page.bytes.data(), bytes, abi::kGranuleSize);
  return page;
}

bool CodePages::changed(abi::GranulePa granule, const std::byte* bytes) const {
  const auto it = pages_.find(granule.frame());
  return it != pages_.end() && std::memcmp(it->second->bytes.data(), bytes, abi::kGranuleSize) != 0;
}

}  // namespace sim
