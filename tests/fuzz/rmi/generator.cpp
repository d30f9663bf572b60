// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/rmi/generator.h"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <span>

#include "rmm/abi/arch/gic.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/core/psci.h"
#include "rmm/v1_0/table.h"

namespace fuzz {

using namespace abi::v1_0;  // NOLINT: function ids and structures of the version under test
using rmm::core::GranuleState;
using rmm::core::RealmState;
using rmm::core::RttState;

namespace {

constexpr std::uint64_t kPage = abi::kGranuleSize;
constexpr std::uint64_t kBlock2 = 1ULL << 21;
constexpr std::size_t kMaxRealms = 4;

// How often each command is tried.
struct Weight {
  std::uint32_t fid;
  unsigned weight;
};
constexpr Weight kWeights[] = {
    {kRmiVersion, 3},           {kRmiFeatures, 3},           {kRmiGranuleDelegate, 22},
    {kRmiGranuleUndelegate, 8}, {kRmiRealmCreate, 30},       {kRmiRealmActivate, 4},
    {kRmiRealmDestroy, 6},      {kRmiRecAuxCount, 4},        {kRmiRecCreate, 24},
    {kRmiRecDestroy, 6},        {kRmiRecEnter, 72},          {kRmiPsciComplete, 60},
    {kRmiDataCreate, 40},       {kRmiDataCreateUnknown, 20}, {kRmiDataDestroy, 12},
    {kRmiRttCreate, 26},        {kRmiRttDestroy, 14},        {kRmiRttFold, 14},
    {kRmiRttReadEntry, 10},     {kRmiRttMapUnprotected, 20}, {kRmiRttUnmapUnprotected, 14},
    {kRmiRttInitRipas, 18},     {kRmiRttSetRipas, 60},
};

std::uint32_t draw_command(Choices& choose) {
  static constexpr std::size_t kTotal = [] {
    std::size_t sum = 0;
    for (const Weight& w : kWeights) sum += w.weight;
    return sum;
  }();
  static constexpr auto kTickets = [] {
    std::array<std::uint32_t, kTotal> tickets{};
    std::size_t n = 0;
    for (const Weight& w : kWeights)
      for (unsigned i = 0; i < w.weight; ++i) tickets.at(n++) = w.fid;
    return tickets;
  }();
  return choose.element(kTickets);
}

// Every legal shape of an IPA space (B3.55).
struct Shape {
  std::uint8_t s2sz = 0;
  std::int8_t level = 0;
  std::uint8_t tables = 1;
};
const std::vector<Shape>& shapes() {
  static const auto kShapes = [] {
    std::vector<Shape> out;
    for (std::uint8_t s2sz = 32; s2sz <= 48; ++s2sz)
      for (std::int8_t level = 0; level <= 2; ++level)
        for (std::uint8_t tables = 1; tables <= rmm::core::kMaxStartTables;
             tables = static_cast<std::uint8_t>(tables * 2))
          if (rmm::core::rtt_config_is_valid(s2sz, level, tables)) out.push_back({s2sz, level, tables});
    return out;
  }();
  return kShapes;
}

template <class... Args>
abi::SmcRegs call(std::uint32_t fid, Args... args) {
  abi::SmcRegs regs;
  regs.x.fill(0x5a5a);
  regs.x[0] = fid;
  std::size_t i = 1;
  const auto value = [](auto v) {
    if constexpr (requires { v.value; })
      return v.value;
    else
      return static_cast<std::uint64_t>(v);
  };
  ((regs.x.at(i++) = value(args)), ...);
  return regs;
}

GranuleState state_named(std::string_view name) {
  switch (name.front()) {
    case 'U': return GranuleState::kUndelegated;
    case 'D': return name[1] == 'E' ? GranuleState::kDelegated : GranuleState::kData;
    default: break;
  }
  if (name == "RD") return GranuleState::kRd;
  if (name == "RTT") return GranuleState::kRtt;
  return name == "REC" ? GranuleState::kRec : GranuleState::kRecAux;
}

}  // namespace

bare::Settings draw_settings(Choices& choose) {
  bare::Settings settings;
  settings.banks = {{bare::kDram, 0x40'0000}, {bare::kHighDram, 0x10'0000}};
  rmm::core::Limits& limits = settings.limits;
  limits.s2sz = choose.one_of<std::uint8_t>({48, 48, 44, 40, 36});
  limits.num_lrs = choose.one_of<std::uint8_t>({16, 16, 4, 1});
  limits.max_recs_order = choose.one_of<std::uint8_t>({9, 2, 1});
  limits.num_rec_aux = choose.one_of<std::uint8_t>({2, 2, 0, 1, 5, 16});
  limits.vmid16 = !choose.one_in(4);
  limits.num_bps = choose.one_of<std::uint8_t>({2, 6});
  limits.num_wps = choose.one_of<std::uint8_t>({2, 4});
  if (choose.one_in(8)) (choose.one_in(2) ? limits.sha256 : limits.sha512) = false;
  limits.sysreg_gprs_rt = choose.one_in(4);
  limits.pmu = choose.one_in(2);
  limits.pmu_num_ctrs = static_cast<std::uint8_t>(limits.pmu ? choose.below(32) : 0);
  return settings;
}

Generator::Generator(Choices& choices, bare::Machine& machine) : choose_(choices), machine_(machine) {
  const std::uint32_t slots = kLowGranules + kHighGranules;
  position_.resize(slots);
  state_.resize(slots, GranuleState::kUndelegated);
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    position_[slot] = static_cast<std::uint32_t>(pool(GranuleState::kUndelegated).size());
    pool(GranuleState::kUndelegated).push_back(slot);
  }
  machine.observe(*this);
  // Memory of the other worlds.
  queue_.push_back(bare::Move{0, bare::SetPas{pa_of(kLowGranules - 1), abi::Pas::kSecure}});
  queue_.push_back(bare::Move{0, bare::SetPas{pa_of(kLowGranules - 2), abi::Pas::kRoot}});
}

