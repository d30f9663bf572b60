// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/invariants.h"

#include <algorithm>
#include <array>
#include <set>
#include <type_traits>

#include "rmm/check/fold_map.h"
#include "rmm/check/footprint_check.h"
#include "rmm/check/list_registers.h"
#include "rmm/check/measurement_log.h"
#include "rmm/check/ripas_writes.h"
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

// How a call tells that it has failed: by a condition; a call that there is not, by its status.
bool call_succeeded(const port::CommandEnd& event) {
  return event.failed_condition.empty() && event.x0 != abi::kSmcNotSupported;
}

}  // namespace

Invariants::Invariants(const port::Platform& platform, core::MonitorState& state, Findings& findings,
                       const core::Limits& limits)
    : platform_(platform),
      state_(state),
      findings_(findings),
      limits_(limits),
      ports_(platform_, *this),
      conditions_(state),
      locks_(state, findings),
      tables_(platform_, state, findings),
      taint_(platform_, findings),
      tokens_(platform_, findings) {
  findings_.set_circumstances([this] { return circumstances_.of(platform_.sync.self()); });
}

const core::Realm* Invariants::realm_of(abi::Pa rd) const {
  for (const auto& [index, realm] : state_.realms)
    if (realm.rd.pa() == rd) return &realm;
  return nullptr;
}

const core::Rec* Invariants::rec_of(abi::Pa rec) const {
  const core::Granule& granule = state_.granules.peek(abi::GranulePa::containing(rec));
  if (granule.state != core::GranuleState::kRec) return nullptr;
  const auto it = state_.recs.find(granule.object);
  return it == state_.recs.end() ? nullptr : &it->second;
}

bool Invariants::anyone_commands() const {
  return std::any_of(actors_.begin(), actors_.end(), [](const auto& entry) { return entry.second.commanding; });
}

void Invariants::add_effect(Kind kind, std::uint64_t object) {
  if (Effects* effects = actor().effects()) effects->add(kind, object);
}

void Invariants::count_work() {
  ActorProgress& self = actor();
  ++(self.running ? self.run.work : self.rmi.work);
}

void Invariants::command_begin(const port::CommandBegin& event) {
  circumstances_.begin(platform_.sync.self(), event);
  ActorProgress& self = actor();
  if (event.interface == port::Interface::kRmi) {
    self.commanding = true;
    self.running = false;
    self.rmi.begin(event.name, event.args);
  } else if (self.running) {
    self.run.args.assign(event.args);
    unanswered_calls_[event.rec] = event.name;
  }
}

void Invariants::command_end(const port::CommandEnd& event) {
  look_at_end(event);
  circumstances_.end(platform_.sync.self(), event);
}

void Invariants::look_at_end(const port::CommandEnd& event) {
  ActorProgress& self = actor();
  if (event.interface != port::Interface::kRmi) {
    if (self.running) call_ended(self, event);
    return;
  }
  if (self.commanding) rmi_ended(self, event);
  self.commanding = false;
  if (sweep_due_ && sweeps_ && !anyone_commands()) {
    sweep_due_ = false;
    sweep();
  }
}

void Invariants::rmi_ended(ActorProgress& self, const port::CommandEnd& event) {
  if (ports_are_watched_) judge(self, event);
  for (const auto& [index, realm] : state_.realms) {
    const auto frozen = frozen_rims_.find(realm.rd.pa().value);
    if (frozen != frozen_rims_.end())
      findings_.expect("I15", realm.measurements[0] == frozen->second,
                       "{} changed the RIM of the active realm with RD {:#x}", event.name, realm.rd.pa().value);
  }
}

void Invariants::judge(const ActorProgress& self, const port::CommandEnd& event) {
  const RmiProgress& command = self.rmi;
  const bool succeeded = event.x0 == 0;
  Values outputs;
  outputs.assign(event.outputs);
  expect_footprint(findings_, command, outputs, succeeded, event.failed_condition);
  conditions_.judge(findings_, command, event.failed_condition);
  expect_measured(findings_, command, realm_of(command.measurement.rd), outputs, succeeded);
  locks_.expect_none(self, "when the host got the answer of", event.name);
  locks_.expect_bounded(command.work, event.name);
  if (event.failed_condition == "rec_gicv3" && !command.host_bytes.empty())
    findings_.expect("I21", !forbidden_list_registers(command).empty(),
                     "RMI_REC_ENTER refused list registers that A6.1 allows");
}

