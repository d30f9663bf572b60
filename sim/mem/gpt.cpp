// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mem/gpt.h"

namespace sim {

Gpt::Gpt(GptState& state, Dram& dram) : state_(state), dram_(dram) {
  if (state_.chunks.empty()) state_.chunks.resize((dram_.granule_count() + GptState::kChunk - 1) / GptState::kChunk);
}

void Gpt::set(abi::GranulePa granule, abi::Pas pas) {
  const std::size_t n = dram_.index(granule);
  auto& chunk = state_.chunks[n / GptState::kChunk];
  if (chunk.empty()) {
    if (pas == abi::Pas::kNonSecure) return;
    chunk.assign(GptState::kChunk, abi::Pas::kNonSecure);
  }
  abi::Pas& entry = chunk[n % GptState::kChunk];
  if (entry == pas) return;
  entry = pas;
  dram_.cpu_caches().protection_changed(n, granule);
}

}  // namespace sim
