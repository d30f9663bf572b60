// The granule table: sparse over the machine's DRAM banks, a chunk of 512 granules at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "rmm/abi/addr.h"
#include "rmm/core/granule.h"
#include "rmm/port/gpt.h"

namespace rmm::core {

class GranuleTable {
 public:
  static constexpr std::size_t kChunk = 512;

  GranuleTable() = default;
  explicit GranuleTable(std::span<const port::MemoryBank> banks) : banks_(banks.begin(), banks.end()) {}

  // DEN0137 B3.43 PaIsDelegable: the granule exists in DRAM.
  bool is_delegable(abi::Pa pa) const {
    for (const auto& bank : banks_)
      if (pa.value >= bank.base.value && pa.value - bank.base.value < bank.size) return true;
    return false;
  }
  // The granule's record, created on first touch. Precondition: is_delegable(granule.pa()).
  Granule& at(abi::GranulePa granule) {
    auto& chunk = chunks_[granule.frame() / kChunk];
    if (chunk.empty()) chunk.resize(kChunk);
    return chunk[granule.frame() % kChunk];
  }
  // The granule's record without creating one: an untouched granule is UNDELEGATED.
  const Granule& peek(abi::GranulePa granule) const {
    static const Granule untouched;
    const auto it = chunks_.find(granule.frame() / kChunk);
    return it == chunks_.end() || it->second.empty() ? untouched : it->second[granule.frame() % kChunk];
  }
  // Calls visit(GranulePa, const Granule&) for every granule that is not UNDELEGATED, in ascending order.
  template <class Visit>
  void for_each_delegated(Visit&& visit) const {
    for (const auto& [index, chunk] : chunks_)
      for (std::size_t i = 0; i < chunk.size(); ++i)
        if (chunk[i].state != GranuleState::kUndelegated)
          visit(abi::GranulePa::from_frame(index * kChunk + i), chunk[i]);
  }

 private:
  std::vector<port::MemoryBank> banks_;
  std::map<std::uint64_t, std::vector<Granule>> chunks_;
};

}  // namespace rmm::core
