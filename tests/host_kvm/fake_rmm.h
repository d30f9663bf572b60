// SPDX-License-Identifier: GPL-2.0-or-later
// A small RMM double for tests of host/kvm: Non-secure memory with granule protection and an SMC conduit that goes
// through realm creation, population, activation, faults, exits and teardown. It keeps enough of DEN0137 1.0-rel0 that
// a host which calls out of order, leaks or forgets to undelegate is found out, and records every call.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "host/port/ns_memory.h"
#include "host/port/smc.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/abi/v1_0/types.h"

namespace kvmtest {

using namespace abi::v1_0;

inline constexpr std::uint64_t kDram = 0x8000'0000, kDramSize = 64ULL << 20;

class FakeMemory : public host::port::NsMemory {
 public:
  std::span<const host::port::MemoryBank> banks() const override { return banks_; }
  tl::expected<void, host::port::GranuleProtectionFault> read(abi::Pa pa, std::span<std::byte> out) override {
    return each(pa, out.size(),
                [&](std::byte* at, std::size_t done, std::size_t n) { std::memcpy(out.data() + done, at, n); });
  }
  tl::expected<void, host::port::GranuleProtectionFault> write(abi::Pa pa, std::span<const std::byte> in) override {
    return each(pa, in.size(),
                [&](std::byte* at, std::size_t done, std::size_t n) { std::memcpy(at, in.data() + done, n); });
  }
  tl::expected<void, host::port::GranuleProtectionFault> zero(abi::GranulePa granule) override {
    return each(granule.pa(), 4096, [](std::byte* at, std::size_t, std::size_t n) { std::memset(at, 0, n); });
  }
  // As the RMM sees it: no protection check.
  std::span<std::byte> raw(std::uint64_t pa) {
    auto& page = pages_[pa >> 12];
    return std::span(page).subspan(pa & 0xfff);
  }
  std::set<std::uint64_t> realm_frames;  // granules in the Realm PAS

 private:
  template <class F>
  tl::expected<void, host::port::GranuleProtectionFault> each(abi::Pa pa, std::size_t size, F&& f) {
    for (std::size_t done = 0; done < size;) {
      const std::uint64_t at = pa.value + done;
      const std::size_t n = std::min<std::size_t>(size - done, 4096 - (at & 0xfff));
      if (realm_frames.contains(at >> 12))
        return tl::unexpected(host::port::GranuleProtectionFault{{at}, abi::Pas::kRealm});
      f(pages_[at >> 12].data() + (at & 0xfff), done, n);
      done += n;
    }
    return {};
  }
  std::array<host::port::MemoryBank, 1> banks_{{{{kDram}, kDramSize}}};
  std::map<std::uint64_t, std::array<std::byte, 4096>> pages_;
};

class FakeRmm : public host::port::SmcConduit {
 public:
  explicit FakeRmm(FakeMemory& memory) : memory_(memory) {}

  enum class State { kDelegated, kRd, kRec, kAux, kRtt, kData };
  struct Entry {
    RmiRttEntryState state = RmiRttEntryState::kUnassigned;
    std::uint64_t pa = 0;
    Ripas ripas = Ripas::kEmpty;
  };
  struct Table {
    std::uint64_t pa = 0;
    std::array<Entry, 512> entries{};
  };
  struct Realm {
    RealmParams params;
    int state = 0;  // 0 NEW, 1 ACTIVE, 2 SYSTEM_OFF
    std::map<std::pair<int, std::uint64_t>, Table> tables;
    std::vector<std::uint64_t> recs;
  };
  struct Rec {
    std::uint64_t rd = 0;
    RecParams params;
    bool runnable = false;
    std::uint64_t psci_pending = 0;  // CPU_ON or AFFINITY_INFO that the host has to complete; 0: none
    std::uint64_t psci_target = 0;   // its MPIDR
  };
  // One REC entry: what the realm did. Gets the enter half, fills the exit half.
  using Entered = std::function<RmiReturn(const RecEnter&, RecExit&)>;