// --- granules

abi::Pa Generator::pa_of(std::uint32_t slot) const {
  return slot < kLowGranules ? bare::kDram + slot * kPage : bare::kHighDram + (slot - kLowGranules) * kPage;
}

std::optional<std::uint32_t> Generator::slot_of(abi::Pa pa) const {
  if (pa >= bare::kHighDram) {
    const std::uint64_t n = (pa - bare::kHighDram) / kPage;
    return n < kHighGranules ? std::optional(static_cast<std::uint32_t>(kLowGranules + n)) : std::nullopt;
  }
  const std::uint64_t n = (pa - bare::kDram) / kPage;
  return pa >= bare::kDram && n < kLowGranules ? std::optional(static_cast<std::uint32_t>(n)) : std::nullopt;
}

void Generator::move_slot(std::uint32_t slot, GranuleState to) {
  Pool& from = pool(state_[slot]);
  const std::uint32_t last = from.back();
  from[position_[slot]] = last;
  position_[last] = position_[slot];
  from.pop_back();
  state_[slot] = to;
  position_[slot] = static_cast<std::uint32_t>(pool(to).size());
  pool(to).push_back(slot);
}

void Generator::granule_transition(const rmm::port::GranuleTransition& event) {
  const abi::Pa pa = event.granule.pa();
  if (const auto slot = slot_of(pa)) move_slot(*slot, state_named(event.to));
  if (event.from == "RD" || event.from == "REC") {
    if (stale_.size() < 16) stale_.push_back(pa);
    std::erase(dying_, pa);
  }
}

std::optional<abi::Pa> Generator::any(GranuleState state) {
  const Pool& from = pool(state);
  if (from.empty()) return std::nullopt;
  return pa_of(choose_.element(from));
}

std::optional<abi::Pa> Generator::host_granule() {
  for (unsigned tries = 0; tries < 4; ++tries) {
    const auto pa = any(GranuleState::kUndelegated);
    if (pa && *pa < bare::kHighDram &&
        machine_.platform().gpt.pas(abi::GranulePa::containing(*pa)) == abi::Pas::kNonSecure)
      return pa;
  }
  return std::nullopt;
}

abi::Pa Generator::any_granule() {
  return pa_of(static_cast<std::uint32_t>(choose_.below(kLowGranules + kHighGranules)));
}

abi::Pa Generator::outside_dram() {
  return {choose_.one_of<std::uint64_t>({0x1000, bare::kDram.value - kPage, bare::kDram.value + 0x40'0000, 1ULL << 40,
                                         bare::kHighDram.value - kPage, bare::kHighDram.value + 0x10'0000, 1ULL << 52,
                                         ~0xfffULL})};
}

// --- realms

const rmm::core::Realm* Generator::any_realm(std::optional<RealmState> state) {
  const auto& realms = machine_.state().realms;
  if (realms.empty()) return nullptr;
  auto at = std::next(realms.begin(), static_cast<std::ptrdiff_t>(choose_.below(realms.size())));
  for (std::size_t i = 0; i < realms.size(); ++i) {
    if (!state || at->second.state.peek() == *state) return &at->second;
    if (++at == realms.end()) at = realms.begin();
  }
  return nullptr;
}