std::string Invariants::forbidden_list_registers(const RmiProgress& entry) const {
  return forbidden_in_list_registers(abi::decode<abi::v1_0::RecEnter>(entry.host_bytes), limits_.num_lrs);
}

void Invariants::call_ended(ActorProgress& self, const port::CommandEnd& event) {
  RunProgress& run = self.run;
  const bool succeeded = call_succeeded(event);
  look_at_rec(run);
  expect_footprint(findings_, run, event.name, succeeded, event.failed_condition);
  expect_extended(findings_, run, event.name, succeeded);
  tokens_.call_ended(run, event);
  locks_.expect_none(self, "when the realm got the answer of", event.name);
  locks_.expect_bounded(run.work, event.name);
  unanswered_calls_.erase(event.rec);
  next_phase(run);
}

void Invariants::look_at_rec(RunProgress& run) {
  if (const core::Rec* rec = rec_of(run.rec)) compare(run.image, RecImage(*rec), run.effects);
}

void Invariants::left_without_answer(RunProgress& run) {
  look_at_rec(run);
  const auto call = unanswered_calls_.find(run.rec.value);
  const std::string_view name = call == unanswered_calls_.end() ? std::string_view() : call->second;
  expect_footprint(findings_, run, name, true, "");
  expect_extended(findings_, run, "", true);
  next_phase(run);
}

void Invariants::next_phase(RunProgress& run) {
  const core::Rec* rec = rec_of(run.rec);
  run.next_phase(rec == nullptr ? RecImage() : RecImage(*rec));
}

void Invariants::rec_enter(const port::RecEntry& event) {
  const auto [running, alone] = running_.emplace(event.rec.value, event.pe.value);
  findings_.expect("I18", alone, "REC {:#x} was entered on PE {} while it runs on PE {}", event.rec.value,
                   event.pe.value, running->second);
  ActorProgress& self = actor();
  self.running = ports_are_watched_;
  self.run.rec = event.rec;
  next_phase(self.run);
  if (self.rmi.host_bytes.size() != abi::Layout<abi::v1_0::RecEnter>::kSize) return;
  const std::string forbidden = forbidden_list_registers(self.rmi);
  findings_.expect("I21", forbidden.empty(), "REC {:#x} was entered although {} (A6.1)", event.rec.value, forbidden);
}

void Invariants::trap(const port::TrapEvent& event) {
  ActorProgress& self = actor();
  if (!self.running) return;
  // Nothing can be locked or unlocked while a realm runs: what is held now was held all the time.
  locks_.expect_none(self, "while the realm ran in", "RMI_REC_ENTER");
  self.run.rec = event.rec;
  left_without_answer(self.run);
}

void Invariants::granule_transition(const port::GranuleTransition& event) {
  const bool legal = std::any_of(kGranuleGraph.begin(), kGranuleGraph.end(),
                                 [&](const Edge& edge) { return edge.from == event.from && edge.to == event.to; });
  findings_.expect("I5", legal, "granule {:#x} went from {} to {}, which A2.2.3 does not allow",
                   event.granule.pa().value, event.from, event.to);
  const core::Granule& granule = state_.granules.peek(event.granule);
  if (event.to == "DELEGATED")
    findings_.expect("I7", granule.refcount == 0, "granule {:#x} left {} although {} references to it are counted",
                     event.granule.pa().value, event.from, granule.refcount);
  if (event.from == "DELEGATED") {
    Effects* effects = actor().effects();
    const std::uint64_t pa = event.granule.pa().value;
    const Change filled{Kind::kDelegatedContents, pa};
    // What this command put into it belongs to the new owner; before that it was looked at.
    const bool claimed = effects != nullptr &&
                         std::find(effects->changes.begin(), effects->changes.end(), filled) != effects->changes.end();
    if (claimed && event.to == "DATA") {
      effects->remove(filled.kind, pa);
      effects->add(Kind::kDataContents, pa);
    } else if (ports_are_watched_ || event.to != "DATA") {  // who wrote into it is not known otherwise
      taint_.expect_zero(event.granule, event.to == "UNDELEGATED" ? "and the host could read them"
                                                                  : "and its next owner could read them");
    }
  }
  taint_.transition(event);
  tables_.transition(event);
  if (event.from == "REC") tokens_.rec_ended(event.granule.pa());
  if (event.from == "RD") frozen_rims_.erase(event.granule.pa().value);  // another realm may begin here
  if (Effects* effects = actor().effects()) effects->transitions.push_back({event.granule, event.from, event.to});
  if (event.to != "UNDELEGATED" && event.from != "UNDELEGATED")
    findings_.expect("I1", platform_.gpt.pas(event.granule) == abi::Pas::kRealm,
                     "granule {:#x} became {} outside the Realm PAS", event.granule.pa().value, event.to);
}