  std::map<std::uint64_t, State> granules;  // delegated granules by PA
  std::map<std::uint64_t, Realm> realms;
  std::map<std::uint64_t, Rec> recs;
  std::vector<abi::SmcRegs> calls;
  std::map<std::uint64_t, std::deque<Entered>> script;  // by REC index (order of creation)
  std::vector<std::uint64_t> rec_order;
  std::uint64_t aux_count = 2;
  std::optional<std::uint8_t> pmu_counters{};  // none: realms have no PMU
  bool present = true;

  std::vector<std::uint32_t> fids() const {
    std::vector<std::uint32_t> out;
    for (const auto& c : calls) out.push_back(c.fid());
    return out;
  }
  std::size_t count(std::uint32_t fid) const {
    std::size_t n = 0;
    for (const auto& c : calls) n += c.fid() == fid ? 1U : 0U;
    return n;
  }
  Realm& only_realm() { return realms.begin()->second; }
  Entry& entry_at(std::uint64_t ipa, int level = 3) { return *walk(only_realm(), ipa, level).entry; }

  abi::SmcRegs smc(const abi::SmcRegs& in) override {
    calls.push_back(in);
    abi::SmcRegs out;
    if (!present) {
      out.x[0] = abi::kSmcNotSupported;
      return out;
    }
    out.x[0] = dispatch(in, out).raw();
    return out;
  }

 private:
  static constexpr RmiReturn kOk{RmiStatus::kSuccess, 0}, kInput{RmiStatus::kErrorInput, 0},
      kRealmError{RmiStatus::kErrorRealm, 0}, kRecError{RmiStatus::kErrorRec, 0};
  static RmiReturn rtt_error(int level) { return {RmiStatus::kErrorRtt, static_cast<std::uint8_t>(level)}; }
  static std::uint64_t size_of(int level) { return 1ULL << (12 + 9 * (3 - level)); }

  struct Walk {
    int level;
    Entry* entry;
  };
  Walk walk(Realm& r, std::uint64_t ipa, int target) {
    int level = static_cast<int>(r.params.rtt_level_start);
    for (;;) {
      const std::uint64_t table_size = size_of(level) * 512;
      auto& table = r.tables.at({level, ipa & ~(table_size - 1)});
      auto& e = table.entries[(ipa / size_of(level)) % 512];
      if (level == target || e.state != RmiRttEntryState::kTable) return {level, &e};
      ++level;
    }
  }
  // The first address behind `ipa` at which something lives, within the table that the walk ended in.
  std::uint64_t top_of(Realm& r, std::uint64_t ipa, int level) {
    const std::uint64_t table_size = size_of(level) * 512;
    auto& table = r.tables.at({level, ipa & ~(table_size - 1)});
    for (std::uint64_t i = (ipa / size_of(level)) % 512; i < 512; ++i) {
      if (table.entries[i].state != RmiRttEntryState::kUnassigned)
        return (ipa & ~(table_size - 1)) + i * size_of(level);
    }
    return (ipa & ~(table_size - 1)) + table_size;
  }
  bool is(std::uint64_t pa, State s) const {
    const auto it = granules.find(pa);
    return it != granules.end() && it->second == s;
  }
  Realm* realm(std::uint64_t rd) {
    const auto it = realms.find(rd);
    return it == realms.end() ? nullptr : &it->second;
  }