// Few places, so that commands meet each other: three corners of the half, two blocks in each, eight pages in each.
abi::Ipa Generator::any_ipa(const rmm::core::Realm& realm, bool is_protected) {
  const std::uint64_t half = realm.unprotected_base().value;
  std::uint64_t ipa = is_protected ? 0 : half;
  const std::uint64_t n = choose_.below(64);
  if ((n & 3) == 1) ipa += half / 2;
  if ((n & 3) == 2) ipa += half - 2 * kBlock2;
  if ((n & 4) != 0) ipa += kBlock2;
  const std::uint64_t page = n >> 3;
  return {ipa + (page == 7 ? 511 : page) * kPage};
}

Generator::Place Generator::place(const rmm::core::Realm& realm, bool is_protected, int to_level) {
  Place at{.rd = realm.rd.pa(), .realm = &realm, .ipa = any_ipa(realm, is_protected), .walk = {}};
  at.walk = rmm::core::walk(machine_.core(), realm, at.ipa, std::max<int>(to_level, realm.rtt_level_start));
  return at;
}

template <class Fits>
std::optional<Generator::Place> Generator::find(bool is_protected, int to_level, Fits&& fits,
                                                std::optional<RealmState> state) {
  for (unsigned tries = 0; tries < 6; ++tries) {
    const rmm::core::Realm* realm = any_realm(state);
    if (realm == nullptr) return std::nullopt;
    const Place at = place(*realm, is_protected, to_level);
    if (fits(at)) return at;
  }
  return std::nullopt;
}

std::optional<abi::Ipa> Generator::realm_ram(const rmm::core::Realm& realm) {
  for (unsigned tries = 0; tries < 8; ++tries) {
    const auto& [rd, ipa] = choose_.element(mapped_);
    const bool fits = rd == realm.rd.pa() && realm.is_protected(ipa);  // an RD may have been another realm's
    const abi::Ipa at = tries < 6 && fits ? ipa : any_ipa(realm, true);
    const auto walk = rmm::core::walk(machine_.core(), realm, at, rmm::core::kPageLevel);
    if (walk.entry.state == RttState::kAssigned && walk.entry.ripas == Ripas::kRam) return at;
  }
  return std::nullopt;
}

// --- valid commands

std::optional<Generator::Draft> Generator::draft(std::uint32_t fid) {
  const auto simple = [](const abi::SmcRegs& regs) { return Draft{regs, {}}; };
  switch (fid) {
    case kRmiVersion: return simple(call(fid, kInterfaceVersion10));
    case kRmiFeatures: return simple(call(fid, choose_.below(2)));
    case kRmiGranuleDelegate: return granule_delegate();
    case kRmiGranuleUndelegate: {
      if (pool(GranuleState::kDelegated).size() < 24 && !choose_.one_in(8)) return std::nullopt;
      const auto pa = any(GranuleState::kDelegated);
      return pa ? std::optional(simple(call(fid, *pa))) : std::nullopt;
    }
    case kRmiRealmCreate: return realm_create();
    case kRmiRealmActivate: {
      const rmm::core::Realm* realm = any_realm(RealmState::kNew);
      if (realm == nullptr || (realm->num_recs.peek() < 2 && !choose_.one_in(6))) return std::nullopt;
      return simple(call(fid, realm->rd.pa()));
    }
    case kRmiRealmDestroy: {
      for (const abi::Pa rd : dying_)
        if (auto last = teardown(rd); last && last->regs.fid() == fid) return last;
      return std::nullopt;
    }
    case kRmiRecAuxCount: {
      const rmm::core::Realm* realm = any_realm();
      return realm != nullptr ? std::optional(simple(call(fid, realm->rd.pa()))) : std::nullopt;
    }
    case kRmiRecCreate: return rec_create();
    case kRmiRecDestroy: {
      if (!choose_.one_in(2)) return std::nullopt;
      return draft_of_rec(fid);
    }
    case kRmiRecEnter: return enter_rec();
    case kRmiPsciComplete: return psci_complete();
    case kRmiDataCreate: return data_create(false);
    case kRmiDataCreateUnknown: return data_create(true);
    case kRmiDataDestroy: {
      const auto at = find(true, rmm::core::kPageLevel, [](const Place& p) {
        return p.walk.entry.state == RttState::kAssigned && p.walk.level == rmm::core::kPageLevel;
      });
      return at ? std::optional(simple(call(fid, at->rd, at->ipa))) : std::nullopt;
    }
    case kRmiRttCreate: return rtt_create();
    case kRmiRttDestroy: return rtt_destroy(false);
    case kRmiRttFold: return rtt_destroy(true);
    case kRmiRttReadEntry: return rtt_read_entry();
    case kRmiRttMapUnprotected: return rtt_map_unprotected();
    case kRmiRttUnmapUnprotected: {
      const auto at = find(false, rmm::core::kPageLevel,
                           [](const Place& p) { return p.walk.entry.state == RttState::kAssignedNs; });
      return at ? std::optional(simple(call(fid, at->rd, at->walk.ipa, at->walk.level))) : std::nullopt;
    }
    case kRmiRttInitRipas: return rtt_init_ripas();
    case kRmiRttSetRipas: return rtt_set_ripas();
    default: return std::nullopt;
  }
}

