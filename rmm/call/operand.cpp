// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/call/operand.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>

#include "rmm/call/call.h"
#include "rmm/core/rec_lifecycle.h"

namespace rmm::call {
namespace {

using abi::v1_0::RealmParams;
using abi::v1_0::RecParams;
using core::GranuleState;
using port::OperandValue;
using Values = std::vector<OperandValue>;

// A failed command as the readers see it.
struct Scene {
  const CallBase& call;
  const Seen& seen;

  const core::MonitorState& state() const { return call.state; }
  std::optional<std::uint64_t> argument(std::string_view name) const {
    const auto in = call.command().in;
    const std::size_t index = find_parameter(in, name);
    if (index == kNotFound) return std::nullopt;
    return call.registers().x[in[index].reg];
  }
  // Object index of the granule in `pa`, if the granule is of this state.
  std::optional<std::uint32_t> object(std::optional<std::uint64_t> pa, GranuleState wanted) const {
    if (!pa) return std::nullopt;
    const core::Granule& record = state().granules.peek(abi::GranulePa::containing(abi::Pa{*pa}));
    return record.state == wanted ? std::optional(record.object) : std::nullopt;
  }
  template <class Map>
  static const typename Map::mapped_type* find(const Map& objects, std::optional<std::uint32_t> index) {
    if (!index) return nullptr;
    const auto it = objects.find(*index);
    return it == objects.end() ? nullptr : &it->second;
  }
  const core::Rec* rec_in(std::optional<std::uint64_t> pa) const {
    return find(state().recs, object(pa, GranuleState::kRec));
  }
  // The REC that an RMI command names, or the one that calls.
  const core::Rec* rec() const {
    if (call.command().interface != port::Interface::kRmi) return rec_in(call.rec_pa());
    const auto rec_ptr = argument("rec_ptr");
    return rec_in(rec_ptr ? rec_ptr : argument("rec"));
  }
  // The realm of the RD that an RMI command names, else the REC's.
  const core::Realm* realm() const {
    if (const auto rd = argument("rd")) return find(state().realms, object(rd, GranuleState::kRd));
    const core::Rec* owned = rec();
    return owned == nullptr ? nullptr : find(state().realms, owned->realm);
  }
};

// Values come under the name that the row has.
class Sink {
 public:
  Sink(Values& values, std::string_view name) : values_(values), name_(name) {}
  void hex(std::uint64_t value) { values_.push_back({name_, port::Shown::kHex, value, {}}); }
  void decimal(std::int64_t value) {
    values_.push_back({name_, port::Shown::kDecimal, static_cast<std::uint64_t>(value), {}});
  }
  void text(std::string_view value) { values_.push_back({name_, port::Shown::kText, 0, value}); }
  void named(std::string_view name, std::uint64_t value) { values_.push_back({name, port::Shown::kHex, value, {}}); }

