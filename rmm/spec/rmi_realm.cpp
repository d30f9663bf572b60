// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.8 RMI_REALM_ACTIVATE, B4.3.9 RMI_REALM_CREATE, B4.3.10 RMI_REALM_DESTROY.
#include <bit>

#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/spec/command.h"
#include "rmm/spec/measurement.h"

namespace rmm::spec {
namespace {

using abi::v1_0::RealmParams;
using enum Report;

// B3.55 with the architecture's rules (Arm ARM D8.2): at least one bit is resolved at the starting level, and up to 16
// starting tables are concatenated.
bool rtt_config_is_valid(const RealmParams& params, bool lpa2) {
  const std::int64_t level = params.rtt_level_start;
  if (level < (lpa2 ? -1 : 0) || level > kPageLevel || params.s2sz > 52) return false;
  const int bits = params.s2sz - std::countr_zero(level_size(static_cast<int>(level)));
  if (bits < 1 || bits > 9 + 4) return false;
  return params.rtt_num_start == (bits <= 9 ? 1U : 1U << (bits - 9));
}

// B3.34, A3.1.
bool params_supported(const RealmParams& params, const Platform& platform) {
  const auto& features = platform.features;
  const bool lpa2 = (params.flags & abi::v1_0::kRealmFlagLpa2) != 0;
  const bool sve = (params.flags & abi::v1_0::kRealmFlagSve) != 0;
  const bool pmu = (params.flags & abi::v1_0::kRealmFlagPmu) != 0;
  if (lpa2 && !features.lpa2) return false;
  if (sve && (!features.sve || params.sve_vl > features.sve_vl)) return false;
  if (pmu && (!features.pmu || params.pmu_num_ctrs > features.pmu_num_ctrs)) return false;
  if (params.num_bps > features.num_bps || params.num_wps > features.num_wps) return false;
  if (platform.zero_bps_reserved && (params.num_bps == 0 || params.num_wps == 0)) return false;
  if (params.s2sz < platform.min_ipa_width || params.s2sz > features.s2sz) return false;
  if (!lpa2 && params.s2sz > 48) return false;  // VMSA without LPA2
  return params.hash_algo == 0 ? features.hash_sha_256 : features.hash_sha_512;
}

struct RealmCreate : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"params_ptr", 2}};
  static constexpr std::array<Register, 0> kOutputs{};
  static constexpr std::uint32_t kMaxStart = 16;
  mutable std::optional<std::optional<RealmParams>> read{};

  Pa rd() const { return pa(1); }
  Pa params_ptr() const { return pa(2); }
  // Nothing: the access was not permitted.
  const std::optional<RealmParams>& readable() const {
    if (!read) {
      const auto bytes = world.non_secure(params_ptr(), abi::Layout<RealmParams>::kSize);
      read = bytes ? std::optional(abi::decode<RealmParams>(*bytes)) : std::nullopt;
    }
    return *read;
  }
  const RealmParams& params() const { return *readable(); }
  Pa base() const { return {params().rtt_base}; }
  std::uint64_t starting_size() const { return std::uint64_t{params().rtt_num_start} * abi::kGranuleSize; }
  bool lpa2() const { return (params().flags & abi::v1_0::kRealmFlagLpa2) != 0; }

  static const Conditions<RealmCreate>& conditions() {
    using C = RealmCreate;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"params_align", kInput, [](const C& c) { return !aligned(c.params_ptr()); }},
            Condition<C>{"params_bound", kInput, [](const C& c) { return !c.delegable(c.params_ptr()); }},
            Condition<C>{"params_pas", kInput,
                         [](const C& c) { return !c.accessible(c.params_ptr()) || !c.readable(); }},
            // B4.4.12: hash_algo is the only enumeration.
            Condition<C>{"params_valid", kInput, [](const C& c) { return c.params().hash_algo > 1; }},
            Condition<C>{"params_supp", kInput, [](const C& c) { return !params_supported(c.params(), c.platform); }},
            // B3.1: both ends belong to the range.
            Condition<C>{"alias", kInput,
                         [](const C& c) {
                           return c.params().rtt_num_start != 0 && c.rd() >= c.base() &&
                                  c.rd() - c.base() <= c.starting_size() - abi::kGranuleSize;
                         }},
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, [](const C& c) { return !c.is(c.rd(), GranuleState::kDelegated); }},
            // Alignment to zero or to what is no power of two: rtt_num_level holds, this one says nothing.
            Condition<C>{"rtt_align", kInput,
                         [](const C& c) -> Truth {
                           if (!std::has_single_bit(c.params().rtt_num_start)) return Truth::kMay;
                           return !abi::is_aligned(c.base().value, c.starting_size());
                         }},
            Condition<C>{"rtt_num_level", kInput,
                         [](const C& c) { return !rtt_config_is_valid(c.params(), c.lpa2()); }},
            Condition<C>{"rtt_state", kInput, [](const C& c) { return c.starting_granules_unfit(); }},
            Condition<C>{"vmid_valid", kInput, [](const C& c) { return !c.vmid_usable(); }},
        },
        std::array{Precedes{"params_align", "params_bound"}, Precedes{"params_bound", "params_pas"},
                   Precedes{"params_pas", "params_valid alias rtt_align rtt_num_level rtt_state vmid_valid"},
                   Precedes{"params_valid", "params_supp"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }

  // B3.77. Without alignment, or with a number that rtt_num_level refuses, the granules are not well defined.
  Truth starting_granules_unfit() const {
    if (params().rtt_num_start > kMaxStart || !aligned(base())) return Truth::kMay;
    for (std::uint64_t i = 0; i < params().rtt_num_start; ++i) {
      const Pa granule = base() + i * abi::kGranuleSize;
      if (!delegable(granule) || !is(granule, GranuleState::kDelegated)) return true;
    }
    return false;
  }

  bool vmid_usable() const {  // B3.81, B3.82
    const std::uint16_t vmid = params().vmid;
    if (!platform.vmid16 && (vmid >> 8) != 0) return false;
    for (const auto& [rd, realm] : state.realms) {
      if (realm.vmid == vmid) return false;
    }
    return true;
  }

  void succeed(std::vector<Outcome>& outcomes) const {
    Realm realm;
    realm.lpa2 = lpa2();
    realm.pmu = (params().flags & abi::v1_0::kRealmFlagPmu) != 0;
    realm.ipa_width = params().s2sz;
    realm.hash_algo = static_cast<HashAlgorithm>(params().hash_algo);
    realm.measurements[0] = rim_init(realm.hash_algo, params());
    realm.rtt_base = base();
    realm.rtt_level_start = static_cast<int>(params().rtt_level_start);
    realm.rtt_num_start = params().rtt_num_start;
    realm.vmid = params().vmid;
    realm.rpv = params().rpv;

    Outcome done = result(call, 0);
    done.next.granules.emplace_back(rd(), GranuleState::kRd);
    const std::uint64_t entry_size = level_size(realm.rtt_level_start);
    for (std::uint64_t i = 0; i < realm.rtt_num_start; ++i) {
      Table table;
      table.granule = realm.rtt_base + i * abi::kGranuleSize;
      const TableKey key{rd(), realm.rtt_level_start, {i * kEntries * entry_size}};
      for (std::size_t n = 0; n < kEntries; ++n) {
        const Ipa ipa = entry_ipa(key, n);  // an entry outside the IPA space is Entry{}
        if (!is_protected(ipa, realm) && ipa.value < realm.ipa_limit()) {
          table.entries[n].state = EntryState::kUnassignedNs;
        }
      }
      done.next.granules.emplace_back(table.granule, GranuleState::kRtt);
      done.next.tables.emplace_back(key, table);
    }
    done.next.realms.emplace_back(rd(), realm);
    outcomes.push_back(std::move(done));
  }
};

