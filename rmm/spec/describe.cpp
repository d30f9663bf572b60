// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/spec/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rmm/spec/ipa_map.h"

namespace rmm::spec {
namespace {

template <std::size_t N, class Enum>
std::string_view pick(const std::array<std::string_view, N>& names, Enum value) {
  const auto i = static_cast<std::size_t>(value);
  return i < N ? names.at(i) : "?";
}

std::string hex(const Measurement& measurement) {
  std::string text;
  for (const std::uint8_t byte : measurement) text += fmt::format("{:02x}", byte);
  return text;
}
std::string text_of(Pa pa) { return fmt::format("0x{:x}", pa.value); }
std::string text_of(Ipa ipa) { return fmt::format("0x{:x}", ipa.value); }
std::string text_of(bool value) { return value ? "yes" : "no"; }
std::string text_of(Ripas ripas) { return std::string(name(ripas)); }
std::string text_of(RealmState state) { return std::string(name(state)); }
std::string text_of(abi::v1_0::HashAlgorithm algorithm) {
  return algorithm == abi::v1_0::HashAlgorithm::kSha256 ? "SHA-256" : "SHA-512";
}
std::string text_of(const Measurement& measurement) { return hex(measurement); }
template <class Integer>
requires std::is_integral_v<Integer> std::string text_of(Integer value) { return fmt::format("0x{:x}", value); }

// Collects the lines about one object.
class Differences {
 public:
  Differences(std::vector<std::string>& lines, std::string what) : lines_(lines), what_(std::move(what)) {}
  template <class T>
  void attribute(std::string_view name, const T& model, const T& monitor) {
    if (model == monitor) return;
    lines_.push_back(fmt::format("{}: {}: model {}, monitor {}", what_, name, text_of(model), text_of(monitor)));
  }
  // True if both have the object; says it if only one has.
  bool present(bool model, bool monitor) {
    if (model != monitor) {
      lines_.push_back(
          fmt::format("{}: model {}, monitor {}", what_, model ? "exists" : "none", monitor ? "exists" : "none"));
    }
    return model && monitor;
  }