void Invariants::rtt_write(const port::RttWrite& event) {
  const core::Realm* realm = realm_of(event.rd);
  if (realm == nullptr) return;  // under construction
  ActorProgress& self = actor();
  const core::RttEntry entry = core::decode(event.after, event.level);
  const core::RttEntry before = core::decode(event.before, event.level);
  if (Effects* effects = self.effects())
    effects->add_entry(event.rd, {event.ipa, event.ipa + core::level_size(event.level)});
  const auto table = abi::GranulePa::containing(event.entry);
  if (self.commanding && (self.rmi.tables.empty() || self.rmi.tables.back() != table)) self.rmi.tables.push_back(table);
  if (self.commanding && event.level < core::kPageLevel) {
    const bool folds = self.rmi.name == "RMI_RTT_FOLD" && before.state == RttState::kTable;
    const bool unfolds = self.rmi.name == "RMI_RTT_CREATE" && entry.state == RttState::kTable;
    const auto child = abi::GranulePa::containing(folds ? before.address : entry.address);
    if ((folds || unfolds) && platform_.gpt.pas(child) == abi::Pas::kRealm)
      expect_same_map(findings_, event, folds ? platform_.memory.read64(event.entry) : event.before,
                      platform_.memory.peek(child), folds);
  }
  if (ports_are_watched_) tables_.entry_written(event, before, entry);
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
  check_ripas_write(findings_, platform_, state_, *realm, event, self.commanding ? self.rmi.name : "no command");
}

void Invariants::realm_state(abi::Pa rd, std::string_view from, std::string_view to) {
  // NULL: no realm; a realm that is not live may be destroyed in any state (A2.1.5).
  findings_.expect("I15",
                   (from == "NULL" && to == "NEW") || (from == "NEW" && to == "ACTIVE") ||
                       (from == "ACTIVE" && to == "SYSTEM_OFF") || to == "NULL",
                   "the realm with RD {:#x} went from {} to {}, which A2.1.5 does not allow", rd.value, from, to);
  if (const core::Realm* realm = realm_of(rd); realm != nullptr && to == "ACTIVE")
    frozen_rims_[rd.value] = realm->measurements[0];
  sweep_due_ = true;
}

void Invariants::rec_exit(const port::RecExitEvent& event) {
  running_.erase(event.rec.value);
  const auto allowed = fields_of(static_cast<abi::v1_0::RecExitReason>(event.exit->exit_reason));
  abi::for_each_field(*event.exit, [&](std::string_view name, std::size_t, const auto& value) {
    const bool of_every_exit =
        name.starts_with("gicv3_") || name.starts_with("cnt") || name == "pmu_ovf_status" || name == "exit_reason";
    if (of_every_exit) return;
    const bool named = std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    findings_.expect("I20", named || is_zero(value),
                     "the exit {} of REC {:#x} shows the host the field {}, which such an exit doesn't have",
                     event.reason, event.rec.value, name);
  });
  ActorProgress& self = actor();
  if (!self.running) return;
  locks_.expect_none(self, "at the REC exit of", "RMI_REC_ENTER");
  left_without_answer(self.run);
  const RecImage& rec = self.run.image;
  const unsigned pending =
      (rec.psci.pending ? 1U : 0U) + (rec.ripas.awaits_entry ? 1U : 0U) + (rec.host_call_pending ? 1U : 0U);
  findings_.expect("I19", pending <= 1, "REC {:#x} left with {} requests pending at once", event.rec.value, pending);
  self.running = false;
}

void Invariants::ns_read(abi::Pa pa, std::uint64_t size) {
  ActorProgress& self = actor();
  if (!self.commanding) return;
  auto& reads = self.rmi.ns_reads;
  const bool again = std::any_of(reads.begin(), reads.end(), [&](const auto& read) {
    return pa.value < read.first + read.second && read.first < pa.value + size;
  });
  findings_.expect("I22", !again, "{} read host memory at {:#x} twice: the host can change it between the reads",
                   self.rmi.name, pa.value);
  reads.emplace_back(pa.value, size);
}

