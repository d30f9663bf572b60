// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mmu/shadow_tlb.h"

namespace sim {

std::optional<StaleTranslation> ShadowTlb::filled(rmm::port::PeId pe, const abi::Stage2& stage2, abi::Ipa ipa,
                                                  const std::optional<Stage2Leaf>& fresh) {
  const std::uint64_t page = ipa.value >> abi::kGranuleShift;
  auto page_leaf = fresh;
  if (page_leaf) page_leaf->pa = {abi::align_down(page_leaf->pa.value, abi::kGranuleSize)};
  const Key key{stage2.realm, stage2.vmid.value, page, pe.value};
  std::optional<StaleTranslation> finding;
  const auto it = held_.find(key);
  if (it != held_.end() && (!page_leaf || *page_leaf != it->second))
    finding = StaleTranslation{.pe = pe,
                               .vmid = stage2.vmid,
                               .realm = stage2.realm,
                               .ipa = {page << abi::kGranuleShift},
                               .held = it->second,
                               .fresh = page_leaf};
  if (page_leaf) {
    held_[key] = *page_leaf;
  } else if (it != held_.end()) {
    held_.erase(it);  // reported once
  }
  return finding;
}

std::optional<HeldTranslation> ShadowTlb::first_held(abi::Vmid vmid, bool realm, abi::IpaRange range) const {
  const auto it = held_.lower_bound({realm, vmid.value, range.base.value >> abi::kGranuleShift, 0});
  if (it == held_.end() || it->first.realm != realm || it->first.vmid != vmid.value) return std::nullopt;
  const abi::Ipa ipa{it->first.page << abi::kGranuleShift};
  if (ipa >= range.top) return std::nullopt;
  return HeldTranslation{.pe = {it->first.pe}, .ipa = ipa, .leaf = it->second};
}

void ShadowTlb::invalidate(abi::Vmid vmid, bool realm, abi::IpaRange range) {
  const auto first = held_.lower_bound({realm, vmid.value, range.base.value >> abi::kGranuleShift, 0});
  const auto last =
      held_.lower_bound({realm, vmid.value, (range.top.value + abi::kGranuleSize - 1) >> abi::kGranuleShift, 0});
  held_.erase(first, last);
}

void ShadowTlb::invalidate_all(abi::Vmid vmid, bool realm) {
  const auto first = held_.lower_bound({realm, vmid.value, 0, 0});
  const auto last = held_.upper_bound({realm, vmid.value, ~0ULL, 0xffff});
  held_.erase(first, last);
}

}  // namespace sim
