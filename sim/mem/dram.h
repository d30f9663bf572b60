// SPDX-License-Identifier: GPL-2.0-or-later
// The machine's DRAM: sparse banks of host memory, with one bit per granule for what snapshots, hashes and CPUs need.
//
// Who writes must say so: native writers through the views (sim/mem/realm_view.h, ns_view.h), an engine by
// mark_written() when its TLB fill grants write permission. A write that nobody announced is lost to snapshots.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rmm/abi/addr.h"
#include "sim/mem/cpu_caches.h"
#include "sim/mem/granule_bits.h"

namespace sim {

struct MemoryBank {
  abi::Pa base;
  std::uint64_t size = 0;  // bytes, multiple of a granule
};

using Sha256 = std::array<std::uint8_t, 32>;
using GranuleBytes = std::array<std::byte, abi::kGranuleSize>;

// The content of DRAM as a value: the granules that are not all zero, in ascending order. Copies share their pages.
class DramSnapshot {
 public:
  struct Page {
    abi::GranulePa granule;
    std::shared_ptr<const GranuleBytes> bytes;
  };
  const std::vector<Page>& pages() const { return pages_; }
  // Equals Dram::sha256() at the time of the snapshot.
  Sha256 sha256() const;

 private:
  friend class Dram;
  std::vector<Page> pages_;
};

class Dram {
 public:
  // Banks must be granule aligned, non-empty, ascending and disjoint; else std::invalid_argument says which is not.
  // Reserves address space only: a granule costs host memory from its first write on.
  explicit Dram(std::vector<MemoryBank> banks);
  ~Dram();
  Dram(const Dram&) = delete;
  Dram& operator=(const Dram&) = delete;

  std::span<const MemoryBank> banks() const { return banks_; }
  // First byte of bank `i`: what an engine maps at banks()[i].base. Fixed for the life of the Dram.
  std::byte* bank_memory(std::size_t i) const { return memory_[i]; }
  bool contains(abi::Pa pa) const { return find(pa).has_value(); }
  bool contains(abi::GranulePa granule) const { return contains(granule.pa()); }
  // The granule's 4096 bytes. Precondition: contains(granule); anything else aborts.
  const std::byte* bytes(abi::GranulePa granule) const {
    const std::uint64_t pa = granule.pa().value;
    for (std::size_t i = 0; i < banks_.size(); ++i)
      if (const std::uint64_t offset = pa - banks_[i].base.value; offset < banks_[i].size) return memory_[i] + offset;
    outside(granule);
  }

  // Announces that the granule is about to be written by native code and returns its bytes. Code that an engine has
  // translated from it is queued for invalidation (cpu_caches()).
  std::byte* write_native(abi::GranulePa granule) {
    const std::size_t n = at(granule);
    populate(n);
    touched_.set(n);
    dirty_.set(n);
    caches_.written(n, granule);
    return host(n);
  }
  // Announces that an engine may write the granule from now on (a fill that grants write permission). The grant must
  // end when write_epoch() changes.
  void mark_written(abi::GranulePa granule) {
    const std::size_t n = at(granule);
    populate(n);
    touched_.set(n);
    dirty_.set(n);
  }
  // Incremented by snapshot() and restore(). An engine that sees a new value must drop its TLB before it runs on: its
  // write grants predate the dirty bits.
  std::uint64_t write_epoch() const { return write_epoch_; }
  // False: the granule was never announced as written and reads as zero.
  bool touched(abi::GranulePa granule) const { return touched_.test(at(granule)); }
  std::uint64_t touched_count() const { return touched_.count(); }

  // What engines keep that depends on DRAM: translated code and TLB entries.
  CpuCaches& cpu_caches() { return caches_; }
  // Dense number of a granule over all banks; empty outside DRAM.
  std::optional<std::size_t> find_index(abi::GranulePa granule) const { return find(granule.pa()); }
  // Dense number of a granule over all banks, for tables kept beside DRAM. Precondition: contains(granule).
  std::size_t index(abi::GranulePa granule) const { return at(granule); }
  std::size_t granule_count() const { return total_; }
  // Address of the granule with dense number `index`.
  abi::GranulePa granule(std::size_t index) const;

  // Copies what was written since the last snapshot or restore; shares the rest with it. Cost: the dirty granules.
  DramSnapshot snapshot();
  // Makes the content equal to the snapshot's. Cost: the granules dirty since then or different from it.
  void restore(const DramSnapshot& snapshot);
  // SHA-256 over (address, content) of every granule that is not all zero, in ascending order: independent of which
  // zero granules were touched.
  Sha256 sha256() const;

 private:
  std::optional<std::size_t> find(abi::Pa pa) const {
    for (std::size_t i = 0; i < banks_.size(); ++i)
      if (const std::uint64_t offset = pa.value - banks_[i].base.value; offset < banks_[i].size)
        return first_[i] + (offset >> abi::kGranuleShift);
    return std::nullopt;
  }
  std::size_t at(abi::GranulePa granule) const {
    const auto index = find(granule.pa());
    if (!index) outside(granule);
    return *index;
  }
  // Host pages come a chunk at a time: what a run touches lies close together, and a page fault each would cost more.
  static constexpr std::size_t kChunk = 64;  // granules
  void populate(std::size_t index) {
    if (!populated_.test(index / kChunk)) [[unlikely]]
      populate_chunk(index / kChunk);
  }
  void populate_chunk(std::size_t chunk);
  [[noreturn]] void outside(abi::GranulePa granule) const;
  std::byte* host(std::size_t index) const;

  std::vector<MemoryBank> banks_;
  std::vector<std::byte*> memory_;
  std::vector<std::size_t> first_;  // dense number of each bank's first granule
  std::size_t total_ = 0;
  GranuleBits populated_;  // by chunk
  GranuleBits touched_;
  GranuleBits dirty_;  // since base_ was taken
  DramSnapshot base_;  // the last snapshot taken or restored
  std::uint64_t write_epoch_ = 0;
  CpuCaches caches_;
};

}  // namespace sim