void Invariants::host_was_read(abi::Pa, std::span<const std::byte> bytes) {
  count_work();
  ActorProgress& self = actor();
  if (self.commanding && !self.running) self.rmi.host_bytes.assign(bytes.begin(), bytes.end());
}

void Invariants::host_is_written(abi::Pa pa, std::span<const std::byte>) {
  count_work();
  add_effect(Kind::kHostMemory, abi::GranulePa::containing(pa).pa().value);
}

void Invariants::memory_is_written(abi::Pa pa, std::span<const std::byte> bytes) {
  count_work();
  const auto granule = abi::GranulePa::containing(pa);
  switch (state_.granules.peek(granule).state) {
    case core::GranuleState::kRtt:
      // Single entries are told by rtt_write, with their realm.
      if (bytes.size() > sizeof(std::uint64_t)) add_effect(Kind::kTableContents, granule.pa().value);
      return;
    case core::GranuleState::kDelegated: {
      Effects* effects = actor().effects();
      if (effects == nullptr) return;
      const Change filled{Kind::kDelegatedContents, granule.pa().value};
      if (std::find(effects->changes.begin(), effects->changes.end(), filled) == effects->changes.end())
        taint_.expect_zero(granule, "when a command began to fill it");
      effects->add(filled.kind, filled.object);
      return;
    }
    default: break;
  }
  add_effect(Kind::kDataContents, granule.pa().value);
  ActorProgress& self = actor();
  if (!self.running) return;
  self.run.written.assign(bytes.begin(), bytes.end());
  if (const auto user = taint_.user(granule))
    findings_.expect("I24", *user == self.run.image.owner.pa(),
                     "a call of REC {:#x} wrote to {:#x}, memory of the realm with RD {:#x} and not its own",
                     self.run.rec.value, pa.value, user->value);
}

void Invariants::granule_is_wiped(abi::GranulePa granule) {
  count_work();
  add_effect(Kind::kWipe, granule.pa().value);
}

void Invariants::pas_was_set(abi::GranulePa granule, abi::Pas) {
  count_work();
  add_effect(Kind::kPas, granule.pa().value);
}

void Invariants::cpu_is_reached(port::CpuId cpu) {
  count_work();
  add_effect(Kind::kCpuContext, cpu.value);
}

void Invariants::shared_is_accessed(const port::Step& step) {
  count_work();
  if (step.access != port::Access::kWrite) return;
  const auto state = state_.granules.peek(abi::GranulePa::containing(abi::Pa{step.object})).state;
  add_effect(state == core::GranuleState::kRec ? Kind::kRecShared : Kind::kRealmShared, step.object);
}

void Invariants::lock_is_wanted(const port::Lock& lock, const port::Step& step) {
  count_work();
  locks_.wanted(actor(), lock, step);
}

void Invariants::lock_was_taken(const port::Lock& lock, const port::Step& step) {
  ActorProgress& self = actor();
  locks_.taken(self, lock, step);
  if (!self.held.back().is_granule) {
    self.vmid_was_used = step.object < state_.vmids.size() && state_.vmids[step.object];
    return;
  }
  const abi::Pa pa{step.object};
  const core::Granule& granule = state_.granules.peek(abi::GranulePa::containing(pa));
  if (!self.running && self.commanding) self.rmi.seen.push_back({pa, granule.state});
  if (granule.state == core::GranuleState::kRd) {
    const auto realm = state_.realms.find(granule.object);
    if (realm != state_.realms.end()) realm_was_locked(self, realm->second);
  } else if (granule.state == core::GranuleState::kRec && self.commanding && !self.running) {
    if (const core::Rec* rec = rec_of(pa)) self.rmi.recs.emplace_back(pa, RecImage(*rec));
  }
}

void Invariants::realm_was_locked(ActorProgress& self, const core::Realm& realm) {
  const auto [it, fresh] = realms_.emplace(realm.rd.pa().value, realm);
  if (!fresh) {
    Effects meanwhile;
    compare(it->second, realm, meanwhile);
    findings_.expect("I16", meanwhile.empty(), "{} of the realm with RD {:#x} changed while nobody held its lock",
                     meanwhile.empty() ? "" : name(meanwhile.changes.front().kind), realm.rd.pa().value);
    it->second = realm;
  }
  if (!self.commanding || self.running) return;
  self.rmi.realm_state = realm.state.peek();
  const abi::Ipa base{self.rmi.args.get("base")};
  if (self.rmi.name == "RMI_RTT_INIT_RIPAS" && base < realm.ipa_end())
    self.rmi.entry_size = core::walk({platform_, state_}, realm, base, core::kPageLevel).size();
}

