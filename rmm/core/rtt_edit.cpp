// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/rtt_edit.h"

#include <array>
#include <span>

#include "rmm/core/granule_state.h"

namespace rmm::core {
namespace {

using abi::v1_0::Ripas;

void invalidate(const Context& context, const Realm& realm, abi::IpaRange range) {
  context.platform.tlb.invalidate(realm.vmid, range);
  if (auto* observer = context.platform.observer) observer->tlb_invalidate(realm.vmid, range);
}

void write_entry(const Context& context, const Realm& realm, const RttWalk& target, const RttEntry& entry) {
  const std::uint64_t before = encode(target.entry, target.level);
  const std::uint64_t after = encode(entry, target.level);
  port::GranuleMemory& memory = context.platform.memory;
  if (target.entry.is_valid()) {
    // Break before make: no walker may combine the old and the new translation.
    memory.write64(target.descriptor_pa(), entry.is_valid() ? 0 : after);
    invalidate(context, realm, target.range());
    if (entry.is_valid()) memory.write64(target.descriptor_pa(), after);
  } else {
    memory.write64(target.descriptor_pa(), after);
  }
  if (auto* observer = context.platform.observer)
    observer->rtt_write({.rd = realm.rd.pa(),
                         .entry = target.descriptor_pa(),
                         .ipa = target.ipa,
                         .level = target.level,
                         .before = before,
                         .after = after});
}

std::uint16_t& references(const Context& context, abi::GranulePa table) {
  return context.state.granules.at(table).refcount;
}

RttEntry unassigned(const Realm& realm, abi::Ipa ipa, Ripas ripas) {
  if (!realm.is_protected(ipa)) return {.state = RttState::kUnassignedNs};
  return {.state = RttState::kUnassigned, .ripas = ripas};
}

// Returns a granule of the realm to DELEGATED. Its lock is below the RD's; nobody waits while holding it.
void release(const Context& context, abi::GranulePa granule, const char* point) {
  const port::LockGuard guard(context.platform.sync, context.state.granules.at(granule).lock, point,
                              granule.pa().value);
  set_state(context, granule, GranuleState::kDelegated, {});
}

void write_child(const Context& context, abi::GranulePa table, const RttEntry& entry, int level) {
  // Addresses lie in place in their descriptors: the next one's is larger by what an entry describes.
  const std::uint64_t step = entry.is_live() ? level_size(level) : 0;
  std::array<std::uint64_t, kRttEntries> descriptors{};
  std::uint64_t next = encode(entry, level);
  for (std::uint64_t& descriptor : descriptors) {
    descriptor = next;
    next += step;
  }
  context.platform.memory.write(table.pa(), std::as_bytes(std::span(descriptors)));
}

}  // namespace

void rtt_create(const Context& context, const LockedRealm& realm, const RttWalk& parent, const DelegatedGranule& rtt) {
  set_state(context, rtt.granule(), GranuleState::kRtt, realm->rd.pa());
  write_child(context, rtt.granule(), parent.entry, parent.level + 1);
  if (parent.entry.state == RttState::kAssigned)
    references(context, rtt.granule()) = kRttEntries;
  else
    ++references(context, parent.table);
  write_entry(context, *realm, parent, {.state = RttState::kTable, .address = rtt.pa()});
}

abi::GranulePa rtt_destroy(const Context& context, const LockedRealm& realm, const RttWalk& parent) {
  const auto child = abi::GranulePa::containing(parent.entry.address);
  write_entry(context, *realm, parent, unassigned(*realm, parent.ipa, Ripas::kDestroyed));
  --references(context, parent.table);
  release(context, child, "rtt_destroy");
  return child;
}

abi::GranulePa rtt_fold(const Context& context, const LockedRealm& realm, const RttWalk& parent,
                        const RttEntry& folded) {
  const auto child = abi::GranulePa::containing(parent.entry.address);
  write_entry(context, *realm, parent, folded);
  if (folded.state == RttState::kAssigned)
    references(context, child) = 0;
  else
    --references(context, parent.table);
  release(context, child, "rtt_fold");
  return child;
}

void map_data(const Context& context, const LockedRealm& realm, const RttWalk& target, const DelegatedGranule& data,
              Ripas ripas) {
  set_state(context, data.granule(), GranuleState::kData, realm->rd.pa());
  write_entry(context, *realm, target, {.state = RttState::kAssigned, .ripas = ripas, .address = data.pa()});
  ++references(context, target.table);
}

abi::GranulePa unmap_data(const Context& context, const LockedRealm& realm, const RttWalk& target) {
  const auto data = abi::GranulePa::containing(target.entry.address);
  const Ripas ripas = target.entry.ripas == Ripas::kRam ? Ripas::kDestroyed : target.entry.ripas;
  write_entry(context, *realm, target, {.state = RttState::kUnassigned, .ripas = ripas});
  --references(context, target.table);
  release(context, data, "unmap_data");
  return data;
}

void map_unprotected(const Context& context, const LockedRealm& realm, const RttWalk& target, const RttEntry& entry) {
  write_entry(context, *realm, target, entry);
}

void unmap_unprotected(const Context& context, const LockedRealm& realm, const RttWalk& target) {
  write_entry(context, *realm, target, {.state = RttState::kUnassignedNs});
}

void set_entry_ripas(const Context& context, const LockedRealm& realm, const RttWalk& target, Ripas ripas) {
  RttEntry entry = target.entry;
  entry.ripas = ripas;
  write_entry(context, *realm, target, entry);
}

}  // namespace rmm::core