std::optional<Generator::Draft> Generator::granule_delegate() {
  if (pool(GranuleState::kDelegated).size() > 96 && !choose_.one_in(8)) return std::nullopt;
  const auto pa = choose_.one_in(12)
                      ? std::optional(pa_of(kLowGranules + static_cast<std::uint32_t>(choose_.below(kHighGranules))))
                      : host_granule();
  if (!pa || state_[*slot_of(*pa)] != GranuleState::kUndelegated) return std::nullopt;
  return Draft{call(kRmiGranuleDelegate, *pa), {}};
}

std::optional<Generator::Draft> Generator::realm_create() {
  if (pool(GranuleState::kRd).size() >= kMaxRealms && !choose_.one_in(6)) return std::nullopt;
  const rmm::core::Limits& limits = machine_.settings().limits;
  const auto rd = any(GranuleState::kDelegated);
  const auto page = host_granule();
  if (!rd || !page) return std::nullopt;
  Shape shape = choose_.element(shapes());
  for (unsigned tries = 0; tries < 6 && (shape.s2sz > limits.s2sz || (shape.tables > 4 && tries < 3)); ++tries)
    shape = choose_.element(shapes());
  if (shape.s2sz > limits.s2sz) return std::nullopt;
  RealmParams p;
  p.s2sz = shape.s2sz;
  p.rtt_level_start = shape.level;
  p.rtt_num_start = shape.tables;
  p.num_bps = static_cast<std::uint8_t>(choose_.below(limits.num_bps));
  p.num_wps = static_cast<std::uint8_t>(choose_.below(limits.num_wps));
  // SHA-512 takes longer than all the rest of a command.
  p.hash_algo = static_cast<std::uint8_t>(!limits.sha256 || (limits.sha512 && choose_.one_in(8)) ? 1 : 0);
  if (limits.pmu && choose_.one_in(2)) {
    p.flags |= kRealmFlagPmu;
    p.pmu_num_ctrs = static_cast<std::uint8_t>(choose_.below(limits.pmu_num_ctrs + 1U));
  }
  for (std::size_t i = 0; i < 4; ++i) p.rpv.at(i * 16) = static_cast<std::uint8_t>(choose_.below(256));
  for (unsigned tries = 0; tries < 4; ++tries) {
    p.vmid = static_cast<std::uint16_t>(choose_.one_in(4) && limits.vmid16 ? choose_.below(65536) : choose_.below(16));
    if (!machine_.state().vmids[p.vmid]) break;
  }
  // Starting tables: a run that is DELEGATED or can become so.
  for (unsigned tries = 0; tries < 8; ++tries) {
    const std::uint32_t first = static_cast<std::uint32_t>(choose_.below(kLowGranules / shape.tables)) * shape.tables;
    bool fits = true;
    for (std::uint32_t i = 0; i < shape.tables && fits; ++i)
      fits = pa_of(first + i) != *rd && pa_of(first + i) != *page && first + i < kLowGranules - 2 &&
             (state_[first + i] == GranuleState::kDelegated || state_[first + i] == GranuleState::kUndelegated);
    if (!fits) continue;
    for (std::uint32_t i = 0; i < shape.tables; ++i)
      if (state_[first + i] == GranuleState::kUndelegated)
        queue(host_pe(), {call(kRmiGranuleDelegate, pa_of(first + i)), {}});
    p.rtt_base = pa_of(first).value;
    return Draft{call(kRmiRealmCreate, *rd, *page), {*page, p}};
  }
  return std::nullopt;
}

std::optional<Generator::Draft> Generator::rec_create() {
  const rmm::core::Realm* chosen = any_realm(choose_.one_in(40) ? std::nullopt : std::optional(RealmState::kNew));
  const auto rec = any(GranuleState::kDelegated);
  const auto page = host_granule();
  if (chosen == nullptr || !rec || !page) return std::nullopt;
  const rmm::core::Realm& realm = *chosen;
  const rmm::core::Limits& limits = machine_.settings().limits;
  const std::uint32_t most = (1U << limits.max_recs_order) - 1;
  if (realm.num_recs.peek() >= std::min<std::uint32_t>(most, 4) && !choose_.one_in(8)) return std::nullopt;
  if (pool(GranuleState::kDelegated).size() < limits.num_rec_aux + 1U) return std::nullopt;
  RecParams p;
  p.flags = choose_.percent(70) ? kRecFlagRunnable : 0;
  p.mpidr = (realm.rec_index & 0xf) | (std::uint64_t{realm.rec_index >> 4} << 8);
  p.pc = any_ipa(realm, true).value;
  for (auto& gpr : p.gprs) gpr = choose_.below(256);
  p.num_aux = limits.num_rec_aux;
  for (std::size_t i = 0; i < p.num_aux; ++i) {
    for (unsigned tries = 0; tries < 24; ++tries) {
      const std::uint64_t aux = any(GranuleState::kDelegated)->value;
      p.aux.at(i) = aux;
      const auto end = p.aux.begin() + static_cast<std::ptrdiff_t>(i);
      if (aux != rec->value && std::find(p.aux.begin(), end, aux) == end) break;
    }
  }
  return Draft{call(kRmiRecCreate, realm.rd.pa(), *rec, *page), {*page, p}};
}