 private:
  std::vector<std::string>& lines_;
  std::string what_;
};

void compare(const Realm& model, const Realm& monitor, Differences& at) {
  at.attribute("state", model.state, monitor.state);
  at.attribute("feat_lpa2", model.lpa2, monitor.lpa2);
  at.attribute("feat_pmu", model.pmu, monitor.pmu);
  at.attribute("ipa_width", model.ipa_width, monitor.ipa_width);
  at.attribute("hash_algo", model.hash_algo, monitor.hash_algo);
  at.attribute("rec_index", model.rec_index, monitor.rec_index);
  at.attribute("num_recs", model.num_recs, monitor.num_recs);
  at.attribute("rtt_base", model.rtt_base, monitor.rtt_base);
  at.attribute("rtt_level_start", model.rtt_level_start, monitor.rtt_level_start);
  at.attribute("rtt_num_start", model.rtt_num_start, monitor.rtt_num_start);
  at.attribute("vmid", model.vmid, monitor.vmid);
  at.attribute("rpv", model.rpv, monitor.rpv);
  for (std::size_t i = 0; i < model.measurements.size(); ++i) {
    at.attribute(i == 0 ? "RIM" : fmt::format("REM {}", i), model.measurements[i], monitor.measurements[i]);
  }
}

void compare(const Rec& model, const Rec& monitor, bool enterable, Differences& at) {
  at.attribute("owner", model.owner, monitor.owner);
  at.attribute("mpidr", model.mpidr, monitor.mpidr);
  at.attribute("running", model.running, monitor.running);
  at.attribute("runnable", model.runnable, monitor.runnable);
  at.attribute("num_aux", model.num_aux, monitor.num_aux);
  for (std::size_t i = 0; i < std::min<std::size_t>(model.num_aux, model.aux.size()); ++i) {
    at.attribute(fmt::format("aux[{}]", i), model.aux.at(i), monitor.aux.at(i));
  }
  at.attribute("attest_state", model.attest_in_progress, monitor.attest_in_progress);
  if (model.attest_in_progress) {
    for (std::size_t i = 0; i < model.attest_challenge.size(); ++i) {
      at.attribute(fmt::format("attest_challenge[{}]", i), model.attest_challenge[i], monitor.attest_challenge[i]);
    }
  }
  at.attribute("psci_pending", model.psci_pending, monitor.psci_pending);
  at.attribute("host_call_pending", model.host_call_pending, monitor.host_call_pending);
  if (model.host_call_pending) at.attribute("host_call", model.host_call, monitor.host_call);
  if (model.running) return;  // what follows changes or is taken at the exit
  at.attribute("emulatable_abort", model.emulatable_abort, monitor.emulatable_abort);
  at.attribute("ripas_addr", model.ripas_addr, monitor.ripas_addr);
  at.attribute("ripas_top", model.ripas_top, monitor.ripas_top);
  if (model.ripas_top.value != 0) {
    at.attribute("ripas_value", model.ripas_value, monitor.ripas_value);
    at.attribute("ripas_destroyed", model.change_destroyed, monitor.change_destroyed);
  }
  const bool after_psci = model.pause == Pause::kPsci;
  if (after_psci && !(model.runnable && enterable)) return;
  at.attribute("pc", model.pc, monitor.pc);
  for (std::size_t i = 0; i < model.gprs.size(); ++i) {
    if (after_psci && i >= 4 && i <= 6) continue;
    at.attribute(fmt::format("gprs[{}]", i), model.gprs[i], monitor.gprs[i]);
  }
}

void compare(const TableKey& key, const Table& model, const Table& monitor, std::uint64_t limit,
             std::vector<std::string>& lines) {
  if (model.granule != monitor.granule) {
    lines.push_back(fmt::format("table of realm 0x{:x}, level {}, ipa 0x{:x}: model 0x{:x}, monitor 0x{:x}",
                                key.rd.value, key.level, key.base.value, model.granule.value, monitor.granule.value));
  }
  for (std::size_t i = 0; i < kEntries; ++i) {
    const Ipa ipa = entry_ipa(key, i);
    if (ipa.value >= limit || model.entries[i] == monitor.entries[i]) continue;
    lines.push_back(fmt::format("ipa 0x{:x} of realm 0x{:x}, level {}: model {}, monitor {}", ipa.value, key.rd.value,
                                key.level, describe(model.entries[i]), describe(monitor.entries[i])));
  }
}

// Calls visit(a, b) for the key's values in both maps, nullptr where there is none.
template <class Map, class Keys, class Visit>
void both(const Map& model, const Map& monitor, const Keys& keys, Visit&& visit) {
  for (const auto& key : keys) {
    const auto a = model.find(key);
    const auto b = monitor.find(key);
    visit(key, a == model.end() ? nullptr : &a->second, b == monitor.end() ? nullptr : &b->second);
  }
}

template <class Map, class Keys>
void add_keys(const Map& map, Keys& keys) {
  for (const auto& item : map) keys.insert(item.first);
}

}  // namespace

std::string_view name(GranuleState state) {
  static constexpr std::array<std::string_view, 7> kNames{"UNDELEGATED", "DELEGATED", "RD",  "REC",
                                                          "REC_AUX",     "RTT",       "DATA"};
  return pick(kNames, state);
}
std::string_view name(EntryState state) {
  static constexpr std::array<std::string_view, 5> kNames{"UNASSIGNED", "ASSIGNED", "TABLE", "UNASSIGNED_NS",
                                                          "ASSIGNED_NS"};
  return pick(kNames, state);
}
std::string_view name(RealmState state) {
  static constexpr std::array<std::string_view, 3> kNames{"NEW", "ACTIVE", "SYSTEM_OFF"};
  return pick(kNames, state);
}
std::string_view name(Ripas ripas) {
  static constexpr std::array<std::string_view, 3> kNames{"EMPTY", "RAM", "DESTROYED"};
  return pick(kNames, ripas);
}
std::string_view name(Pause pause) {
  static constexpr std::array<std::string_view, 6> kNames{"none",      "PSCI",       "RIPAS_CHANGE",
                                                          "HOST_CALL", "data abort", "system register"};
  return pick(kNames, pause);
}

std::string describe(const Entry& entry) {
  std::string text(name(entry.state));
  if (entry.state == EntryState::kUnassigned || entry.state == EntryState::kAssigned) {
    text += fmt::format(" {}", name(entry.ripas));
  } else if (entry.ripas != Ripas::kEmpty) {
    text += fmt::format(" with RIPAS {}", name(entry.ripas));
  }
  if (entry.addr.value != 0) text += fmt::format(" 0x{:x}", entry.addr.value);
  if (entry.mem_attr != 0 || entry.s2ap != 0) {
    text += fmt::format(" MemAttr={} S2AP={}", unsigned{entry.mem_attr}, unsigned{entry.s2ap});
  }
  return text;
}

std::string describe(const Outcome& outcome) {
  std::string text(outcome.condition.empty() ? "success" : outcome.condition);
  if (outcome.retried) return text + ": a Data Abort exit, then again";
  if (outcome.exit) return text + ": a REC exit";
  text += ":";
  for (std::size_t n = 0; n <= 4; ++n) {
    if ((outcome.compared & (1U << n)) != 0) text += fmt::format(" X{}=0x{:x}", n, outcome.regs.x.at(n));
  }
  if (outcome.also) text += fmt::format(", {}", outcome.demand);
  return text;
}

std::string describe(const State& state) {
  std::string text;
  for (const auto& [pa, granule] : state.granules) text += fmt::format("granule 0x{:x} {}\n", pa.value, name(granule));
  for (const auto& [rd, realm] : state.realms) {
    text +=
        fmt::format("realm 0x{:x} {} ipa_width={} vmid={} recs={} rim={}\n", rd.value, name(realm.state),
                    unsigned{realm.ipa_width}, realm.vmid, realm.num_recs, hex(realm.measurements[0]).substr(0, 16));
  }
  for (const auto& [pa, rec] : state.recs) {
    text += fmt::format("rec 0x{:x} of 0x{:x} mpidr=0x{:x}{}{}{} after: {}\n", pa.value, rec.owner.value, rec.mpidr,
                        rec.running ? " running" : "", rec.runnable ? " runnable" : "",
                        rec.psci_pending ? " psci_pending" : "", name(rec.pause));
  }
  for (const auto& [key, table] : state.tables) {
    text += fmt::format("table 0x{:x} of 0x{:x} level {}\n", table.granule.value, key.rd.value, key.level);
    std::size_t i = 0;
    while (i < kEntries) {
      std::size_t end = i + 1;
      while (end < kEntries && table.entries[end].addr.value == 0 && table.entries[end] == table.entries[i]) ++end;
      if (table.entries[i] != Entry{}) {
        text += fmt::format("  ipa 0x{:x} +{} {}\n", entry_ipa(key, i).value, end - i, describe(table.entries[i]));
      }
      i = end;
    }
  }
  return text;
}

Scope Scope::of(const Delta& delta) {
  Scope scope;
  add_keys(delta.granules, scope.granules);
  add_keys(delta.realms, scope.realms);
  add_keys(delta.recs, scope.recs);
  add_keys(delta.tables, scope.tables);
  for (const EntryChange& change : delta.entries) scope.tables.insert(change.table);
  return scope;
}

Scope Scope::everything(const State& a, const State& b) {
  Scope scope;
  for (const State* state : {&a, &b}) {
    add_keys(state->granules, scope.granules);
    add_keys(state->realms, scope.realms);
    add_keys(state->recs, scope.recs);
    add_keys(state->tables, scope.tables);
  }
  return scope;
}

void Scope::add(const Scope& other) {
  granules.insert(other.granules.begin(), other.granules.end());
  realms.insert(other.realms.begin(), other.realms.end());
  recs.insert(other.recs.begin(), other.recs.end());
  tables.insert(other.tables.begin(), other.tables.end());
}

void Scope::remove(const Scope& other) {
  for (const Pa pa : other.granules) granules.erase(pa);
  for (const Pa rd : other.realms) realms.erase(rd);
  for (const Pa rec : other.recs) recs.erase(rec);
  for (const TableKey& key : other.tables) tables.erase(key);
}

std::vector<std::string> diff(const State& model, const State& monitor, const Scope& scope) {
  std::vector<std::string> lines;
  for (const Pa pa : scope.granules) {
    const GranuleState a = model.granule(pa);
    const GranuleState b = monitor.granule(pa);
    if (a != b) lines.push_back(fmt::format("granule 0x{:x}: model {}, monitor {}", pa.value, name(a), name(b)));
  }
  both(model.realms, monitor.realms, scope.realms, [&](Pa rd, const Realm* a, const Realm* b) {
    Differences at(lines, fmt::format("realm 0x{:x}", rd.value));
    if (at.present(a != nullptr, b != nullptr)) compare(*a, *b, at);
  });
  both(model.recs, monitor.recs, scope.recs, [&](Pa rec, const Rec* a, const Rec* b) {
    Differences at(lines, fmt::format("rec 0x{:x}", rec.value));
    if (at.present(a != nullptr, b != nullptr)) {
      const auto owner = model.realms.find(a->owner);
      compare(*a, *b, owner == model.realms.end() || owner->second.state != RealmState::kSystemOff, at);
    }
  });
  both(model.tables, monitor.tables, scope.tables, [&](const TableKey& key, const Table* a, const Table* b) {
    Differences at(lines,
                   fmt::format("table of realm 0x{:x}, level {}, ipa 0x{:x}", key.rd.value, key.level, key.base.value));
    if (!at.present(a != nullptr, b != nullptr)) return;
    const auto realm = model.realms.find(key.rd);
    compare(key, *a, *b, realm == model.realms.end() ? ~0ULL : realm->second.ipa_limit(), lines);
  });
  return lines;
}

}  // namespace rmm::spec
