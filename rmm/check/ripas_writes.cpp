// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/ripas_writes.h"

#include <algorithm>
#include <optional>

#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"

namespace rmm::check {
namespace {

using abi::v1_0::Ripas;
using core::RttState;

std::optional<Ripas> ripas_of(const core::RttEntry& entry) {
  if (entry.state != RttState::kUnassigned && entry.state != RttState::kAssigned) return std::nullopt;
  return entry.ripas;
}

// A table that is folded is there still while its parent's entry is written; its entries say the same.
std::optional<Ripas> ripas_of_table(const port::Platform& platform, abi::Pa table, int level) {
  if (platform.gpt.pas(abi::GranulePa::containing(table)) != abi::Pas::kRealm) return std::nullopt;
  return ripas_of(core::decode(platform.memory.read64(table), level));
}

// A5.4: some REC of the realm waits for this very change.
bool is_asked_for(const core::MonitorState& state, const core::Realm& realm, abi::IpaRange range, Ripas from,
                  Ripas to) {
  return std::any_of(state.recs.begin(), state.recs.end(), [&](const auto& entry) {
    const core::Rec& rec = entry.second;
    return rec.owner == realm.rd && range.base >= rec.ripas.addr && range.top <= rec.ripas.top &&
           to == rec.ripas.value && (from != Ripas::kDestroyed || rec.ripas.change_destroyed);
  });
}

}  // namespace

void check_ripas_write(Findings& findings, const port::Platform& platform, const core::MonitorState& state,
                       const core::Realm& realm, const port::RttWrite& event, std::string_view command) {
  const core::RttEntry before = core::decode(event.before, event.level);
  const auto to = ripas_of(core::decode(event.after, event.level));
  if (!to) return;
  const auto from =
      before.state == RttState::kTable ? ripas_of_table(platform, before.address, event.level + 1) : ripas_of(before);
  if (!from) return;
  const abi::IpaRange range{event.ipa, event.ipa + core::level_size(event.level)};
  const bool is_new = realm.state.peek() == core::RealmState::kNew;
  bool allowed = *from == *to;
  if (*to == Ripas::kDestroyed)
    allowed |= command == "RMI_DATA_DESTROY" || command == "RMI_RTT_DESTROY";
  else if (command == "RMI_RTT_SET_RIPAS")
    allowed |= is_asked_for(state, realm, range, *from, *to);
  else if (command == "RMI_RTT_INIT_RIPAS" || command == "RMI_DATA_CREATE")
    allowed |= is_new && *to == Ripas::kRam;
  findings.expect(
      "I14", allowed,
      "{} changed RIPAS of IPA [{:#x}, {:#x}) from {} to {} in the realm with RD {:#x}, which is {} and has "
      "not asked for it",
      command, range.base.value, range.top.value, core::name(*from), core::name(*to), realm.rd.pa().value,
      core::name(realm.state.peek()));
}

}  // namespace rmm::check
