// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/translation_checks.h"

#include <string>

#include <fmt/format.h>

#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"

namespace sim::app {
namespace {

std::string words(const rmm::core::RttEntry& entry) {
  using enum rmm::core::RttState;
  if (entry.state == kUnassigned || entry.state == kAssigned)
    return fmt::format("{} with RIPAS {}", rmm::core::name(entry.state), rmm::core::name(entry.ripas));
  return std::string(rmm::core::name(entry.state));
}

}  // namespace

const rmm::core::Realm* TranslationChecks::find(abi::Pa rd) const {
  for (const auto& [index, realm] : state_.realms)
    if (realm.rd.pa() == rd) return &realm;
  return nullptr;
}

void TranslationChecks::walked(const StaleTranslation& stale) {
  if (!stale.realm) return;
  std::uint64_t rd = 0;
  for (const auto& [index, realm] : state_.realms)
    if (realm.vmid == stale.vmid) rd = realm.rd.pa().value;
  findings_.expect(
      "I13", false,
      "IPA {:#x} of the realm with RD {:#x} {}, but the TLB of PE {} may still take it to granule {:#x}: "
      "the monitor did not invalidate it when it changed the entry",
      stale.ipa.value, rd,
      stale.fresh ? fmt::format("is at granule {:#x}", stale.fresh->pa.value) : "is not accessible any more",
      stale.pe.value, stale.held.pa.value);
}

void TranslationChecks::rtt_write(const rmm::port::RttWrite& event) {
  const rmm::core::RttEntry before = rmm::core::decode(event.before, event.level);
  const rmm::core::Realm* realm = find(event.rd);
  if (realm == nullptr || !before.is_valid()) return;
  // The monitor writes, invalidates, then tells: no PE has run in between.
  const auto held = tlb_.first_held(realm->vmid, true, {event.ipa, event.ipa + rmm::core::level_size(event.level)});
  findings_.expect(
      "I13", !held,
      "the level {} entry of IPA {:#x} in the realm with RD {:#x} went from {} to {}, but the TLB of PE {} "
      "still takes IPA {:#x} to granule {:#x}: the monitor did not invalidate it",
      event.level, event.ipa.value, event.rd.value, words(before), words(rmm::core::decode(event.after, event.level)),
      held ? held->pe.value : 0, held ? held->ipa.value : 0, held ? held->leaf.pa.value : 0);
}

void TranslationChecks::realm_state(abi::Pa rd, std::string_view, std::string_view to) {
  if (const rmm::core::Realm* realm = find(rd); realm != nullptr) vmids_[rd.value] = realm->vmid;
  const auto it = vmids_.find(rd.value);
  if (to != "NULL" || it == vmids_.end()) return;
  const abi::Vmid vmid = it->second;
  vmids_.erase(it);
  const auto held = tlb_.first_held(vmid, true, {abi::Ipa{0}, abi::Ipa{~0ULL}});
  findings_.expect("I17", !held,
                   "the realm with RD {:#x} is gone and the next may get its VMID {}, but the TLB of PE {} still takes "
                   "IPA {:#x} of that VMID to granule {:#x}",
                   rd.value, vmid.value, held ? held->pe.value : 0, held ? held->ipa.value : 0,
                   held ? held->leaf.pa.value : 0);
}

}  // namespace sim::app