struct RealmContext : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"rd", 1}};
  static constexpr std::array<Register, 0> kOutputs{};
  Pa rd() const { return pa(1); }
  const Realm& realm() const { return state.realms.at(rd()); }
};

struct RealmActivate : RealmContext {
  using RealmContext::RealmContext;
  static const Conditions<RealmActivate>& conditions() {
    using C = RealmActivate;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"realm_state", kRealm, [](const C& c) { return c.realm().state != RealmState::kNew; }},
        },
        std::array{Precedes{"rd_bound rd_state", "realm_state"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Realm active = realm();
    active.state = RealmState::kActive;
    Outcome done = result(call, 0);
    done.next.realms.emplace_back(rd(), active);
    outcomes.push_back(std::move(done));
  }
};

struct RealmDestroy : RealmContext {
  using RealmContext::RealmContext;
  std::vector<TableKey> starting_tables() const {
    std::vector<TableKey> keys;
    const std::uint64_t span = level_size(realm().rtt_level_start) * kEntries;
    for (std::uint64_t i = 0; i < realm().rtt_num_start; ++i) {
      keys.push_back({rd(), realm().rtt_level_start, {i * span}});
    }
    return keys;
  }
  bool realm_is_live() const {  // A2.1.4
    if (realm().num_recs != 0) return true;
    for (const TableKey& key : starting_tables()) {
      if (is_live(state.tables.at(key))) return true;
    }
    return false;
  }
  static const Conditions<RealmDestroy>& conditions() {
    using C = RealmDestroy;
    static const Conditions<C> all{std::array{
                                       Condition<C>{"rd_align", kInput, kRdAlign},
                                       Condition<C>{"rd_bound", kInput, kRdBound},
                                       Condition<C>{"rd_state", kInput, kRdState},
                                       Condition<C>{"realm_live", kRealm, [](const C& c) { return c.realm_is_live(); }},
                                   },
                                   std::array{Precedes{"rd_bound rd_state", "realm_live"},
                                              Precedes{"rd_align", "rd_bound"}, Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0);
    done.next.granules.emplace_back(rd(), GranuleState::kDelegated);
    for (const TableKey& key : starting_tables()) {
      done.next.granules.emplace_back(state.tables.at(key).granule, GranuleState::kDelegated);
      done.next.tables.emplace_back(key, std::nullopt);
    }
    done.next.realms.emplace_back(rd(), std::nullopt);  // the VMID is free again (D12)
    outcomes.push_back(std::move(done));
  }
};

}  // namespace

std::vector<Command> realm_commands() {
  return {row<RealmActivate>("RMI_REALM_ACTIVATE", abi::v1_0::kRmiRealmActivate, Interface::kRmi),
          row<RealmCreate>("RMI_REALM_CREATE", abi::v1_0::kRmiRealmCreate, Interface::kRmi),
          row<RealmDestroy>("RMI_REALM_DESTROY", abi::v1_0::kRmiRealmDestroy, Interface::kRmi)};
}

}  // namespace rmm::spec