  RmiReturn dispatch(const abi::SmcRegs& in, abi::SmcRegs& out) {
    const auto& x = in.x;
    switch (in.fid()) {
      case kRmiVersion: out.x[1] = out.x[2] = kInterfaceVersion10; return kOk;
      case kRmiFeatures:
        out.x[1] = FeatureRegister0{.s2sz = 40,
                                    .lpa2 = false,
                                    .sve = false,
                                    .sve_vl = 0,
                                    .num_bps = 1,
                                    .num_wps = 1,
                                    .pmu = pmu_counters.has_value(),
                                    .pmu_num_ctrs = pmu_counters.value_or(0),
                                    .hash_sha_256 = true,
                                    .hash_sha_512 = true,
                                    .gicv3_num_lrs = 3,
                                    .max_recs_order = 4}
                       .raw();
        return kOk;
      case kRmiGranuleDelegate:
        if (granules.contains(x[1])) return kInput;
        granules[x[1]] = State::kDelegated;
        memory_.realm_frames.insert(x[1] >> 12);
        return kOk;
      case kRmiGranuleUndelegate:
        if (!is(x[1], State::kDelegated)) return kInput;
        granules.erase(x[1]);
        memory_.realm_frames.erase(x[1] >> 12);
        return kOk;
      case kRmiRealmCreate: return realm_create(x[1], x[2]);
      case kRmiRealmActivate: return activate(x[1]);
      case kRmiRealmDestroy: return realm_destroy(x[1]);
      case kRmiRecAuxCount: out.x[1] = aux_count; return realm(x[1]) ? kOk : kInput;
      case kRmiRecCreate: return rec_create(x[1], x[2], x[3]);
      case kRmiRecDestroy: return rec_destroy(x[1]);
      case kRmiRecEnter: return rec_enter(x[1], x[2]);
      case kRmiDataCreate:
        if (memory_.realm_frames.contains(x[4] >> 12)) return kInput;
        return data_create(x[1], x[2], x[3], x[4]);
      case kRmiDataCreateUnknown: return data_create(x[1], x[2], x[3], 0);
      case kRmiDataDestroy: return data_destroy(x[1], x[2], out);
      case kRmiRttCreate: return rtt_create(x[1], x[2], x[3], static_cast<int>(x[4]));
      case kRmiRttDestroy: return rtt_destroy(x[1], x[2], static_cast<int>(x[3]), out);
      case kRmiRttFold: return rtt_fold(x[1], x[2], static_cast<int>(x[3]), out);
      case kRmiRttMapUnprotected: return map_unprotected(x[1], x[2], static_cast<int>(x[3]), x[4]);
      case kRmiRttUnmapUnprotected: return unmap_unprotected(x[1], x[2], static_cast<int>(x[3]), out);
      case kRmiRttInitRipas: return init_ripas(x[1], x[2], x[3], out);
      case kRmiRttSetRipas: return set_ripas(x[1], x[2], x[3], x[4], out);
      case kRmiPsciComplete: return psci_complete(x[1], x[2], x[3]);
      default: out.x[0] = abi::kSmcNotSupported; return {static_cast<RmiStatus>(0xff), 0xff};
    }
  }

