// SPDX-License-Identifier: GPL-2.0-or-later
// The granule table: one record per granule of the machine's DRAM banks, allocated 512 at a time on first touch.
#pragma once

#include <cstdint>
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
  explicit GranuleTable(std::span<const port::MemoryBank> banks) {
    for (const port::MemoryBank& bank : banks) {
      const std::uint64_t frames = bank.size / abi::kGranuleSize;
      banks_.push_back({abi::GranulePa::containing(bank.base).frame(), frames, {}});
      banks_.back().chunks.resize((frames + kChunk - 1) / kChunk);
    }
  }

  // DEN0137 B3.25 PaIsDelegable: the granule exists in DRAM.
  bool is_delegable(abi::Pa pa) const { return find(abi::GranulePa::containing(pa)) != nullptr; }
  // The granule's record, created on first touch; the reference stays valid. Precondition: is_delegable(granule.pa()).
  Granule& at(abi::GranulePa granule) {
    const Bank* found = find(granule);
    if (found == nullptr) [[unlikely]]
      outside_dram(granule);
    Bank& bank = const_cast<Bank&>(*found);
    const std::uint64_t index = granule.frame() - bank.first_frame;
    auto& chunk = bank.chunks[index / kChunk];
    if (chunk.empty()) chunk.resize(kChunk);
    return chunk[index % kChunk];
  }
  // The granule's record without creating one: an untouched granule, or one outside DRAM, is UNDELEGATED.
  const Granule& peek(abi::GranulePa granule) const {
    static const Granule untouched;
    const Bank* bank = find(granule);
    if (bank == nullptr) return untouched;
    const std::uint64_t index = granule.frame() - bank->first_frame;
    const auto& chunk = bank->chunks[index / kChunk];
    return chunk.empty() ? untouched : chunk[index % kChunk];
  }
  // Calls visit(GranulePa, const Granule&) for every granule that is not UNDELEGATED, in ascending order.
  template <class Visit>
  void for_each_delegated(Visit&& visit) const {
    for (const Bank& bank : banks_)
      for (std::size_t c = 0; c < bank.chunks.size(); ++c)
        for (std::size_t i = 0; i < bank.chunks[c].size(); ++i)
          if (bank.chunks[c][i].state != GranuleState::kUndelegated)
            visit(abi::GranulePa::from_frame(bank.first_frame + c * kChunk + i), bank.chunks[c][i]);
  }

  struct Bank {
    std::uint64_t first_frame;
    std::uint64_t frames;
    std::vector<std::vector<Granule>> chunks;  // an untouched chunk is empty
    auto members() { return std::tie(first_frame, frames, chunks); }
  };
  auto members() { return std::tie(banks_); }

 private:
  [[noreturn]] static void outside_dram(abi::GranulePa granule);
  const Bank* find(abi::GranulePa granule) const {
    for (const Bank& bank : banks_)
      if (granule.frame() >= bank.first_frame && granule.frame() - bank.first_frame < bank.frames) return &bank;
    return nullptr;
  }

  std::vector<Bank> banks_;  // ascending, as the platform lists them
};

}  // namespace rmm::core
