// SPDX-License-Identifier: GPL-2.0-or-later
// What CPUs keep that depends on a granule, and the queues by which memory tells them that it changed. sim/mem knows no
// CPU: it sets and drains nothing itself. Not part of the machine's state: a restored machine starts with cold caches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "rmm/abi/addr.h"
#include "sim/mem/granule_bits.h"
#include "sim/mem/granule_map.h"

namespace sim {

class CpuCaches {
 public:
  CpuCaches() = default;
  explicit CpuCaches(std::size_t granules) : code_(granules), translated_(granules) {}

  // An engine translated instructions of granule number `n` (a fetch fill). The mark ends with the first write that is
  // queued: set it again at the next fetch fill.
  void mark_code(std::size_t n) { code_.set(n); }
  // An engine's TLB holds a translation to granule number `n`. The mark ends with the first queued PAS change.
  void mark_translated(std::size_t n) { translated_[n] = generation_; }
  // Every TLB is dropped before its engine runs on: all marks of translations end.
  void forget_translations() { ++generation_; }

  // Native code writes the granule: its translated code is stale.
  void written(std::size_t n, abi::GranulePa granule) {
    if (!code_.test(n)) return;
    code_.clear(n);
    stale_code_.push_back(granule);
  }
  // The granule's PAS changed: EL3 invalidates TLB entries by PA (TLBI RPALOS), whatever translation led there.
  void protection_changed(std::size_t n, abi::GranulePa granule) {
    const std::uint32_t* mark = translated_.find(n);
    if (mark == nullptr || *mark != generation_) return;
    translated_[n] = 0;
    stale_translations_.push_back(granule);
  }

  bool any_stale() const { return !stale_code_.empty() || !stale_translations_.empty(); }
  // Granules whose translated code may be stale, in the order of the writes; the queue is empty afterwards. To be
  // drained before any engine runs on.
  std::vector<abi::GranulePa> take_stale_code() { return std::exchange(stale_code_, {}); }
  std::vector<abi::GranulePa> take_stale_translations() { return std::exchange(stale_translations_, {}); }

 private:
  GranuleBits code_;
  GranuleMap<std::uint32_t> translated_{0};  // generation of the mark
  std::uint32_t generation_ = 1;
  std::vector<abi::GranulePa> stale_code_;
  std::vector<abi::GranulePa> stale_translations_;
};

}  // namespace sim