std::optional<Generator::Draft> Generator::draft_of_rec(std::uint32_t fid) {
  for (unsigned tries = 0; tries < 4; ++tries) {
    const auto pa = any(GranuleState::kRec);
    if (!pa) return std::nullopt;
    const rmm::core::Rec* rec = machine_.rec_at(*pa);
    if (rec != nullptr && (rec->state.peek() == rmm::core::RecState::kReady || choose_.one_in(6)))
      return Draft{call(fid, *pa), {}};
  }
  return std::nullopt;
}

std::optional<Generator::Draft> Generator::enter_rec() {
  const auto page = host_granule();
  if (!page) return std::nullopt;
  for (unsigned tries = 0; tries < 6; ++tries) {
    const auto pa = any(GranuleState::kRec);
    if (!pa) return std::nullopt;
    const rmm::core::Rec* rec = machine_.rec_at(*pa);
    const rmm::core::Realm* realm = rec == nullptr ? nullptr : machine_.realm_at(rec->owner.pa());
    if (realm == nullptr || realm->state.peek() != RealmState::kActive || (rec->psci.pending && !choose_.one_in(8)) ||
        !rec->runnable.peek() || rec->state.peek() != rmm::core::RecState::kReady)
      continue;
    RecEnter p;
    const std::uint64_t dice = choose_.bits();
    if (rec->last_exit.emulatable_abort && (dice & 3) != 0) p.flags |= kEnterEmulMmio;
    if (rec->last_exit.unprotected_data_abort && (dice & 0xc) == 0) p.flags |= kEnterInjectSea;
    if ((dice & 0x10) != 0) p.flags |= kEnterTrapWfi;
    if ((dice & 0x20) != 0) p.flags |= kEnterTrapWfe;
    if ((dice & 0xc0) == 0) p.flags |= kEnterRipasResponse;
    if ((dice & 0x300) != 0)
      for (auto& gpr : p.gprs) gpr = 0x100 + (dice >> 32);
    if ((dice & 0xc00) == 0) {
      p.gicv3_hcr = choose_.bits() & abi::gic::kHcrRecEnterMask;
      p.gicv3_lrs[0] = abi::gic::kLrPending | abi::gic::kLrGroup1 | (0xa0ULL << abi::gic::kLrPriorityShift) | 27;
      if (machine_.settings().limits.num_lrs > 1 && (dice & 0x1000) != 0)
        p.gicv3_lrs[1] = abi::gic::kLrActive | abi::gic::kLrEoi | 33;
    }
    return Draft{call(kRmiRecEnter, *pa, *page), {*page, p}};
  }
  return std::nullopt;
}

std::optional<Generator::Draft> Generator::psci_complete() {
  const Pool& recs = pool(GranuleState::kRec);
  if (recs.empty()) return std::nullopt;
  const std::size_t first = choose_.below(recs.size());
  for (std::size_t i = 0; i < recs.size(); ++i) {
    const abi::Pa calling = pa_of(recs[(first + i) % recs.size()]);
    const rmm::core::Rec* rec = machine_.rec_at(calling);
    if (rec == nullptr || !rec->psci.pending || rec->state.peek() != rmm::core::RecState::kReady) continue;
    const bool other = choose_.one_in(8);  // whom the realm did not mean
    for (const auto& [index, target] : machine_.state().recs) {
      const bool meant = target.mpidr.value == rec->psci.args[0];
      if (target.owner != rec->owner || meant == other || &target == rec) continue;
      const bool denied = rmm::core::is_cpu_on(rec->psci) && !target.runnable.peek() && choose_.one_in(4);
      return Draft{call(kRmiPsciComplete, calling, target.granule.pa(),
                        static_cast<std::uint64_t>(denied ? PsciStatus::kDenied : PsciStatus::kSuccess)),
                   {}};
    }
  }
  return std::nullopt;
}