 private:
  Values& values_;
  std::string_view name_;
};

std::string_view truth(bool value) { return value ? "TRUE" : "FALSE"; }
std::string_view protection(abi::Pas pas) {
  switch (pas) {
    case abi::Pas::kSecure: return "GPT_SECURE";
    case abi::Pas::kNonSecure: return "GPT_NS";
    case abi::Pas::kRoot: return "GPT_ROOT";
    case abi::Pas::kRealm: return "GPT_REALM";
  }
  return "unknown";
}
std::string_view run_state(core::RecState state) {
  return state == core::RecState::kRunning ? "REC_RUNNING" : "REC_READY";
}

core::RttEntry entry_of(const Scene& s, abi::GranulePa table, int level, unsigned index) {
  std::uint64_t descriptor = 0;
  std::memcpy(&descriptor, s.call.platform.memory.peek(table).data() + index * sizeof descriptor, sizeof descriptor);
  return core::decode(descriptor, level);
}

abi::GranulePa child_of(const core::RttWalk& walk) { return abi::GranulePa::containing(walk.entry.address); }

// B3.63 RttIsHomogeneous: the first entry that does not continue entry 0 of the table below the walk's entry.
std::optional<unsigned> first_difference(const Scene& s, const core::RttWalk& walk) {
  const int level = walk.level + 1;
  core::RttEntry expected = entry_of(s, child_of(walk), level, 0);
  for (unsigned i = 1; i < core::kRttEntries; ++i) {
    if (expected.state == core::RttState::kAssigned || expected.state == core::RttState::kAssignedNs)
      expected.address += core::level_size(level);
    if (entry_of(s, child_of(walk), level, i) != expected) return i;
  }
  return std::nullopt;
}

// The first starting table that is not DELEGATED (B3.77 RttsStateEqual).
std::optional<std::uint64_t> wrong_table(const Scene& s, const RealmParams& p) {
  for (std::uint32_t i = 0; i < p.rtt_num_start; ++i) {
    const abi::Pa table{p.rtt_base + i * abi::kGranuleSize};
    if (s.state().granules.peek(abi::GranulePa::containing(table)).state != GranuleState::kDelegated)
      return table.value;
  }
  return std::nullopt;
}

// The first auxiliary granule that is not aligned, is listed before or is rec, or is not DELEGATED (B3.9, B3.10,
// B3.13).
std::optional<std::uint64_t> wrong_aux(const Scene& s, const RecParams& p) {
  const auto end = p.aux.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(p.num_aux, p.aux.size()));
  const auto first = [&](auto wrong) { return std::find_if(p.aux.begin(), end, wrong); };
  auto found = first([](std::uint64_t aux) { return !abi::is_granule_aligned(abi::Pa{aux}); });
  if (found == end)
    found = first([&](const std::uint64_t& aux) {
      return aux == s.argument("rec") || std::find(p.aux.data(), &aux, aux) != &aux;
    });
  if (found == end)
    found = first([&](std::uint64_t aux) {
      return s.state().granules.peek(abi::GranulePa::containing(abi::Pa{aux})).state != GranuleState::kDelegated;
    });
  return found == end ? std::nullopt : std::optional(*found);
}

void granule_state(const Scene& s, Sink& out, std::optional<std::uint64_t> pa) {
  if (!pa) return;
  const abi::Pa address{*pa};
  const bool exists = s.state().granules.is_delegable(address);
  out.text(exists ? core::name(s.state().granules.peek(abi::GranulePa::containing(address)).state) : "not delegable");
}

constexpr std::string_view kListRegisters[] = {
    "enter.gicv3_lrs[0]",  "enter.gicv3_lrs[1]",  "enter.gicv3_lrs[2]",  "enter.gicv3_lrs[3]",
    "enter.gicv3_lrs[4]",  "enter.gicv3_lrs[5]",  "enter.gicv3_lrs[6]",  "enter.gicv3_lrs[7]",
    "enter.gicv3_lrs[8]",  "enter.gicv3_lrs[9]",  "enter.gicv3_lrs[10]", "enter.gicv3_lrs[11]",
    "enter.gicv3_lrs[12]", "enter.gicv3_lrs[13]", "enter.gicv3_lrs[14]", "enter.gicv3_lrs[15]",
};

struct Operand {
  std::string_view name;
  void (*read)(const Scene& s, Sink& out);
};

// Readers of an object's attribute: nothing where the object isn't there.
template <auto kRead>
void of_realm(const Scene& s, Sink& out) {
  if (const core::Realm* realm = s.realm()) kRead(*realm, out);
}
template <auto kRead>
void of_rec(const Scene& s, Sink& out) {
  if (const core::Rec* rec = s.rec()) kRead(*rec, out);
}
template <auto kRead>
void of_calling(const Scene& s, Sink& out) {
  if (const core::Rec* rec = s.rec_in(s.argument("calling_rec"))) kRead(*rec, out);
}
template <auto kRead>
void of_target(const Scene& s, Sink& out) {
  if (const core::Rec* rec = s.rec_in(s.argument("target_rec"))) kRead(*rec, out);
}
template <auto kRead>
void of_walk(const Scene& s, Sink& out) {
  if (s.seen.walk != nullptr) kRead(s, *s.seen.walk, out);
}
template <auto kRead>
void of_realm_params(const Scene& s, Sink& out) {
  if (s.seen.realm_params != nullptr) kRead(s, *s.seen.realm_params, out);
}
template <auto kRead>
void of_rec_params(const Scene& s, Sink& out) {
  if (s.seen.rec_params != nullptr) kRead(s, *s.seen.rec_params, out);
}

void owner(const core::Rec& rec, Sink& out) { out.hex(rec.owner.pa().value); }
void runnable(const core::Rec& rec, Sink& out) { out.text(rec.runnable.peek() ? "RUNNABLE" : "NOT_RUNNABLE"); }
void psci_pending(const core::Rec& rec, Sink& out) {
  out.text(rec.psci.pending ? "PSCI_REQUEST_PENDING" : "NO_PSCI_REQUEST_PENDING");
}
void rec_state(const core::Rec& rec, Sink& out) { out.text(run_state(rec.state.peek())); }

constexpr Operand kOperands[] = {
    {"fid", [](const Scene& s, Sink& out) { out.hex(s.call.registers().fid()); }},

    {"realm.state", of_realm<[](const core::Realm& r, Sink& out) { out.text(core::name(r.state.peek())); }>},
    {"realm.ipa_width", of_realm<[](const core::Realm& r, Sink& out) { out.decimal(r.ipa_width); }>},
    {"realm.feat_lpa2", of_realm<[](const core::Realm& r, Sink& out) { out.text(truth(r.lpa2)); }>},
    {"realm.rtt_level_start", of_realm<[](const core::Realm& r, Sink& out) { out.decimal(r.rtt_level_start); }>},
    {"realm.num_recs", of_realm<[](const core::Realm& r, Sink& out) { out.decimal(r.num_recs.peek()); }>},
    {"realm.rec_index", of_realm<[](const core::Realm& r, Sink& out) { out.decimal(r.rec_index); }>},
    {"realm.live_entries",  // TABLE and ASSIGNED entries of the starting tables: what RealmIsLive asks for (B3.32)
     [](const Scene& s, Sink& out) {
       const core::Realm* r = s.realm();
       if (r == nullptr) return;
       std::int64_t live = 0;
       for (std::uint32_t i = 0; i < r->rtt_num_start; ++i)
         live += s.state().granules.peek(abi::GranulePa::containing(r->rtt_base + i * abi::kGranuleSize)).refcount;
       out.decimal(live);
     }},

    {"rec.state", of_rec<rec_state>},
    {"rec.flags.runnable", of_rec<runnable>},
    {"rec.psci_pending", of_rec<psci_pending>},
    {"rec.mpidr", of_rec<[](const core::Rec& r, Sink& out) { out.hex(r.mpidr.value); }>},
    {"rec.owner", of_rec<owner>},
    {"rec.ripas_addr", of_rec<[](const core::Rec& r, Sink& out) { out.hex(r.ripas.addr.value); }>},
    {"rec.ripas_top", of_rec<[](const core::Rec& r, Sink& out) { out.hex(r.ripas.top.value); }>},
    {"rec.ripas_value", of_rec<[](const core::Rec& r, Sink& out) { out.text(core::name(r.ripas.value)); }>},
    {"rec.emulatable_abort", of_rec<[](const core::Rec& r, Sink& out) {
       out.text(r.last_exit.emulatable_abort ? "EMULATABLE_ABORT" : "NOT_EMULATABLE_ABORT");
     }>},
    {"rec.attest_state", of_rec<[](const core::Rec& r, Sink& out) {
       out.text(r.attestation.in_progress ? "ATTEST_IN_PROGRESS" : "NO_ATTEST_IN_PROGRESS");
     }>},

    {"Rec(calling_rec).state", of_calling<rec_state>},
    {"Rec(calling_rec).psci_pending", of_calling<psci_pending>},
    {"Rec(calling_rec).owner", of_calling<owner>},
    {"Rec(calling_rec).gprs[0]", of_calling<[](const core::Rec& r, Sink& out) { out.hex(r.psci.fid); }>},
    {"Rec(calling_rec).gprs[1]", of_calling<[](const core::Rec& r, Sink& out) { out.hex(r.psci.args[0]); }>},
    {"Rec(target_rec).owner", of_target<owner>},
    {"Rec(target_rec).mpidr", of_target<[](const core::Rec& r, Sink& out) { out.hex(r.mpidr.value); }>},
    {"Rec(target_rec).flags.runnable", of_target<runnable>},

    {"walk.level", of_walk<[](const Scene&, const core::RttWalk& w, Sink& out) { out.decimal(w.level); }>},
    {"walk.rtte.state",
     of_walk<[](const Scene&, const core::RttWalk& w, Sink& out) { out.text(core::name(w.entry.state)); }>},
    {"walk.rtte.ripas",
     of_walk<[](const Scene&, const core::RttWalk& w, Sink& out) { out.text(core::name(w.entry.ripas)); }>},
    {"walk.rtte.addr",
     of_walk<[](const Scene&, const core::RttWalk& w, Sink& out) { out.hex(w.entry.address.value); }>},
    {"walk.rtte.end",  // of the range that the entry describes
     of_walk<[](const Scene&, const core::RttWalk& w, Sink& out) { out.hex(w.range().top.value); }>},
    {"Rtt(walk.rtte.addr).live_entries", of_walk<[](const Scene& s, const core::RttWalk& w, Sink& out) {
       out.decimal(s.state().granules.peek(child_of(w)).refcount);
     }>},
    {"Rtt(walk.rtte.addr)[0].state", of_walk<[](const Scene& s, const core::RttWalk& w, Sink& out) {
       out.text(core::name(entry_of(s, child_of(w), w.level + 1, 0).state));
     }>},
    {"Rtt(walk.rtte.addr)[0].ripas", of_walk<[](const Scene& s, const core::RttWalk& w, Sink& out) {
       out.text(core::name(entry_of(s, child_of(w), w.level + 1, 0).ripas));
     }>},
    {"n", of_walk<[](const Scene& s, const core::RttWalk& w, Sink& out) {  // the first entry that is not like entry 0
       if (const auto n = first_difference(s, w)) out.decimal(*n);
     }>},
    {"Rtt(walk.rtte.addr)[n].state", of_walk<[](const Scene& s, const core::RttWalk& w, Sink& out) {
       if (const auto n = first_difference(s, w)) out.text(core::name(entry_of(s, child_of(w), w.level + 1, *n).state));
     }>},
    {"Rtt(walk.rtte.addr)[n].ripas", of_walk<[](const Scene& s, const core::RttWalk& w, Sink& out) {
       if (const auto n = first_difference(s, w)) out.text(core::name(entry_of(s, child_of(w), w.level + 1, *n).ripas));
     }>},
    {"rtte.addr",
     [](const Scene& s, Sink& out) {
       if (const auto desc = s.argument("desc")) out.hex(core::entry_from_host_descriptor(*desc).address.value);
     }},

    {"params.flags", of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.hex(p.flags); }>},
    {"params.s2sz", of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.decimal(p.s2sz); }>},
    {"params.num_bps", of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.decimal(p.num_bps); }>},
    {"params.num_wps", of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.decimal(p.num_wps); }>},
    {"params.pmu_num_ctrs",
     of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.decimal(p.pmu_num_ctrs); }>},
    {"params.hash_algo",
     of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.decimal(p.hash_algo); }>},
    {"params.vmid", of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.decimal(p.vmid); }>},
    {"params.rtt_base", of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.hex(p.rtt_base); }>},
    {"params.rtt_level_start",
     of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.decimal(p.rtt_level_start); }>},
    {"params.rtt_num_start",
     of_realm_params<[](const Scene&, const RealmParams& p, Sink& out) { out.decimal(p.rtt_num_start); }>},
    {"rtt", of_realm_params<[](const Scene& s, const RealmParams& p, Sink& out) {  // the starting table that is wrong
       if (const auto table = wrong_table(s, p)) out.hex(*table);
     }>},
    {"Granule(rtt).state", of_realm_params<[](const Scene& s, const RealmParams& p, Sink& out) {
       granule_state(s, out, wrong_table(s, p));
     }>},
    {"vmid_in_use",
     of_realm_params<[](const Scene& s, const RealmParams& p, Sink& out) { out.text(truth(s.state().vmids[p.vmid])); }>},

    {"params.num_aux",
     of_rec_params<[](const Scene&, const RecParams& p, Sink& out) {
       out.hex(p.num_aux);
     }>},
    {"RecIndex(params.mpidr)", of_rec_params<[](const Scene&, const RecParams& p, Sink& out) {
       out.decimal(static_cast<std::int64_t>(core::rec_index(p.mpidr)));
     }>},
    {"aux", of_rec_params<[](const Scene& s, const RecParams& p, Sink& out) {  // the auxiliary granule that is wrong
       if (const auto aux = wrong_aux(s, p)) out.hex(*aux);
     }>},
    {"Granule(aux).state",
     of_rec_params<[](const Scene& s, const RecParams& p, Sink& out) { granule_state(s, out, wrong_aux(s, p)); }>},
    {"RecAuxCount(rd)", [](const Scene& s, Sink& out) { out.hex(s.call.limits.num_rec_aux); }},

    {"enter.flags",
     [](const Scene& s, Sink& out) {
       if (s.seen.enter != nullptr) out.hex(s.seen.enter->flags);
     }},
    {"enter.gicv3_hcr",
     [](const Scene& s, Sink& out) {
       if (s.seen.enter != nullptr) out.hex(s.seen.enter->gicv3_hcr);
     }},
    {"enter.gicv3_lrs",  // those in use
     [](const Scene& s, Sink& out) {
       if (s.seen.enter == nullptr) return;
       for (std::size_t i = 0; i < std::size(kListRegisters); ++i)
         if (s.seen.enter->gicv3_lrs[i] != 0) out.named(kListRegisters[i], s.seen.enter->gicv3_lrs[i]);
     }},

    // What feature register 0 offers, as far as a realm's parameters are held against it (B3.34).
    {"features.s2sz", [](const Scene& s, Sink& out) { out.decimal(s.call.limits.s2sz); }},
    {"features.num_bps", [](const Scene& s, Sink& out) { out.decimal(s.call.limits.num_bps - 1); }},
    {"features.num_wps", [](const Scene& s, Sink& out) { out.decimal(s.call.limits.num_wps - 1); }},
    {"features.pmu", [](const Scene& s, Sink& out) { out.text(truth(s.call.limits.pmu)); }},
    {"features.pmu_num_ctrs", [](const Scene& s, Sink& out) { out.decimal(s.call.limits.pmu_num_ctrs); }},
    {"features.hash_sha_256", [](const Scene& s, Sink& out) { out.text(truth(s.call.limits.sha256)); }},
    {"features.hash_sha_512", [](const Scene& s, Sink& out) { out.text(truth(s.call.limits.sha512)); }},
    {"features.max_recs_order", [](const Scene& s, Sink& out) { out.decimal(s.call.limits.max_recs_order); }},
    {"features.vmid16", [](const Scene& s, Sink& out) { out.text(truth(s.call.limits.vmid16)); }},
};

