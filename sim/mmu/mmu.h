// SPDX-License-Identifier: GPL-2.0-or-later
// The MMU of one CPU context: stage 1, stage 2 and the granule protection check composed, with a small cache of stage 2
// translations in front of the walker. The cache is a TLB: it is dropped when its owner is told of an invalidation.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "rmm/abi/addr.h"
#include "rmm/abi/arch/cpu.h"
#include "rmm/port/pe.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "sim/mmu/shadow_tlb.h"
#include "sim/mmu/stage1.h"
#include "sim/mmu/stage2.h"
#include "sim/mmu/walk.h"

namespace sim {

struct Translation {
  MmuFault fault;
  abi::Pa pa;
  bool read = false;  // what this privilege may do, both stages together
  bool write = false;
  bool execute = false;
  unsigned stage1_shift = 12;  // log2 of what the stage 1 leaf maps
};

// Stage 1 alone (AT S1*): the IPA and its attributes.
struct Stage1Look {
  MmuFault fault;
  int level = 0;
  Stage1Leaf leaf;
};

class Mmu {
 public:
  using StaleHandler = std::function<void(const StaleTranslation&)>;

  Mmu(Dram& dram, const Gpt& gpt) : dram_(dram), gpt_(gpt), walker_(dram, gpt) {}

  // The stage 2 regime and the PE of the next translations. True: the regime changed (what TLBs hold is void).
  bool enter(const abi::Stage2& stage2, rmm::port::PeId pe);
  const abi::Stage2& stage2() const { return stage2_; }
  // Drops the cached stage 2 translations.
  void invalidate() { ++generation_; }
  // From now on every translation walks afresh and is compared with `shadow`; findings go to `handler`.
  void check_with(ShadowTlb* shadow, StaleHandler handler);

  // Translates `va` for an access and checks that the access is permitted. With `log` every descriptor is read afresh
  // and recorded.
  Translation translate(const Stage1Controls& controls, abi::Va va, AccessKind kind, Privilege who,
                        WalkLog* log = nullptr);
  // Stage 1 only, permissions checked; the reads of its descriptors go through stage 2.
  Stage1Look translate_stage1(const Stage1Controls& controls, abi::Va va, AccessKind kind, Privilege who,
                              WalkLog* log = nullptr);

 private:
  struct CachedLeaf {
    std::uint64_t page = 0;
    std::uint64_t generation = 0;
    Stage2Leaf leaf;
  };
  static constexpr std::size_t kCachedLeaves = 1024;

  Stage2Result output_of_stage1(const Stage1Controls& controls, abi::Ipa out, WalkLog* log);
  Stage2Result stage2_leaf(abi::Ipa ipa, WalkLog* log);
  Stage2Result physical_leaf(abi::Pa pa);
  std::uint64_t read_descriptor(abi::Pa pa) const;
  MmuFault set_access_flag(const Stage1Walk& walk, const Stage2Leaf& table);
  Stage2Result walk_and_note(abi::Ipa ipa, WalkLog* log);

  Dram& dram_;
  const Gpt& gpt_;
  Stage2Walker walker_;
  abi::Stage2 stage2_;
  rmm::port::PeId pe_;
  ShadowTlb* shadow_ = nullptr;
  StaleHandler stale_;
  std::uint64_t generation_ = 1;
  std::array<CachedLeaf, kCachedLeaves> cache_{};
};

}  // namespace sim