std::optional<Generator::Draft> Generator::data_create(bool unknown) {
  const auto data = any(GranuleState::kDelegated);
  if (!data || *data >= bare::kHighDram) return std::nullopt;
  const auto at = find(
      true, rmm::core::kPageLevel,
      [](const Place& p) {
        return p.walk.level == rmm::core::kPageLevel && p.walk.entry.state == RttState::kUnassigned;
      },
      unknown || choose_.one_in(40) ? std::nullopt : std::optional(RealmState::kNew));
  if (!at) return std::nullopt;
  mapped_.at(mapped_next_++ % mapped_.size()) = {at->rd, at->ipa};
  if (unknown) return Draft{call(kRmiDataCreateUnknown, at->rd, *data, at->ipa), {}};
  const auto source = host_granule();
  if (!source) return std::nullopt;
  return Draft{call(kRmiDataCreate, at->rd, *data, at->ipa, *source, choose_.one_in(16) ? kDataFlagMeasure : 0),
               {*source, bare::Fill{static_cast<std::uint8_t>(choose_.below(4))}}};
}

std::optional<Generator::Draft> Generator::rtt_create() {
  const auto rtt = any(GranuleState::kDelegated);
  if (!rtt || *rtt >= bare::kHighDram) return std::nullopt;
  const auto at = find(choose_.percent(65), rmm::core::kPageLevel, [](const Place& p) {
    return p.walk.level < rmm::core::kPageLevel && p.walk.entry.state != RttState::kTable;
  });
  if (!at) return std::nullopt;
  return Draft{call(kRmiRttCreate, at->rd, *rtt, at->walk.ipa, at->walk.level + 1), {}};
}

std::optional<Generator::Draft> Generator::rtt_destroy(bool fold) {
  const auto at = find(choose_.percent(60), choose_.percent(80) ? 2 : 1, [&](const Place& p) {
    if (p.walk.entry.state != RttState::kTable) return false;
    const auto child = abi::GranulePa::containing(p.walk.entry.address);
    const unsigned references = machine_.state().granules.peek(child).refcount;
    if (!fold) return references == 0;
    return ((references == 0 || references == rmm::core::kRttEntries) &&
            rmm::core::fold_result(machine_.core(), child, p.walk.level + 1).homogeneous) ||
           choose_.one_in(24);
  });
  if (!at) return std::nullopt;
  return Draft{call(fold ? kRmiRttFold : kRmiRttDestroy, at->rd, at->walk.ipa, at->walk.level + 1), {}};
}

std::optional<Generator::Draft> Generator::rtt_read_entry() {
  const rmm::core::Realm* realm = any_realm();
  if (realm == nullptr) return std::nullopt;
  const abi::Ipa ipa = any_ipa(*realm, choose_.percent(60));
  const auto level = std::max<std::int64_t>(static_cast<std::int64_t>(choose_.below(4)), realm->rtt_level_start);
  return Draft{call(kRmiRttReadEntry, realm->rd.pa(),
                    abi::align_down(ipa.value, rmm::core::level_size(static_cast<int>(level))), level),
               {}};
}

std::optional<Generator::Draft> Generator::rtt_map_unprotected() {
  const auto at = find(false, rmm::core::kPageLevel, [](const Place& p) {
    return p.walk.level >= 1 && p.walk.entry.state == RttState::kUnassignedNs;
  });
  if (!at) return std::nullopt;
  // A block is made at level 2 so that unfolding and folding have something to do.
  const std::uint64_t pa = abi::align_down(bare::kDram.value + choose_.below(1ULL << 31), at->walk.size());
  const std::uint64_t attributes = choose_.one_of<std::uint64_t>({0x3c, 0x1c, 0x04, 0x10 - 0x10});
  const std::uint64_t s2ap = choose_.below(4) << 6;
  return Draft{
      call(kRmiRttMapUnprotected, at->rd, at->walk.ipa, at->walk.level, pa | (attributes & 0x1c & ~0x10ULL) | s2ap),
      {}};
}

std::optional<Generator::Draft> Generator::rtt_init_ripas() {
  const auto at = find(
      true, rmm::core::kPageLevel, [](const Place& p) { return p.walk.entry.state == RttState::kUnassigned; },
      RealmState::kNew);
  if (!at) return std::nullopt;
  const std::uint64_t entries = 1 + choose_.below(choose_.one_in(192) ? 513 : 3);  // each is measured
  const std::uint64_t top =
      std::min(at->walk.ipa.value + entries * at->walk.size(), at->realm->unprotected_base().value);
  return Draft{call(kRmiRttInitRipas, at->rd, at->walk.ipa, top), {}};
}

