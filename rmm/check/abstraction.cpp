// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/abstraction.h"

#include <algorithm>
#include <cstring>

#include "rmm/abi/token/claims.h"
#include "rmm/check/cbor_reader.h"
#include "rmm/core/rtt_entry.h"
#include "rmm/spec/ipa_map.h"

namespace rmm::check {
namespace {

spec::GranuleState abstract(core::GranuleState state) {
  switch (state) {
    case core::GranuleState::kUndelegated: return spec::GranuleState::kUndelegated;
    case core::GranuleState::kDelegated: return spec::GranuleState::kDelegated;
    case core::GranuleState::kRd: return spec::GranuleState::kRd;
    case core::GranuleState::kRec: return spec::GranuleState::kRec;
    case core::GranuleState::kRecAux: return spec::GranuleState::kRecAux;
    case core::GranuleState::kRtt: return spec::GranuleState::kRtt;
    case core::GranuleState::kData: return spec::GranuleState::kData;
  }
  return spec::GranuleState::kUndelegated;
}

spec::RealmState abstract(core::RealmState state) {
  switch (state) {
    case core::RealmState::kNew: return spec::RealmState::kNew;
    case core::RealmState::kActive: return spec::RealmState::kActive;
    case core::RealmState::kSystemOff:
    case core::RealmState::kZombie: break;  // ZOMBIE: RMM 2.0 only
  }
  return spec::RealmState::kSystemOff;
}

spec::Entry abstract(const core::RttEntry& entry) {
  spec::Entry out;
  switch (entry.state) {
    case core::RttState::kUnassigned: out.state = spec::EntryState::kUnassigned; break;
    case core::RttState::kAssigned: out.state = spec::EntryState::kAssigned; break;
    case core::RttState::kTable: out.state = spec::EntryState::kTable; break;
    case core::RttState::kUnassignedNs: out.state = spec::EntryState::kUnassignedNs; break;
    case core::RttState::kAssignedNs:
      out.state = spec::EntryState::kAssignedNs;
      out.mem_attr = static_cast<std::uint8_t>((entry.attributes >> 2) & 7);
      out.s2ap = static_cast<std::uint8_t>((entry.attributes >> 6) & 3);
      break;
  }
  if (out.state == spec::EntryState::kUnassigned || out.state == spec::EntryState::kAssigned) out.ripas = entry.ripas;
  if (entry.is_live()) out.addr = entry.address;
  return out;
}

spec::Realm abstract(const core::Realm& realm) {
  spec::Realm out;
  out.lpa2 = realm.lpa2;
  out.pmu = realm.pmu;
  out.ipa_width = realm.ipa_width;
  for (std::size_t i = 0; i < out.measurements.size(); ++i) out.measurements.at(i) = realm.measurements.at(i);
  out.hash_algo = realm.hash_algo;
  out.rec_index = realm.rec_index;
  out.rtt_base = realm.rtt_base;
  out.rtt_level_start = int{realm.rtt_level_start};
  out.rtt_num_start = realm.rtt_num_start;
  out.state = abstract(realm.state.peek());
  out.vmid = realm.vmid.value;
  out.rpv = realm.rpv;
  out.num_recs = realm.num_recs.peek();
  return out;
}

// B4.4.18 RmiRecMpidr of MPIDR_EL1.
constexpr std::uint64_t rmi_mpidr(std::uint64_t mpidr_el1) {
  return (mpidr_el1 & 0xffff0f) | ((mpidr_el1 >> 32) & 0xff) << 24;
}

spec::Pause pause_of(const core::Rec& rec) {
  if (rec.host_call_pending) return spec::Pause::kHostCall;
  if (rec.ripas.awaits_entry) return spec::Pause::kRipasChange;
  if (rec.last_exit.psci_fid != 0) return spec::Pause::kPsci;
  if (rec.last_exit.sysreg_read) return spec::Pause::kSysReg;
  const bool abort = rec.last_exit.emulatable_abort || rec.last_exit.unprotected_data_abort;
  return abort ? spec::Pause::kDataAbort : spec::Pause::kNone;
}

// C1.19 attest_challenge: this monitor keeps it as a claim of the token that it prepares (A7.2.3.1).
void take_challenge(const core::AttestationState& from, std::array<std::uint64_t, 8>& out) {
  CborReader in(from.realm_claims);
  const std::uint64_t pairs = in.map();
  for (std::uint64_t i = 0; i < pairs && !in.failed(); ++i) {
    if (in.integer() != abi::token::realm::kChallenge) {
      in.item();
      continue;
    }
    const auto bytes = in.bytes();
    if (!in.failed() && bytes.size() == sizeof out) std::memcpy(out.data(), bytes.data(), sizeof out);
    return;
  }
}

}  // namespace

spec::Platform model_platform(port::Gpt& gpt, const core::Limits& limits) {
  const auto minus_one = [](std::uint8_t count) { return static_cast<std::uint8_t>(count - 1); };
  spec::Platform out;
  for (const port::MemoryBank& bank : gpt.banks()) out.delegable.push_back({bank.base, bank.base + bank.size});
  out.features = {.s2sz = limits.s2sz,
                  .lpa2 = false,
                  .sve = false,
                  .sve_vl = 0,
                  .num_bps = minus_one(limits.num_bps),
                  .num_wps = minus_one(limits.num_wps),
                  .pmu = limits.pmu,
                  .pmu_num_ctrs = limits.pmu_num_ctrs,
                  .hash_sha_256 = limits.sha256,
                  .hash_sha_512 = limits.sha512,
                  .gicv3_num_lrs = minus_one(limits.num_lrs),
                  .max_recs_order = limits.max_recs_order};
  out.rec_aux_count = limits.num_rec_aux;
  out.vmid16 = limits.vmid16;
  out.zero_bps_reserved = false;  // hosts ask for 0; D3 refuses reserved values of enumerations only
  out.sysreg_gprs_rt = limits.sysreg_gprs_rt;
  return out;
}

const core::Realm* Abstraction::realm_at(abi::Pa rd) const {
  const core::Granule& granule = state_.granules.peek(abi::GranulePa::containing(rd));
  if (granule.state != core::GranuleState::kRd) return nullptr;
  const auto it = state_.realms.find(granule.object);
  return it == state_.realms.end() ? nullptr : &it->second;
}

const core::Rec* Abstraction::rec_at(abi::Pa rec) const {
  const core::Granule& granule = state_.granules.peek(abi::GranulePa::containing(rec));
  if (granule.state != core::GranuleState::kRec) return nullptr;
  const auto it = state_.recs.find(granule.object);
  return it == state_.recs.end() ? nullptr : &it->second;
}

spec::Rec Abstraction::rec(const core::Rec& from) const {
  const port::RealmCpu& cpu = platform_.cpus.at(from.cpu);
  spec::Rec out;
  out.attest_in_progress = from.attestation.in_progress;
  if (out.attest_in_progress) take_challenge(from.attestation, out.attest_challenge);
  for (std::size_t i = 0; i < from.num_aux; ++i) out.aux.at(i) = from.aux.at(i).pa();
  out.num_aux = from.num_aux;
  out.emulatable_abort = from.last_exit.emulatable_abort;
  out.runnable = from.runnable.peek();
  out.running = from.state.peek() == core::RecState::kRunning;
  for (unsigned n = 0; n < out.gprs.size(); ++n) out.gprs.at(n) = cpu.x(n);
  out.mpidr = rmi_mpidr(from.mpidr.value);
  out.owner = from.owner.pa();
  out.pc = cpu.pc();
  out.psci_pending = from.psci.pending;
  if (from.psci.pending) {  // B4.3.7 finds the request in gprs[0..3]; this monitor keeps it beside them
    out.gprs[0] = from.psci.fid;
    std::copy(from.psci.args.begin(), from.psci.args.end(), out.gprs.begin() + 1);
  }
  out.ripas_addr = from.ripas.addr;
  out.ripas_top = from.ripas.top;
  out.ripas_value = from.ripas.value;
  out.change_destroyed = from.ripas.change_destroyed;
  out.host_call_pending = from.host_call_pending;
  out.host_call = from.host_call_ipa;
  out.pause = pause_of(from);
  out.abort_esr = from.last_exit.esr;
  out.abort_unprotected = from.last_exit.unprotected_data_abort;
  return out;
}

bool Abstraction::read_table(abi::Pa pa, int level, spec::Table& out) const {
  const auto granule = abi::GranulePa::containing(pa);
  if (state_.granules.peek(granule).state != core::GranuleState::kRtt) return false;
  if (platform_.gpt.pas(granule) != abi::Pas::kRealm) return false;
  const auto bytes = platform_.memory.peek(granule);
  out.granule = granule.pa();
  for (std::size_t i = 0; i < spec::kEntries; ++i) {
    std::uint64_t descriptor = 0;
    std::memcpy(&descriptor, bytes.data() + i * sizeof descriptor, sizeof descriptor);
    out.entries.at(i) = abstract(core::decode(descriptor, level));
  }
  return true;
}

void Abstraction::add_table(const core::Realm& realm, const spec::TableKey& key, spec::State& out) const {
  int level = int{realm.rtt_level_start};
  if (key.level < level || key.level > spec::kPageLevel || key.base.value >= realm.ipa_end().value) return;
  abi::Pa pa = realm.rtt_base + key.base.value / (spec::level_size(level) * spec::kEntries) * abi::kGranuleSize;
  for (; level < key.level; ++level) {
    const auto granule = abi::GranulePa::containing(pa);
    if (platform_.gpt.pas(granule) != abi::Pas::kRealm) return;
    const auto bytes = platform_.memory.peek(granule);
    std::uint64_t descriptor = 0;
    std::memcpy(&descriptor, bytes.data() + spec::entry_index(key.base, level) * sizeof descriptor, sizeof descriptor);
    const core::RttEntry entry = core::decode(descriptor, level);
    if (entry.state != core::RttState::kTable) return;
    pa = entry.address;
  }
  spec::Table table;
  if (read_table(pa, key.level, table)) out.tables.insert_or_assign(key, table);
}

void Abstraction::add_tree(const core::Realm& realm, abi::Pa granule, const spec::TableKey& key,
                           spec::State& out) const {
  spec::Table table;
  if (!read_table(granule, key.level, table)) return;
  out.tables.insert_or_assign(key, table);
  if (key.level == spec::kPageLevel) return;
  for (std::size_t i = 0; i < spec::kEntries; ++i) {
    const spec::Entry& entry = table.entries.at(i);
    if (entry.state != spec::EntryState::kTable) continue;
    add_tree(realm, entry.addr, spec::table_at(key.rd, spec::entry_ipa(key, i), key.level + 1), out);
  }
}

spec::State Abstraction::of(const spec::Scope& scope) const {
  spec::State out;
  for (const abi::Pa pa : scope.granules) {
    const auto state = abstract(state_.granules.peek(abi::GranulePa::containing(pa)).state);
    if (state != spec::GranuleState::kUndelegated) out.granules.emplace(pa, state);
  }
  for (const abi::Pa rd : scope.realms) {
    if (const core::Realm* realm = realm_at(rd)) out.realms.emplace(rd, abstract(*realm));
  }
  for (const abi::Pa pa : scope.recs) {
    if (const core::Rec* from = rec_at(pa)) out.recs.emplace(pa, rec(*from));
  }
  for (const spec::TableKey& key : scope.tables) {
    if (const core::Realm* realm = realm_at(key.rd)) add_table(*realm, key, out);
  }
  return out;
}

spec::State Abstraction::whole() const {
  spec::State out;
  state_.granules.for_each_delegated([&](abi::GranulePa pa, const core::Granule& granule) {
    out.granules.emplace_hint(out.granules.end(), pa.pa(), abstract(granule.state));
  });
  for (const auto& [index, realm] : state_.realms) {
    out.realms.emplace(realm.rd.pa(), abstract(realm));
    const int start = int{realm.rtt_level_start};
    for (std::uint32_t i = 0; i < realm.rtt_num_start; ++i) {
      const abi::Ipa base{i * spec::level_size(start) * spec::kEntries};
      add_tree(realm, realm.rtt_base + i * abi::kGranuleSize, spec::table_at(realm.rd.pa(), base, start), out);
    }
  }
  for (const auto& [index, from] : state_.recs) out.recs.emplace(from.granule.pa(), rec(from));
  return out;
}

}  // namespace rmm::check
