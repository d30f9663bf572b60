// SPDX-License-Identifier: GPL-2.0-or-later
// A realm: the attributes that its Realm Descriptor holds (DEN0137 A2.1, C1.x RmmRealm).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "rmm/abi/addr.h"
#include "rmm/abi/arch/cpu.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/port/sync.h"

namespace rmm::core {

enum class RealmState : std::uint8_t { kNew, kActive, kSystemOff, kZombie };  // kZombie: 2.0 only (A2.1.5)
std::string_view name(RealmState state);

inline constexpr std::size_t kMaxMeasurement = 64;              // bytes, SHA-512
using Measurement = std::array<std::uint8_t, kMaxMeasurement>;  // shorter digests are zero padded
inline constexpr unsigned kNumRem = 4;  // realm extensible measurements, indices 1..4 (index 0 is the RIM)

struct Realm {
  abi::GranulePa rd;
  port::Shared<RealmState> state{RealmState::kNew};
  abi::v1_0::HashAlgorithm hash_algo = abi::v1_0::HashAlgorithm::kSha256;
  std::uint8_t ipa_width = 0;
  bool lpa2 = false;
  abi::Pa rtt_base;
  std::int8_t rtt_level_start = 0;
  std::uint32_t rtt_num_start = 1;
  abi::Vmid vmid;
  std::uint8_t num_bps = 0, num_wps = 0;  // as requested, minus one
  bool pmu = false;                       // A3.1.5
  std::uint8_t pmu_num_ctrs = 0;
  std::array<std::uint8_t, 64> rpv{};
  std::array<Measurement, 1 + kNumRem> measurements{};  // [0] RIM, [1..4] REM
  port::Shared<std::uint32_t> num_recs{0};
  std::uint32_t rec_index = 0;  // index of the next REC (C1 RmmRealm.rec_index)
  bool measures_ripas = true;   // the measurement strategy fixed at REALM_CREATE (1.0: RIPAS is measured)

  abi::Stage2 stage2() const {
    return {.vmid = vmid,
            .root = rtt_base,
            .start_level = rtt_level_start,
            .num_start = static_cast<std::uint8_t>(rtt_num_start),
            .ipa_bits = ipa_width,
            .realm = true};
  }
  abi::Ipa ipa_end() const { return {1ULL << ipa_width}; }
  abi::Ipa unprotected_base() const { return {1ULL << (ipa_width - 1)}; }
  bool is_protected(abi::Ipa ipa) const { return ipa.value < unprotected_base().value; }  // B3.1 AddrIsProtected

  auto members() {
    return std::tie(rd, state, hash_algo, ipa_width, lpa2, rtt_base, rtt_level_start, rtt_num_start, vmid, num_bps,
                    num_wps, pmu, pmu_num_ctrs, rpv, measurements, num_recs, rec_index, measures_ripas);
  }
};

}  // namespace rmm::core
