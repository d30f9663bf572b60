// SPDX-License-Identifier: GPL-2.0-or-later
// The granule protection table: the PAS of every granule of DRAM, as the granule protection check of every access reads
// it. Only EL3 firmware (sim/firmware) changes it.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "rmm/abi/addr.h"
#include "sim/mem/dram.h"

namespace sim {

struct GptState {
  static constexpr std::size_t kChunk = 512;  // granules; an empty chunk is Non-secure throughout
  std::vector<std::vector<abi::Pas>> chunks;  // by dense granule number / kChunk
  auto members() { return std::tie(chunks); }
};

class Gpt {
 public:
  // An empty state becomes the table of `dram` with every granule Non-secure.
  Gpt(GptState& state, Dram& dram);

  // PAS of the granule. Outside DRAM: Root, so that every access of a lower exception level faults.
  abi::Pas pas(abi::GranulePa granule) const {
    const auto n = dram_.find_index(granule);
    if (!n) return abi::Pas::kRoot;
    const auto& chunk = state_.chunks[*n / GptState::kChunk];
    return chunk.empty() ? abi::Pas::kNonSecure : chunk[*n % GptState::kChunk];
  }
  // Moves the granule and invalidates by PA what TLBs hold of it. Precondition: the granule is DRAM.
  void set(abi::GranulePa granule, abi::Pas pas);
  // Calls visit(GranulePa, Pas) for every granule of DRAM that is not Non-secure, in ascending order.
  template <class Visit>
  void for_each_protected(Visit&& visit) const {
    for (std::size_t c = 0; c < state_.chunks.size(); ++c)
      for (std::size_t i = 0; i < state_.chunks[c].size(); ++i)
        if (state_.chunks[c][i] != abi::Pas::kNonSecure)
          visit(dram_.granule(c * GptState::kChunk + i), state_.chunks[c][i]);
  }

 private:
  GptState& state_;
  Dram& dram_;
};

}  // namespace sim
