// SPDX-License-Identifier: GPL-2.0-or-later
// A platform and an environment of plain maps, with realms in every stage of life, for tests of the model.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <initializer_list>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/spec/command.h"
#include "rmm/spec/outcome.h"

namespace rmm::spec {

inline constexpr std::uint64_t kPage = abi::kGranuleSize;
inline constexpr Pa kDram{0x80000000};
inline constexpr Pa kHighDram{1ULL << 48};  // delegable, for the bounds of realms without LPA2
inline constexpr Pa kDevice{0x10000000};    // not delegable

class Bench : public World {
 public:
  Bench() {
    platform.delegable = {{kDram, kDram + 0x10000000}, {kHighDram, kHighDram + 0x100000}};
    platform.features = {.s2sz = 48,
                         .lpa2 = false,
                         .sve = false,
                         .sve_vl = 0,
                         .num_bps = 1,
                         .num_wps = 1,
                         .pmu = false,
                         .pmu_num_ctrs = 0,
                         .hash_sha_256 = true,
                         .hash_sha_512 = true,
                         .gicv3_num_lrs = 3,
                         .max_recs_order = 2};
    platform.rec_aux_count = 2;
  }

  abi::Pas pas(Pa granule) const override {
    const auto it = pas_of.find(granule);
    return it == pas_of.end() ? abi::Pas::kNonSecure : it->second;
  }
  std::optional<std::vector<std::byte>> non_secure(Pa from, std::size_t size) const override {
    if (faults) return std::nullopt;
    return memory_at(from, size);
  }
  std::vector<std::byte> realm_memory(Pa from, std::size_t size) const override { return memory_at(from, size); }

  std::vector<std::byte> memory_at(Pa from, std::size_t size) const {
    std::vector<std::byte> bytes(size);
    const auto page = memory.find({abi::align_down(from.value, kPage)});
    if (page != memory.end()) std::memcpy(bytes.data(), page->second.data() + from.value % kPage, size);
    return bytes;
  }
  template <class Struct>
  void show(Pa at, const Struct& value) {
    auto& page = memory[{abi::align_down(at.value, kPage)}];
    page.resize(kPage);
    abi::encode(value, std::span(page).subspan(at.value % kPage));
  }

  static Call host(std::uint32_t fid, std::initializer_list<std::uint64_t> args) {
    Call call;
    call.regs.x[0] = fid;
    std::size_t n = 1;
    for (const std::uint64_t value : args) call.regs.x.at(n++) = value;
    for (; n < call.regs.x.size(); ++n) call.regs.x.at(n) = 0x5a5a0000 + n;
    return call;
  }
  static Call guest(Pa rec, std::uint32_t fid, std::initializer_list<std::uint64_t> args) {
    Call call = host(fid, args);
    call.rec = rec;
    return call;
  }

  std::vector<Outcome> allowed(const Call& call) const { return spec::allowed(platform, state, *this, call); }

  // The call has one result and it is a success; it is applied and returned.
  Outcome done(const Call& call) {
    INFO(script_line(call));
    const std::vector<Outcome> outcomes = allowed(call);
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].condition == "");
    CHECK(outcomes[0].regs.x[0] == 0);
    REQUIRE(outcomes[0].condition.empty());
    apply(state, outcomes[0].next);
    for (const auto& [granule, space] : outcomes[0].pas) pas_of[granule] = space;
    return outcomes[0];
  }
  Outcome done(std::uint32_t fid, std::initializer_list<std::uint64_t> args) { return done(host(fid, args)); }

  // Fresh granules.
  Pa granule() { return take_ += kPage; }
  Pa delegated(Pa pa) {
    done(abi::v1_0::kRmiGranuleDelegate, {pa.value});
    return pa;
  }
  Pa delegated() { return delegated(granule()); }

  abi::v1_0::RealmParams realm_params() {
    abi::v1_0::RealmParams params;
    params.s2sz = 40;
    params.num_bps = params.num_wps = 1;
    params.vmid = ++vmid_;
    params.rtt_level_start = 1;
    params.rtt_num_start = 2;
    take_ += 2 * kPage - take_.value % (2 * kPage);
    params.rtt_base = delegated(take_).value;
    delegated();
    return params;
  }
  Pa realm(const abi::v1_0::RealmParams& params) {
    const Pa rd = delegated();
    const Pa page = granule();
    show(page, params);
    done(abi::v1_0::kRmiRealmCreate, {rd.value, page.value});
    return rd;
  }
  Pa realm() { return realm(realm_params()); }
  void activate(Pa rd) { done(abi::v1_0::kRmiRealmActivate, {rd.value}); }

  abi::v1_0::RecParams rec_params(Pa rd, bool runnable = true) {
    abi::v1_0::RecParams params;
    params.flags = runnable ? abi::v1_0::kRecFlagRunnable : 0;
    params.mpidr = state.realms.at(rd).rec_index;
    params.pc = 0x4000;
    params.gprs = {11, 12, 13, 14, 15, 16, 17, 18};
    params.num_aux = platform.rec_aux_count;
    for (std::size_t i = 0; i < params.num_aux; ++i) params.aux.at(i) = delegated().value;
    return params;
  }
  Pa rec(Pa rd, bool runnable = true) {
    const Pa rec = delegated();
    const Pa page = granule();
    show(page, rec_params(rd, runnable));
    done(abi::v1_0::kRmiRecCreate, {rd.value, rec.value, page.value});
    return rec;
  }

  // Tables down to `level` for `ipa`.
  void tables(Pa rd, std::uint64_t ipa, int level = kPageLevel) {
    for (int at = state.realms.at(rd).rtt_level_start + 1; at <= level; ++at) {
      if (walk(state, rd, {ipa}, at).level >= at) continue;
      done(abi::v1_0::kRmiRttCreate,
           {rd.value, delegated().value, abi::align_down(ipa, level_size(at - 1)), static_cast<std::uint64_t>(at)});
    }
  }
  // A DATA granule with unknown content.
  Pa data(Pa rd, std::uint64_t ipa) {
    tables(rd, ipa);
    const Pa pa = delegated();
    done(abi::v1_0::kRmiDataCreateUnknown, {rd.value, pa.value, ipa});
    return pa;
  }
  void init_ripas(Pa rd, std::uint64_t base, std::uint64_t top) {
    done(abi::v1_0::kRmiRttInitRipas, {rd.value, base, top});
  }
  Entry entry(Pa rd, std::uint64_t ipa) const { return lookup(state, rd, {ipa}); }

  Platform platform;
  State state;
  std::map<Pa, abi::Pas> pas_of;
  std::map<Pa, std::vector<std::byte>> memory;
  bool faults = false;  // the next access to Non-secure memory meets a granule protection fault

 private:
  Pa take_ = kDram;
  std::uint16_t vmid_ = 0;
};

// The failure in `outcomes` that reports `id`, or nullptr.
inline const Outcome* reported(const std::vector<Outcome>& outcomes, std::string_view id) {
  for (const Outcome& outcome : outcomes) {
    if (outcome.condition == id) return &outcome;
  }
  return nullptr;
}

}  // namespace rmm::spec
