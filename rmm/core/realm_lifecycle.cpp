// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/core/realm_lifecycle.h"

#include <fmt/core.h>

#include <cstdlib>
#include <cstring>

#include "rmm/core/granule_state.h"
#include "rmm/core/index.h"
#include "rmm/core/rtt_walk.h"
#include "rmm/core/vmid.h"

namespace rmm::core {
namespace {

abi::GranulePa starting_table(const Realm& realm, std::uint32_t i) {
  return abi::GranulePa::containing(realm.rtt_base + i * abi::kGranuleSize);
}

void initialise_starting_table(const Context& context, const Realm& realm, std::uint32_t table) {
  std::array<std::byte, abi::kGranuleSize> bytes{};
  for (unsigned i = 0; i < kRttEntries; ++i) {
    const std::uint64_t entry = std::uint64_t{table} * kRttEntries + i;
    const abi::Ipa ipa{entry << level_shift(realm.rtt_level_start)};
    const RttState state = realm.is_protected(ipa) ? RttState::kUnassigned : RttState::kUnassignedNs;
    const std::uint64_t descriptor = encode({.state = state}, realm.rtt_level_start);
    std::memcpy(bytes.data() + i * sizeof descriptor, &descriptor, sizeof descriptor);
  }
  context.platform.memory.write(starting_table(realm, table).pa(), bytes);
}

}  // namespace

std::string_view name(RealmState state) {
  switch (state) {
    case RealmState::kNew: return "NEW";
    case RealmState::kActive: return "ACTIVE";
    case RealmState::kSystemOff: return "SYSTEM_OFF";
    case RealmState::kZombie: return "ZOMBIE";
  }
  return "unknown";
}

void create_realm(const Context& context, const GranuleLocks& locks, Realm attributes) {
  const auto rd = locks.as<GranuleState::kDelegated>(0);
  attributes.rd = rd.granule();
  const std::uint32_t index = lowest_free_index(context.state.realms);
  const Realm& realm = context.state.realms.emplace(index, attributes).first->second;
  set_state(context, rd.granule(), GranuleState::kRd, rd.pa());
  rd.record().object = index;
  for (std::uint32_t i = 0; i < realm.rtt_num_start; ++i) {
    set_state(context, starting_table(realm, i), GranuleState::kRtt, rd.pa());
    initialise_starting_table(context, realm, i);
  }
  if (auto* observer = context.platform.observer) observer->realm_state(rd.pa(), "NULL", name(RealmState::kNew));
}

void set_realm_state(const Context& context, Realm& realm, RealmState to) {
  const RealmState from = realm.state.peek();
  const bool legal = (from == RealmState::kNew && to == RealmState::kActive) ||
                     (from == RealmState::kActive && to == RealmState::kSystemOff);
  if (!legal) {
    fmt::print(stderr, "ccasim bug: realm {:#x}: {} -> {}\n", realm.rd.pa().value, name(from), name(to));
    std::abort();
  }
  realm.state.store(context.platform.sync, to, "realm_state", realm.rd.pa().value);
  if (auto* observer = context.platform.observer) observer->realm_state(realm.rd.pa(), name(from), name(to));
}

bool terminate_realm(const Context& context, const LockedRealm& realm) {
  const abi::Pa rd = realm->rd.pa();
  context.platform.sync.step({"terminate_realm", rd.value, port::Access::kWrite});
  for (const auto& [index, rec] : context.state.recs)
    if (rec.owner == realm->rd && rec.state.peek() == RecState::kRunning) return false;
  const RealmState from = realm->state.peek();
  realm->state = port::Shared(RealmState::kZombie);
  if (auto* observer = context.platform.observer; observer != nullptr && from != RealmState::kZombie)
    observer->realm_state(rd, name(from), name(RealmState::kZombie));
  return true;
}

bool realm_is_live(const Context& context, const LockedRealm& realm) {
  if (realm->num_recs.load(context.platform.sync, "realm_is_live", realm->rd.pa().value) != 0) return true;
  for (std::uint32_t i = 0; i < realm->rtt_num_start; ++i)
    if (context.state.granules.at(starting_table(*realm, i)).refcount != 0) return true;
  return false;
}

void destroy_realm(const Context& context, const LockedGranule<GranuleState::kRd>& rd) {
  const std::uint32_t index = rd.record().object;
  const Realm realm = context.state.realms.at(index);
  context.platform.tlb.invalidate_all(realm.vmid);
  if (auto* observer = context.platform.observer) observer->tlb_invalidate(realm.vmid, {abi::Ipa{0}, realm.ipa_end()});
  for (std::uint32_t i = 0; i < realm.rtt_num_start; ++i) {
    const abi::GranulePa table = starting_table(realm, i);
    const port::LockGuard guard(context.platform.sync, context.state.granules.at(table).lock, "realm_destroy",
                                table.pa().value);
    set_state(context, table, GranuleState::kDelegated, {});
  }
  set_state(context, rd.granule(), GranuleState::kDelegated, {});
  context.state.realms.erase(index);
  if (auto* observer = context.platform.observer) observer->realm_state(rd.pa(), name(realm.state.peek()), "NULL");
  release_vmid(context, realm.vmid);
}

}  // namespace rmm::core