void Invariants::lock_is_released(const port::Lock& lock, const port::Step& step) {
  count_work();
  ActorProgress& self = actor();
  locks_.released(self, lock);
  if (&lock == &state_.vmid_lock) {
    const bool used = step.object < state_.vmids.size() && state_.vmids[step.object];
    if (used != self.vmid_was_used) add_effect(Kind::kVmid, step.object);
    return;
  }
  if (!locks_.is_granule_lock(lock, step)) return;
  const abi::Pa pa{step.object};
  const auto granule = abi::GranulePa::containing(pa);
  const core::GranuleState state = state_.granules.peek(granule).state;
  Effects* effects = self.effects();
  if (effects != nullptr && effects->of(granule) != nullptr) {
    const bool realm_pas = platform_.gpt.pas(granule) == abi::Pas::kRealm;
    findings_.expect("I1", realm_pas == (state != core::GranuleState::kUndelegated),
                     "granule {:#x} is {} but {} in the Realm PAS", pa.value, core::name(state),
                     realm_pas ? "still" : "not");
    if (state == core::GranuleState::kDelegated) taint_.expect_zero(granule, "although it has no owner any more");
  }
  realm_is_unlocked(self, granule);
  rec_is_unlocked(self, pa);
}

void Invariants::realm_is_unlocked(ActorProgress& self, abi::GranulePa granule) {
  const abi::Pa rd = granule.pa();
  const core::Granule& record = state_.granules.peek(granule);
  if (record.state != core::GranuleState::kRd) {
    realms_.erase(rd.value);
    return;
  }
  for (const abi::GranulePa table : self.rmi.tables) tables_.expect_references(table);
  self.rmi.tables.clear();
  const auto found = state_.realms.find(record.object);
  if (found == state_.realms.end()) return;
  const core::Realm& realm = found->second;
  findings_.expect("I6", record.refcount == realm.num_recs.peek(), "the RD {:#x} counts {} references but has {} RECs",
                   rd.value, record.refcount, realm.num_recs.peek());
  const auto [it, created] = realms_.emplace(rd.value, realm);
  if (MeasurementStep* step = self.measurement())
    *step = {
        .seen = true, .created = created, .rd = rd, .before = it->second.measurements, .after = realm.measurements};
  if (Effects* effects = self.effects(); effects != nullptr && !created) {
    compare(it->second, realm, *effects);
    findings_.expect("I16",
                     it->second.rpv == realm.rpv && it->second.hash_algo == realm.hash_algo &&
                         it->second.ipa_width == realm.ipa_width,
                     "RPV, hash algorithm or IPA width of the realm with RD {:#x} changed", rd.value);
  }
  it->second = realm;
  if (self.running) self.run.realm_seen = realm;
}

void Invariants::rec_is_unlocked(ActorProgress& self, abi::Pa pa) {
  const auto before =
      std::find_if(self.rmi.recs.begin(), self.rmi.recs.end(), [&](const auto& entry) { return entry.first == pa; });
  if (before == self.rmi.recs.end()) return;
  const core::Rec* rec = rec_of(pa);
  if (rec != nullptr) {
    const unsigned running = rec->state.peek() == core::RecState::kRunning ? 1 : 0;
    const unsigned references = state_.granules.peek(rec->granule).refcount;
    findings_.expect("I6", references == running, "REC {:#x} counts {} references but {}", pa.value, references,
                     running != 0 ? "runs" : "does not run");
  }
  // While it runs, a REC belongs to its PE and not to the holder of its lock.
  if (rec != nullptr && !before->second.running && rec->state.peek() != core::RecState::kRunning)
    compare(before->second, RecImage(*rec), self.rmi.effects);
  self.rmi.recs.erase(before);
}

void Invariants::state_was_replaced() {
  actors_.clear();
  realms_.clear();
  frozen_rims_.clear();
  running_.clear();
  circumstances_ = {};
  unanswered_calls_.clear();
  tables_.forget();
  taint_.forget();
  tokens_.forget();
  sweep_due_ = false;
}

void Invariants::sweep() {
  std::set<std::uint64_t> live;
  for (const auto& [index, realm] : state_.realms) live.insert(realm.rd.pa().value);
  std::erase_if(frozen_rims_, [&](const auto& entry) { return !live.contains(entry.first); });
  check::sweep(platform_, state_, findings_);
}

}  // namespace rmm::check