const Operand* find_operand(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kOperands), std::end(kOperands),
                                         [&](const Operand& operand) { return operand.name == name; });
  return found == std::end(kOperands) ? nullptr : found;
}

// "Granule(rd).state" is {"rd", "state"}; nothing for a name that is not of this form, or not of an argument.
struct GranuleAttribute {
  std::string_view argument, attribute;
};
std::optional<GranuleAttribute> granule_attribute(const Command& command, std::string_view name) {
  constexpr std::string_view kBegin = "Granule(", kEnd = ").";
  const std::size_t end = name.find(kEnd);
  if (!name.starts_with(kBegin) || end == std::string_view::npos) return std::nullopt;
  const GranuleAttribute found{name.substr(kBegin.size(), end - kBegin.size()), name.substr(end + kEnd.size())};
  const bool known = found.attribute == "state" || found.attribute == "gpt";
  if (!known || find_parameter(command.in, found.argument) == kNotFound) return std::nullopt;
  return found;
}

// Arguments are registers, but for those that count or may be negative.
void read_argument(std::string_view name, std::uint64_t value, Sink& out) {
  if (name == "level" || name == "status")
    out.decimal(static_cast<std::int64_t>(value));
  else
    out.hex(value);
}

void read(const Scene& s, std::string_view name, Values& values) {
  Sink out(values, name);
  if (const auto value = s.argument(name)) return read_argument(name, *value, out);
  if (const auto found = granule_attribute(s.call.command(), name)) {
    const auto pa = s.argument(found->argument);
    if (found->attribute == "state") return granule_state(s, out, pa);
    if (s.state().granules.is_delegable(abi::Pa{*pa}))
      out.text(protection(s.call.platform.gpt.pas(abi::GranulePa::containing(abi::Pa{*pa}))));
    return;
  }
  if (const Operand* operand = find_operand(name)) operand->read(s, out);
}

}  // namespace

bool operand_is_known(const Command& command, std::string_view operand) {
  return find_parameter(command.in, operand) != kNotFound || granule_attribute(command, operand) ||
         find_operand(operand) != nullptr;
}

Values operand_values(const CallBase& call, const Seen& seen, std::string_view operands) {
  Values values;
  const Scene scene{call, seen};
  for_each_id(operands, [&](std::string_view name) { read(scene, name, values); });
  return values;
}

}  // namespace rmm::call
