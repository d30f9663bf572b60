// SPDX-License-Identifier: GPL-2.0-or-later
// The granules from which engines have translated code, with the bytes they had at the last fetch fill. Throwing code
// away is expensive and comparing is cheap: writes are only noted, and code is dropped where the next fetch finds other
// bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "rmm/abi/addr.h"
#include "sim/mem/granule_bits.h"
#include "sim/mem/granule_map.h"

namespace sim {

// Granules go by their dense number (Dram::index).
class CodePages {
 public:
  struct Page {
    std::uint32_t version = 1;  // changes with the content, as fetch fills saw it
    // The bytes that the last change touched: [change_begin, change_end) within the granule.
    std::uint32_t change_begin = 0;
    std::uint32_t change_end = 0;
    std::uint64_t compared_in = 0;  // epoch of the last comparison
    bool stale = false;             // native code wrote the granule since
    bool has_wfe = false;           // somewhere among the bytes
    std::array<std::byte, abi::kGranuleSize> bytes{};
  };

  explicit CodePages(std::size_t granules) : writable_(granules), pages_(granules) {}

  // An engine may write the granule from now on. Its TLB keeps that right for an unknown time: such a
  // granule is compared at every fetch fill.
  void grant_write(std::size_t index) { writable_.set(index); }
  // Native code wrote the granule.
  void written(std::size_t index) {
    if (auto& page = pages_[index]) page->stale = true;
  }
  // All of memory may have changed (a restore).
  void compare_all() { ++epoch_; }

  // The granule is about to be fetched from and holds `bytes` (4096 of them).
  const Page& observe(std::size_t index, const std::byte* bytes);
  // True iff the granule was fetched from and held other bytes then.
  bool changed(std::size_t index, const std::byte* bytes) const;

 private:
  GranuleBits writable_;
  std::uint64_t epoch_ = 1;
  GranuleMap<std::unique_ptr<Page>> pages_;
};

}  // namespace sim
