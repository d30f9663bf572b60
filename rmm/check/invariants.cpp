// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/invariants.h"

#include <algorithm>
#include <array>
#include <set>
#include <type_traits>

#include "rmm/check/sweep.h"
#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"

namespace rmm::check {
namespace {

using core::RttState;

struct Edge {
  std::string_view from, to;
};

// DEN0137 A2.2.3.2, with RTT -> DELEGATED also by RTT_FOLD (D12). Written out again here: the monitor's own table is
// what is judged.
constexpr std::array kGranuleGraph = {
    Edge{"UNDELEGATED", "DELEGATED"}, Edge{"DELEGATED", "UNDELEGATED"}, Edge{"DELEGATED", "RD"},
    Edge{"RD", "DELEGATED"},          Edge{"DELEGATED", "REC"},         Edge{"REC", "DELEGATED"},
    Edge{"DELEGATED", "DATA"},        Edge{"DATA", "DELEGATED"},        Edge{"DELEGATED", "RTT"},
    Edge{"RTT", "DELEGATED"},         Edge{"DELEGATED", "REC_AUX"},     Edge{"REC_AUX", "DELEGATED"}};

// A4.3: what each exit may show beside the fields of every exit (gicv3_*, cnt*, pmu_ovf_status, exit_reason).
constexpr std::string_view kSyncFields[] = {"esr", "far", "hpfar", "gprs"};
constexpr std::string_view kPsciFields[] = {"gprs"};
constexpr std::string_view kRipasFields[] = {"ripas_base", "ripas_top", "ripas_value"};
constexpr std::string_view kHostCallFields[] = {"gprs", "imm"};
constexpr std::string_view kSerrorFields[] = {"esr"};

std::span<const std::string_view> fields_of(abi::v1_0::RecExitReason reason) {
  using enum abi::v1_0::RecExitReason;
  switch (reason) {
    case kSync: return kSyncFields;
    case kPsci: return kPsciFields;
    case kRipasChange: return kRipasFields;
    case kHostCall: return kHostCallFields;
    case kSerror: return kSerrorFields;
    case kIrq:
    case kFiq: return {};
  }
  return {};
}

template <class Value>
bool is_zero(const Value& value) {
  if constexpr (std::is_integral_v<Value>)
    return value == 0;
  else
    return std::all_of(value.begin(), value.end(), [](auto element) { return element == 0; });
}

}  // namespace

const core::Realm* Invariants::realm_of(abi::Pa rd) const {
  for (const auto& [index, realm] : state_.realms)
    if (realm.rd.pa() == rd) return &realm;
  return nullptr;
}

const Invariants::CommandInProgress* Invariants::command_of_self() const {
  const auto it = commands_.find(platform_.sync.self().value);
  return it == commands_.end() ? nullptr : &it->second;
}

void Invariants::command_begin(const port::CommandBegin& event) {
  if (event.interface == port::Interface::kRmi) commands_[platform_.sync.self().value] = {event.name, {}};
}

void Invariants::command_end(const port::CommandEnd& event) {
  if (event.interface != port::Interface::kRmi) return;
  commands_.erase(platform_.sync.self().value);
  for (const auto& [index, realm] : state_.realms) {
    const auto frozen = frozen_rims_.find(realm.rd.pa().value);
    if (frozen != frozen_rims_.end())
      findings_.expect("I15", realm.measurements[0] == frozen->second,
                       "{} changed the RIM of the active realm with RD {:#x}", event.name, realm.rd.pa().value);
  }
  if (sweep_due_ && commands_.empty()) {
    sweep_due_ = false;
    sweep();
  }
}

void Invariants::granule_transition(const port::GranuleTransition& event) {
  const bool legal = std::any_of(kGranuleGraph.begin(), kGranuleGraph.end(),
                                 [&](const Edge& edge) { return edge.from == event.from && edge.to == event.to; });
  findings_.expect("I5", legal, "granule {:#x} went from {} to {}, which A2.2.3 does not allow",
                   event.granule.pa().value, event.from, event.to);
  const core::Granule& granule = state_.granules.peek(event.granule);
  if (event.to == "DELEGATED")
    findings_.expect("I7", granule.refcount == 0, "granule {:#x} left {} with {} references", event.granule.pa().value,
                     event.from, granule.refcount);
  if (event.to != "UNDELEGATED" && event.from != "UNDELEGATED")
    findings_.expect("I1", platform_.gpt.pas(event.granule) == abi::Pas::kRealm,
                     "granule {:#x} became {} outside the Realm PAS", event.granule.pa().value, event.to);
}

void Invariants::rtt_write(const port::RttWrite& event) {
  const core::Realm* realm = realm_of(event.rd);
  if (realm == nullptr) return;  // under construction
  const core::RttEntry entry = core::decode(event.after, event.level);
  const bool is_protected = realm->is_protected(event.ipa);
  const bool unprotected_state = entry.state == RttState::kAssignedNs || entry.state == RttState::kUnassignedNs;
  findings_.expect("I9", entry.state == RttState::kTable || unprotected_state != is_protected,
                   "IPA {:#x} in the {} half of the realm with RD {:#x} got an entry {}", event.ipa.value,
                   is_protected ? "protected" : "unprotected", event.rd.value, core::name(entry.state));
  if (entry.is_live() && entry.state != RttState::kTable)
    findings_.expect("I9",
                     core::is_level_aligned(entry.address.value, event.level) &&
                         core::is_level_aligned(event.ipa.value, event.level),
                     "the level {} entry of IPA {:#x} maps {:#x}, which is not aligned to its size", event.level,
                     event.ipa.value, entry.address.value);
  // Hardware looks at bit 0 only; what it may walk is what I10 names.
  findings_.expect("I10", ((event.after & 1) != 0) == entry.is_valid(),
                   "the descriptor {:#x} of IPA {:#x} is {} for hardware but its entry is {}", event.after,
                   event.ipa.value, (event.after & 1) != 0 ? "valid" : "invalid", core::name(entry.state));
  if (entry.state == RttState::kAssigned)
    findings_.expect("I4", platform_.gpt.pas(abi::GranulePa::containing(entry.address)) == abi::Pas::kRealm,
                     "protected IPA {:#x} maps {:#x}, which is not in the Realm PAS", event.ipa.value,
                     entry.address.value);
}

void Invariants::ripas_change(const port::RipasChange& event) {
  const core::Realm* realm = realm_of(event.rd);
  if (realm == nullptr) return;
  const CommandInProgress* command = command_of_self();
  const std::string_view by = command == nullptr ? "no command" : command->name;
  const bool before_activation = realm->state.peek() == core::RealmState::kNew;
  const bool allowed = event.to == "DESTROYED" ? by == "RMI_DATA_DESTROY" || by == "RMI_RTT_DESTROY"
                       : before_activation     ? by == "RMI_RTT_INIT_RIPAS" || by == "RMI_DATA_CREATE"
                                               : by == "RMI_RTT_SET_RIPAS";
  findings_.expect("I14", allowed, "{} changed RIPAS of [{:#x}, {:#x}) to {} in a realm that is {}", by,
                   event.range.base.value, event.range.top.value, event.to, core::name(realm->state.peek()));
}

void Invariants::realm_state(abi::Pa rd, std::string_view from, std::string_view to) {
  // NULL: no realm; a realm that is not live may be destroyed in any state (A2.1.5).
  findings_.expect("I15",
                   (from == "NULL" && to == "NEW") || (from == "NEW" && to == "ACTIVE") ||
                       (from == "ACTIVE" && to == "SYSTEM_OFF") || to == "NULL",
                   "the realm with RD {:#x} went from {} to {}", rd.value, from, to);
  if (const core::Realm* realm = realm_of(rd); realm != nullptr && to == "ACTIVE")
    frozen_rims_[rd.value] = realm->measurements[0];
  sweep_due_ = true;
}

void Invariants::rec_exit(const port::RecExitEvent& event) {
  const auto allowed = fields_of(static_cast<abi::v1_0::RecExitReason>(event.exit->exit_reason));
  abi::for_each_field(*event.exit, [&](std::string_view name, std::size_t, const auto& value) {
    const bool of_every_exit =
        name.starts_with("gicv3_") || name.starts_with("cnt") || name == "pmu_ovf_status" || name == "exit_reason";
    if (of_every_exit) return;
    const bool named = std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    findings_.expect("I20", named || is_zero(value), "the exit {} of REC {:#x} shows the host the field {}",
                     event.reason, event.rec.value, name);
  });
}

void Invariants::ns_read(abi::Pa pa, std::uint64_t size) {
  const auto it = commands_.find(platform_.sync.self().value);
  if (it == commands_.end()) return;
  auto& reads = it->second.ns_reads;
  const bool again = std::any_of(reads.begin(), reads.end(), [&](const auto& read) {
    return pa.value < read.first + read.second && read.first < pa.value + size;
  });
  findings_.expect("I22", !again, "{} read host memory at {:#x} twice", it->second.name, pa.value);
  reads.emplace_back(pa.value, size);
}

void Invariants::sweep() {
  std::set<std::uint64_t> live;
  for (const auto& [index, realm] : state_.realms) live.insert(realm.rd.pa().value);
  std::erase_if(frozen_rims_, [&](const auto& entry) { return !live.contains(entry.first); });
  check::sweep(platform_, state_, findings_);
}

}  // namespace rmm::check
