// SPDX-License-Identifier: GPL-2.0-or-later
// What a TLB of unlimited size would still hold of stage 2: filled by every fill, cleared only by the monitor's own
// invalidations. A fill whose fresh walk differs from what is held here shows a missing invalidation: on hardware the
// stale entry could have been used. Costs a look-up per fill; used under --check only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

#include "rmm/abi/addr.h"
#include "rmm/port/pe.h"
#include "sim/mmu/stage2.h"

namespace sim {

struct StaleTranslation {
  rmm::port::PeId pe;
  abi::Vmid vmid;
  bool realm = false;
  abi::Ipa ipa;  // granule aligned
  Stage2Leaf held;
  std::optional<Stage2Leaf> fresh;  // empty: the walk faults now
};

struct HeldTranslation {
  rmm::port::PeId pe;
  abi::Ipa ipa;  // granule aligned
  Stage2Leaf leaf;
};

class ShadowTlb {
 public:
  // Compares with what is held, then holds `fresh`. Returns the finding, if any.
  std::optional<StaleTranslation> filled(rmm::port::PeId pe, const abi::Stage2& stage2, abi::Ipa ipa,
                                         const std::optional<Stage2Leaf>& fresh);
  // The first translation of `range` that is held, by IPA, then PE. Empty: none.
  std::optional<HeldTranslation> first_held(abi::Vmid vmid, bool realm, abi::IpaRange range) const;
  void invalidate(abi::Vmid vmid, bool realm, abi::IpaRange range);
  void invalidate_all(abi::Vmid vmid, bool realm);
  void clear() { held_.clear(); }

 private:
  struct Key {
    bool realm = false;
    std::uint16_t vmid;
    std::uint64_t page;
    std::uint16_t pe;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, Stage2Leaf> held_;
};

}  // namespace sim