std::optional<Generator::Draft> Generator::rtt_set_ripas() {
  const Pool& recs = pool(GranuleState::kRec);
  if (recs.empty()) return std::nullopt;
  if (const auto pe = running_pe(); pe && choose_.one_in(32)) {  // of a REC that runs: no draft below has one
    const abi::Pa pa = *machine_.runs(*pe);
    const rmm::core::Rec* rec = machine_.rec_at(pa);
    if (rec != nullptr) {
      const std::uint64_t base = abi::align_down(rec->ripas.addr.value, kPage);
      return Draft{call(kRmiRttSetRipas, rec->owner.pa(), pa, base, base + kPage), {}};
    }
  }
  const std::size_t first = choose_.below(recs.size());
  for (std::size_t i = 0; i < recs.size(); ++i) {
    const abi::Pa pa = pa_of(recs[(first + i) % recs.size()]);
    const rmm::core::Rec* rec = machine_.rec_at(pa);
    if (rec == nullptr || rec->ripas.addr.value >= rec->ripas.top.value ||
        rec->state.peek() != rmm::core::RecState::kReady)
      continue;
    // An entry that is larger than what was asked for makes no progress: most hosts would make a table first.
    const auto* realm = machine_.realm_at(rec->owner.pa());
    if (realm == nullptr) continue;
    const auto walk = rmm::core::walk(machine_.core(), *realm, rec->ripas.addr, rmm::core::kPageLevel);
    if ((walk.range().top > rec->ripas.top || walk.ipa != rec->ripas.addr) && !choose_.one_in(5)) continue;
    std::uint64_t top = rec->ripas.top.value;
    if (choose_.one_in(4))
      top = rec->ripas.addr.value + (1 + choose_.below((top - rec->ripas.addr.value) / kPage)) * kPage;
    return Draft{call(kRmiRttSetRipas, rec->owner.pa(), pa, rec->ripas.addr, top), {}};
  }
  return std::nullopt;
}

// The next command on the way to the realm's end: RECs, then what its tables hold, from the leaves on.
std::optional<Generator::Draft> Generator::teardown(abi::Pa rd) {
  const rmm::core::Realm* realm = machine_.realm_at(rd);
  if (realm == nullptr) return std::nullopt;
  for (const auto& [index, rec] : machine_.state().recs)
    if (rec.owner.pa() == rd) return Draft{call(kRmiRecDestroy, rec.granule.pa()), {}};
  for (std::uint32_t i = 0; i < realm->rtt_num_start; ++i) {
    const auto table = abi::GranulePa::containing(realm->rtt_base + i * kPage);
    const abi::Ipa base{i * rmm::core::kRttEntries * rmm::core::level_size(realm->rtt_level_start)};
    if (auto next = teardown_table(rd, *realm, table, realm->rtt_level_start, base)) return next;
  }
  return Draft{call(kRmiRealmDestroy, rd), {}};
}

std::optional<Generator::Draft> Generator::teardown_table(abi::Pa rd, const rmm::core::Realm& realm,
                                                          abi::GranulePa table, int level, abi::Ipa base) {
  if (machine_.state().granules.peek(table).refcount == 0) return std::nullopt;
  const auto bytes = machine_.core().platform.memory.peek(table);
  for (unsigned i = 0; i < rmm::core::kRttEntries; ++i) {
    std::uint64_t descriptor = 0;
    std::memcpy(&descriptor, bytes.data() + i * sizeof descriptor, sizeof descriptor);
    if (!rmm::core::descriptor_is_live(descriptor)) continue;
    const auto entry = rmm::core::decode(descriptor, level);
    const abi::Ipa ipa = base + i * rmm::core::level_size(level);
    if (entry.state == RttState::kTable) {
      const auto child = abi::GranulePa::containing(entry.address);
      if (auto deeper = teardown_table(rd, realm, child, level + 1, ipa)) return deeper;
      return Draft{call(kRmiRttDestroy, rd, ipa, level + 1), {}};
    }
    if (entry.state != RttState::kAssigned) continue;
    if (level == rmm::core::kPageLevel) return Draft{call(kRmiDataDestroy, rd, ipa), {}};
    const auto rtt = any(GranuleState::kDelegated);  // a block is unfolded first
    return rtt ? std::optional(Draft{call(kRmiRttCreate, rd, *rtt, ipa, level + 1), {}}) : std::nullopt;
  }
  return std::nullopt;
}

// --- turns

std::uint8_t Generator::host_pe() {
  for (unsigned tries = 0; tries < 3; ++tries) {
    const auto pe = static_cast<std::uint8_t>(choose_.below(kHostPes));
    if (!machine_.runs(pe)) return pe;
  }
  return static_cast<std::uint8_t>(choose_.below(kHostPes));
}

std::optional<unsigned> Generator::running_pe() {
  const std::uint64_t first = choose_.below(kHostPes);
  for (std::uint64_t i = 0; i < kHostPes; ++i) {
    const auto pe = static_cast<unsigned>((first + i) % kHostPes);
    if (machine_.runs(pe)) return pe;
  }
  return std::nullopt;
}

