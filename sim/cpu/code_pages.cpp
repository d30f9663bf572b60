// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/code_pages.h"

#include <cstring>

namespace sim {
namespace {

bool holds_wfe(const std::byte* bytes) {
  constexpr std::uint32_t kWfe = 0xd503'205f;
  for (std::size_t at = 0; at < abi::kGranuleSize; at += sizeof kWfe) {
    if (std::memcmp(bytes + at, &kWfe, sizeof kWfe) == 0) return true;
  }
  return false;
}

}  // namespace

const CodePages::Page& CodePages::observe(std::size_t index, const std::byte* bytes) {
  auto& slot = pages_[index];
  if (!slot) {
    slot = std::make_unique<Page>();
    std::memcpy(slot->bytes.data(), bytes, abi::kGranuleSize);
    slot->compared_in = epoch_;
    slot->has_wfe = holds_wfe(bytes);
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
  page.has_wfe = holds_wfe(bytes);
  std::memcpy(page.bytes.data(), bytes, abi::kGranuleSize);
  return page;
}

bool CodePages::changed(std::size_t index, const std::byte* bytes) const {
  const auto* page = pages_.find(index);
  return page != nullptr && *page != nullptr && std::memcmp((*page)->bytes.data(), bytes, abi::kGranuleSize) != 0;
}

}  // namespace sim
