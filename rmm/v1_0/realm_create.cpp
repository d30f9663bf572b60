// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.9 RMI_REALM_CREATE
#include "rmm/abi/v1_0/structures.h"
#include "rmm/core/measurement.h"
#include "rmm/core/realm_lifecycle.h"
#include "rmm/core/rtt_walk.h"
#include "rmm/core/vmid.h"
#include "rmm/v1_0/commands.h"

namespace rmm::v1_0 {
namespace {

using abi::v1_0::HashAlgorithm;
using abi::v1_0::RealmParams;
using core::GranuleState;

constexpr call::Parameter kIn[] = {{"rd", 1}, {"params_ptr", 2}};
constexpr call::Condition kConditions[] = {
    {"params_align", kInput, "params_ptr is not granule aligned", "params_ptr"},
    {"params_bound", kInput, "params_ptr is not delegable", "params_ptr"},
    {"rd_align", kInput, "rd is not granule aligned", "rd"},
    {"rd_bound", kInput, "rd is not delegable", "rd"},
    {"params_pas", kInput, "params_ptr is not accessible in the Non-secure PAS", "params_ptr Granule(params_ptr).gpt"},
    {"params_valid", kInput, "the parameters hold a reserved encoding", "params.hash_algo"},
    {"params_supp", kInput, "the parameters ask for more than feature register 0 offers",
     "params.flags params.s2sz params.num_bps params.num_wps params.pmu_num_ctrs params.hash_algo features.s2sz "
     "features.num_bps features.num_wps features.pmu features.pmu_num_ctrs features.hash_sha_256 "
     "features.hash_sha_512"},
    {"rtt_num_level", kInput, "IPA width, starting level and number of starting tables do not fit",
     "params.s2sz params.rtt_level_start params.rtt_num_start"},
    {"rtt_align", kInput, "rtt_base is not aligned to the size of the starting tables",
     "params.rtt_base params.rtt_num_start"},
    {"alias", kInput, "rd is one of the starting tables", "rd params.rtt_base params.rtt_num_start"},
    {"rd_state", kInput, "rd is not DELEGATED", "rd Granule(rd).state"},
    {"rtt_state", kInput, "a starting table is not delegable or not DELEGATED", "rtt Granule(rtt).state"},
    {"vmid_valid", kInput, "the VMID is too wide or in use", "params.vmid features.vmid16 vmid_in_use"},
};
constexpr call::Command kCommand{.interface = port::Interface::kRmi,
                                 .name = "RMI_REALM_CREATE",
                                 .fid = abi::v1_0::kRmiRealmCreate,
                                 .in = kIn,
                                 .conditions = kConditions,
                                 .effect =
                                     "rd becomes an RD and the starting tables RTTs; the realm is NEW, its RIM "
                                     "measures the parameters."};

constexpr std::uint8_t kMinIpaWidth = 32;

// B3.50: the one enumeration in the structure. Unknown flags are SBZ and ignored (D3).
bool is_valid(const RealmParams& p) { return p.hash_algo <= static_cast<std::uint8_t>(HashAlgorithm::kSha512); }

// B3.34. num_bps and num_wps are counts minus one; 0, although reserved, is what hosts pass that do not choose.
bool is_supported(const RealmParams& p, const core::Limits& limits) {
  constexpr std::uint64_t kUnsupported = abi::v1_0::kRealmFlagLpa2 | abi::v1_0::kRealmFlagSve;
  const bool wants_pmu = (p.flags & abi::v1_0::kRealmFlagPmu) != 0;
  if (wants_pmu && (!limits.pmu || p.pmu_num_ctrs > limits.pmu_num_ctrs)) return false;
  const bool hash = p.hash_algo == static_cast<std::uint8_t>(HashAlgorithm::kSha256) ? limits.sha256 : limits.sha512;
  return (p.flags & kUnsupported) == 0 && p.s2sz >= kMinIpaWidth && p.s2sz <= limits.s2sz && hash &&
         p.num_bps < limits.num_bps && p.num_wps < limits.num_wps;
}

core::Realm attributes(const RealmParams& p) {
  core::Realm realm;
  realm.hash_algo = static_cast<HashAlgorithm>(p.hash_algo);
  realm.ipa_width = p.s2sz;
  realm.rtt_base = {p.rtt_base};
  realm.rtt_level_start = static_cast<std::int8_t>(p.rtt_level_start);
  realm.rtt_num_start = p.rtt_num_start;
  realm.vmid = {p.vmid};
  realm.num_bps = p.num_bps;
  realm.num_wps = p.num_wps;
  realm.pmu = (p.flags & abi::v1_0::kRealmFlagPmu) != 0;
  realm.pmu_num_ctrs = realm.pmu ? p.pmu_num_ctrs : std::uint8_t{0};
  realm.rpv = p.rpv;
  realm.measurements[0] = core::initial_rim(realm.hash_algo, p);
  return realm;
}

// The granules to lock: RD first, then the starting tables if all of them exist.
struct Wanted {
  std::array<core::WantedGranule, core::GranuleLocks::kMax> granules{};
  std::size_t count = 1;
  bool tables_exist = true;
};

Wanted wanted(const call::CallBase& c, abi::Pa rd, const RealmParams& p) {
  Wanted w;
  w.granules[0] = {granule(rd), GranuleState::kDelegated};
  for (std::uint32_t i = 0; i < p.rtt_num_start; ++i) {
    const abi::Pa table{p.rtt_base + i * abi::kGranuleSize};
    w.tables_exist = w.tables_exist && delegable(c, table);
    w.granules[1 + i] = {granule(table), GranuleState::kDelegated};
  }
  if (w.tables_exist) w.count += p.rtt_num_start;
  return w;
}

bool all_tables_match(const core::GranuleLocks& locks, const Wanted& w) {
  bool match = w.tables_exist;
  for (std::size_t i = 1; i < w.count; ++i) match = match && locks.matches(i);
  return match;
}

call::Outcome handle(call::Call<kCommand>& c) {
  const abi::Pa rd{c.in<"rd">()}, params_ptr{c.in<"params_ptr">()};
  if (c.fails<"params_align">(!aligned(params_ptr))) return c.failed();
  if (c.fails<"params_bound">(!delegable(c, params_ptr))) return c.failed();
  if (c.fails<"rd_align">(!aligned(rd))) return c.failed();
  if (c.fails<"rd_bound">(!delegable(c, rd))) return c.failed();
  std::array<std::byte, abi::Layout<RealmParams>::kSize> wire{};
  if (c.fails<"params_pas">(!read_host(c, params_ptr, wire))) return c.failed();
  const auto p = abi::decode<RealmParams>(wire);
  c.sees(p);
  if (c.fails<"params_valid">(!is_valid(p))) return c.failed();
  if (c.fails<"params_supp">(!is_supported(p, c.limits))) return c.failed();
  if (c.fails<"rtt_num_level">(!core::rtt_config_is_valid(p.s2sz, p.rtt_level_start, p.rtt_num_start)))
    return c.failed();
  const std::uint64_t tables_size = p.rtt_num_start * abi::kGranuleSize;
  if (c.fails<"rtt_align">(!abi::is_aligned(p.rtt_base, tables_size))) return c.failed();
  if (c.fails<"alias">(rd.value >= p.rtt_base && rd.value - p.rtt_base < tables_size)) return c.failed();

  const Wanted w = wanted(c, rd, p);
  const core::GranuleLocks locks(c.core(), {w.granules.data(), w.count}, "realm_create");
  if (c.fails<"rd_state">(!locks.matches(0))) return c.failed();
  if (c.fails<"rtt_state">(!all_tables_match(locks, w))) return c.failed();
  const abi::Vmid vmid{p.vmid};
  if (c.fails<"vmid_valid">(!core::vmid_is_valid(vmid, c.limits.vmid16) || !core::reserve_vmid(c.core(), vmid)))
    return c.failed();
  core::create_realm(c.core(), locks, attributes(p));
  return c.done();
}

}  // namespace

constexpr Row kRealmCreate = make_row<kCommand, handle>();

}  // namespace rmm::v1_0