bare::Schedule Generator::schedule() {
  bare::Schedule schedule;
  schedule.first = static_cast<unsigned>(choose_.below(2));
  schedule.preemptions[0] = static_cast<unsigned>(choose_.below(16));
  if (choose_.one_in(2))
    schedule.preemptions[1] = schedule.preemptions[0] + 1 + static_cast<unsigned>(choose_.below(16));
  return schedule;
}

void Generator::queue(std::uint8_t pe, const Draft& draft) {
  if (!std::holds_alternative<std::monostate>(draft.page.page)) queue_.push_back(bare::Move{pe, draft.page});
  queue_.push_back(bare::Move{pe, bare::HostCall{draft.regs}});
  if (draft.regs.fid() == kRmiRecEnter) run_pages_.at(pe % kHostPes) = {draft.regs.x[2]};
}

bool Generator::host_turn() {
  std::optional<Draft> made;
  if (!dying_.empty() && choose_.one_in(3)) made = teardown(dying_.front());
  for (unsigned tries = 0; tries < 12 && !made; ++tries) made = draft(draw_command(choose_));
  if (!made) return false;
  // Few calls of RMI_PSCI_COMPLETE have something to complete: most of them serve twice.
  if (choose_.percent(made->regs.fid() == kRmiPsciComplete ? 50 : 38)) mutate(*made);
  if (choose_.one_in(24)) mutate(*made);
  queue(host_pe(), *made);
  if (choose_.one_in(40)) queue_.push_back(queue_.back());  // the same again
  return true;
}

bare::Turn Generator::next() {
  if (next_ < queue_.size()) return queue_[next_++];
  queue_.clear();
  next_ = 0;
  if (choose_.one_in(400)) {
    if (const auto* realm = any_realm();
        realm != nullptr && std::find(dying_.begin(), dying_.end(), realm->rd.pa()) == dying_.end())
      dying_.push_back(realm->rd.pa());
  }
  if (machine_.state().realms.size() >= kMaxRealms && dying_.empty() && choose_.one_in(200))
    dying_.push_back(any_realm()->rd.pa());
  const auto pe = running_pe();
  if (pe && choose_.one_in(150)) {  // the host takes away the page that the exit is to be written to
    const auto other = static_cast<std::uint8_t>((*pe + 1) % kHostPes);
    return bare::Move{other, bare::HostCall{call(kRmiGranuleDelegate, run_pages_.at(*pe % kHostPes))}};
  }
  if (pe && choose_.percent(74)) {
    const bare::Move act{static_cast<std::uint8_t>(*pe), realm_act(*pe)};
    if (!choose_.one_in(10) || !host_turn()) return act;
    auto* call = std::get_if<bare::Move>(&queue_.front());
    if (queue_.size() == 1 && call != nullptr && call->pe != act.pe) {
      const bare::Together both{schedule(), {act, *call}};
      queue_.clear();
      return both;
    }
    queue_.push_back(act);
    return next();
  }
  if (choose_.one_in(64)) {
    switch (choose_.below(3)) {
      case 0: {
        const std::uint64_t what = choose_.below(6);
        return bare::Move{host_pe(), bare::SetPending{what == 1, what == 2, what == 3 ? 1ULL : 0ULL}};
      }
      case 1: return bare::Move{0, bare::SetFirmware{!choose_.one_in(6)}};
      default: {
        const bool back = choose_.percent(60);
        const std::uint32_t slot = kLowGranules - 1 - static_cast<std::uint32_t>(choose_.below(4));
        return bare::Move{0, bare::SetPas{pa_of(slot), back ? abi::Pas::kNonSecure
                                                            : choose_.one_of({abi::Pas::kSecure, abi::Pas::kRoot})}};
      }
    }
  }
  if (!host_turn()) queue(host_pe(), {call(kRmiVersion, kInterfaceVersion10), {}});
  // Sometimes two at once.
  if (choose_.one_in(8)) {
    const std::size_t first = queue_.size() - 1;
    const auto is_call = [&](std::size_t n) {
      const auto* move = std::get_if<bare::Move>(&queue_[n]);
      return move != nullptr && std::holds_alternative<bare::HostCall>(move->act);
    };
    if (is_call(first) && host_turn() && is_call(queue_.size() - 1)) {
      const auto& a = std::get<bare::Move>(queue_[first]);
      auto b = std::get<bare::Move>(queue_.back());
      if (b.pe == a.pe) b.pe = static_cast<std::uint8_t>((a.pe + 1) % kHostPes);
      queue_.back() = bare::Together{schedule(), {a, b}};
      queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(first));
    }
  }
  return next();
}

}  // namespace fuzz
