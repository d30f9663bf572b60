// SPDX-License-Identifier: GPL-2.0-or-later
// A sparse map from page index to the host page behind it: the page cache of a guest_memfd, the page table of a VMA.
// Cost follows the pages that exist, not the size of the object.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

#include "rmm/abi/addr.h"

namespace host::kvm {

class SparsePages {
 public:
  std::optional<abi::GranulePa> find(std::uint64_t index) const {
    const auto chunk = chunks_.find(index / kChunk);
    if (chunk == chunks_.end() || chunk->second[index % kChunk] == 0) return std::nullopt;
    return abi::GranulePa::from_frame(chunk->second[index % kChunk] - 1);
  }
  void insert(std::uint64_t index, abi::GranulePa page) {
    chunks_.try_emplace(index / kChunk).first->second[index % kChunk] = page.frame() + 1;
  }
  void erase(std::uint64_t index) {
    const auto chunk = chunks_.find(index / kChunk);
    if (chunk != chunks_.end()) chunk->second[index % kChunk] = 0;
  }
  // Removes every page with first <= index < end and calls visit(index, page) for it, in ascending order.
  template <class Visit>
  void take(std::uint64_t first, std::uint64_t end, Visit&& visit) {
    for (auto it = chunks_.lower_bound(first / kChunk); it != chunks_.end() && it->first * kChunk < end;) {
      bool any_left = false;
      for (std::uint64_t i = 0; i < kChunk; ++i) {
        const std::uint64_t index = it->first * kChunk + i;
        auto& slot = it->second[i];
        if (slot == 0) continue;
        if (index < first || index >= end) {
          any_left = true;
          continue;
        }
        const auto page = abi::GranulePa::from_frame(slot - 1);
        slot = 0;
        visit(index, page);
      }
      it = any_left ? std::next(it) : chunks_.erase(it);
    }
  }
  auto members() { return std::tie(chunks_); }

 private:
  static constexpr std::uint64_t kChunk = 512;
  std::map<std::uint64_t, std::array<std::uint64_t, kChunk>> chunks_;  // frame + 1; 0: no page
};

}  // namespace host::kvm