  RmiReturn realm_create(std::uint64_t rd, std::uint64_t params_pa) {
    if (!is(rd, State::kDelegated) || memory_.realm_frames.contains(params_pa >> 12)) return kInput;
    Realm r;
    r.params = abi::decode<RealmParams>(memory_.raw(params_pa));
    const int level = static_cast<int>(r.params.rtt_level_start);
    for (std::uint32_t i = 0; i < r.params.rtt_num_start; ++i) {
      const std::uint64_t pa = r.params.rtt_base + i * 4096ULL;
      if (!is(pa, State::kDelegated)) return kInput;
      r.tables[{level, i * size_of(level) * 512}].pa = pa;
    }
    for (auto& [key, table] : r.tables) granules[table.pa] = State::kRtt;
    granules[rd] = State::kRd;
    realms[rd] = r;
    return kOk;
  }
  RmiReturn activate(std::uint64_t rd) {
    auto* r = realm(rd);
    if (r == nullptr) return kInput;
    if (r->state != 0) return kRealmError;
    r->state = 1;
    return kOk;
  }
  RmiReturn realm_destroy(std::uint64_t rd) {
    auto* r = realm(rd);
    if (r == nullptr) return kInput;
    if (!r->recs.empty() || r->tables.size() != r->params.rtt_num_start) return kRealmError;
    for (auto& [key, table] : r->tables) {
      for (const auto& e : table.entries)
        if (e.state != RmiRttEntryState::kUnassigned) return kRealmError;
    }
    for (auto& [key, table] : r->tables) granules[table.pa] = State::kDelegated;
    granules[rd] = State::kDelegated;
    realms.erase(rd);
    return kOk;
  }
  RmiReturn rec_create(std::uint64_t rd, std::uint64_t rec, std::uint64_t params_pa) {
    auto* r = realm(rd);
    if (r == nullptr || !is(rec, State::kDelegated)) return kInput;
    if (r->state != 0) return kRealmError;
    const auto p = abi::decode<RecParams>(memory_.raw(params_pa));
    if (p.num_aux != aux_count) return kInput;
    for (std::uint64_t i = 0; i < p.num_aux; ++i)
      if (!is(p.aux[i], State::kDelegated)) return kInput;
    for (std::uint64_t i = 0; i < p.num_aux; ++i) granules[p.aux[i]] = State::kAux;
    granules[rec] = State::kRec;
    recs[rec] = {.rd = rd, .params = p, .runnable = (p.flags & kRecFlagRunnable) != 0};
    r->recs.push_back(rec);
    rec_order.push_back(rec);
    return kOk;
  }
  RmiReturn rec_destroy(std::uint64_t rec) {
    const auto it = recs.find(rec);
    if (it == recs.end()) return kInput;
    for (std::uint64_t i = 0; i < it->second.params.num_aux; ++i)
      granules[it->second.params.aux[i]] = State::kDelegated;
    granules[rec] = State::kDelegated;
    std::erase(realm(it->second.rd)->recs, rec);
    recs.erase(it);
    return kOk;
  }
  RmiReturn rec_enter(std::uint64_t rec, std::uint64_t run) {
    const auto it = recs.find(rec);
    if (it == recs.end() || memory_.realm_frames.contains(run >> 12)) return kInput;
    auto* r = realm(it->second.rd);
    if (r->state == 0) return kRealmError;
    if (r->state == 2) return {RmiStatus::kErrorRealm, 1};
    if (!it->second.runnable || it->second.psci_pending != 0) return kRecError;
    std::uint64_t index = 0;
    while (rec_order[index] != rec) ++index;
    auto& exits = script[index];
    if (exits.empty()) {  // the script is over: the realm is off
      return {RmiStatus::kErrorRealm, 1};
    }
    const auto body = exits.front();
    exits.pop_front();
    RecExit exit;
    const auto enter = abi::decode<RecEnter>(memory_.raw(run));
    const auto result = body(enter, exit);
    if (result.status != RmiStatus::kSuccess) return result;
    abi::encode(exit, memory_.raw(run + kRecRunExitOffset));
    if (exit.exit_reason == static_cast<std::uint8_t>(RecExitReason::kPsci)) psci_exit(recs.at(rec), exit);
    return result;
  }
  // As a monitor leaves a call to the host only after it checked it, a request for nobody is not pending.
  void psci_exit(Rec& rec, const RecExit& exit) {
    const auto fid = static_cast<std::uint32_t>(exit.gprs[0]);
    if (fid == kPsciCpuOff) rec.runnable = false;
    const bool affinity = fid == kPsciAffinityInfo || fid == kPsciAffinityInfo32;
    if (fid != kPsciCpuOn && fid != kPsciCpuOn32 && !(affinity && exit.gprs[2] == 0)) return;
    const auto named =
        std::find_if(recs.begin(), recs.end(), [&](const auto& r) { return r.second.params.mpidr == exit.gprs[1]; });
    if (named == recs.end()) return;
    rec.psci_pending = fid;
    rec.psci_target = exit.gprs[1];
  }
  RmiReturn psci_complete(std::uint64_t calling_rec, std::uint64_t target_rec, std::uint64_t status) {
    if (calling_rec == target_rec || !recs.contains(calling_rec) || !recs.contains(target_rec)) return kInput;
    Rec& calling = recs.at(calling_rec);
    Rec& target = recs.at(target_rec);
    const bool cpu_on = calling.psci_pending == kPsciCpuOn || calling.psci_pending == kPsciCpuOn32;
    const bool denied = status == static_cast<std::uint64_t>(PsciStatus::kDenied);
    if (calling.psci_pending == 0 || target.params.mpidr != calling.psci_target) return kInput;
    if (status != 0 && !(denied && cpu_on && !target.runnable)) return kInput;
    if (cpu_on && !denied) target.runnable = true;
    calling.psci_pending = 0;
    return kOk;
  }
  RmiReturn data_create(std::uint64_t rd, std::uint64_t data, std::uint64_t ipa, std::uint64_t src) {
    auto* r = realm(rd);
    if (r == nullptr || !is(data, State::kDelegated)) return kInput;
    if (src != 0 && r->state != 0) return kRealmError;
    const auto w = walk(*r, ipa, 3);
    if (w.level != 3 || w.entry->state != RmiRttEntryState::kUnassigned) return rtt_error(w.level);
    if (src != 0) {
      std::memcpy(memory_.raw(data).data(), memory_.raw(src).data(), 4096);
      w.entry->ripas = Ripas::kRam;
    }
    w.entry->state = RmiRttEntryState::kAssigned;
    w.entry->pa = data;
    granules[data] = State::kData;
    return kOk;
  }
  RmiReturn data_destroy(std::uint64_t rd, std::uint64_t ipa, abi::SmcRegs& out) {
    auto* r = realm(rd);
    if (r == nullptr) return kInput;
    const auto w = walk(*r, ipa, 3);
    if (w.level != 3 || w.entry->state != RmiRttEntryState::kAssigned) {
      out.x[2] = w.entry->state == RmiRttEntryState::kAssigned ? ipa : top_of(*r, ipa, w.level);
      return rtt_error(w.level);
    }
    out.x[1] = w.entry->pa;
    granules[w.entry->pa] = State::kDelegated;
    w.entry->ripas = w.entry->ripas == Ripas::kEmpty ? Ripas::kEmpty : Ripas::kDestroyed;
    w.entry->state = RmiRttEntryState::kUnassigned;
    w.entry->pa = 0;
    out.x[2] = top_of(*r, ipa, 3);
    return kOk;
  }
  RmiReturn rtt_create(std::uint64_t rd, std::uint64_t rtt, std::uint64_t ipa, int level) {
    auto* r = realm(rd);
    if (r == nullptr || !is(rtt, State::kDelegated)) return kInput;
    const auto w = walk(*r, ipa, level - 1);
    if (w.level != level - 1 || w.entry->state == RmiRttEntryState::kTable) return rtt_error(w.level);
    auto& table = r->tables[{level, ipa}];
    table.pa = rtt;
    for (std::size_t i = 0; i < 512; ++i) {
      table.entries[i] = *w.entry;
      if (w.entry->state == RmiRttEntryState::kAssigned) table.entries[i].pa += i * size_of(level);
    }
    *w.entry = {RmiRttEntryState::kTable, rtt, Ripas::kEmpty};
    granules[rtt] = State::kRtt;
    return kOk;
  }
  RmiReturn rtt_destroy(std::uint64_t rd, std::uint64_t ipa, int level, abi::SmcRegs& out) {
    auto* r = realm(rd);
    if (r == nullptr) return kInput;
    const auto w = walk(*r, ipa, level - 1);
    if (w.level != level - 1 || w.entry->state != RmiRttEntryState::kTable) {
      out.x[2] = top_of(*r, ipa, w.level);
      if (out.x[2] == ipa) out.x[2] = ipa + size_of(w.level);
      return rtt_error(w.level);
    }
    auto& table = r->tables.at({level, ipa});
    for (const auto& e : table.entries) {
      if (e.state == RmiRttEntryState::kUnassigned) continue;
      out.x[2] = ipa;
      return rtt_error(level);
    }
    out.x[1] = table.pa;
    granules[table.pa] = State::kDelegated;
    r->tables.erase({level, ipa});
    *w.entry = {RmiRttEntryState::kUnassigned, 0, Ripas::kDestroyed};
    out.x[2] = top_of(*r, ipa, level - 1);
    return kOk;
  }
  RmiReturn rtt_fold(std::uint64_t rd, std::uint64_t ipa, int level, abi::SmcRegs& out) {
    auto* r = realm(rd);
    if (r == nullptr) return kInput;
    const auto w = walk(*r, ipa, level - 1);
    if (w.level != level - 1 || w.entry->state != RmiRttEntryState::kTable) return rtt_error(w.level);
    auto& table = r->tables.at({level, ipa});
    const Entry first = table.entries[0];
    for (std::size_t i = 0; i < 512; ++i) {
      const auto& e = table.entries[i];
      const bool same_pa = first.state != RmiRttEntryState::kAssigned || e.pa == first.pa + i * size_of(level);
      if (e.state == RmiRttEntryState::kTable || e.state != first.state || e.ripas != first.ripas || !same_pa)
        return rtt_error(level);
    }
    out.x[1] = table.pa;
    granules[table.pa] = State::kDelegated;
    *w.entry = first;
    r->tables.erase({level, ipa});
    return kOk;
  }
  RmiReturn map_unprotected(std::uint64_t rd, std::uint64_t ipa, int level, std::uint64_t desc) {
    auto* r = realm(rd);
    if (r == nullptr || (ipa >> (r->params.s2sz - 1)) != 1) return kInput;
    const auto w = walk(*r, ipa, level);
    if (w.level != level || w.entry->state != RmiRttEntryState::kUnassigned) return rtt_error(w.level);
    *w.entry = {RmiRttEntryState::kAssigned, desc & 0xfffffffff000ULL, Ripas::kEmpty};
    return kOk;
  }
  RmiReturn unmap_unprotected(std::uint64_t rd, std::uint64_t ipa, int level, abi::SmcRegs& out) {
    auto* r = realm(rd);
    if (r == nullptr || (ipa >> (r->params.s2sz - 1)) != 1) return kInput;
    const auto w = walk(*r, ipa, level);
    if (w.level != level || w.entry->state != RmiRttEntryState::kAssigned) {
      out.x[1] = w.entry->state == RmiRttEntryState::kTable ? ipa : top_of(*r, ipa, w.level);
      return rtt_error(w.level);
    }
    *w.entry = {};
    out.x[1] = top_of(*r, ipa, level);
    return kOk;
  }
  // The RIPAS of UNASSIGNED entries from base on, as far as one table goes.
  RmiReturn change_ripas(Realm& r, std::uint64_t base, std::uint64_t top, Ripas ripas, bool assigned_too,
                         abi::SmcRegs& out) {
    const auto w = walk(r, base, 3);
    const std::uint64_t size = size_of(w.level), table_end = (base & ~(size * 512 - 1)) + size * 512;
    if ((base & (size - 1)) != 0) return rtt_error(w.level);
    std::uint64_t at = base;
    for (; at + size <= top && at < table_end; at += size) {
      auto& e = *walk(r, at, w.level).entry;
      if (e.state == RmiRttEntryState::kTable) break;
      if (e.state == RmiRttEntryState::kAssigned && !assigned_too) break;
      e.ripas = ripas;
    }
    if (at == base) return rtt_error(w.level);
    out.x[1] = at;
    return kOk;
  }
  RmiReturn init_ripas(std::uint64_t rd, std::uint64_t base, std::uint64_t top, abi::SmcRegs& out) {
    auto* r = realm(rd);
    if (r == nullptr || top <= base) return kInput;
    if (r->state != 0) return kRealmError;
    return change_ripas(*r, base, top, Ripas::kRam, false, out);
  }
  RmiReturn set_ripas(std::uint64_t rd, std::uint64_t rec, std::uint64_t base, std::uint64_t top, abi::SmcRegs& out) {
    auto* r = realm(rd);
    if (r == nullptr || !recs.contains(rec) || top <= base) return kInput;
    if (base != ripas_next) return kInput;
    const auto result = change_ripas(*r, base, top, ripas_value, true, out);
    if (result.status == RmiStatus::kSuccess) ripas_next = out.x[1];
    return result;
  }

  FakeMemory& memory_;

 public:
  // The REC's open RIPAS window: what SET_RIPAS must continue at, and the value asked for.
  std::uint64_t ripas_next = 0;
  Ripas ripas_value = Ripas::kEmpty;
};

}  // namespace kvmtest
