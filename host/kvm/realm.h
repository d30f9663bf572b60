// SPDX-License-Identifier: GPL-2.0-or-later
// What the host knows of a realm and of a REC: granules it gave away and what it may still do with them.
#pragma once

#include <array>
#include <cstdint>
#include <tuple>

#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/types.h"

namespace host::kvm {

// The life of a realm (docs/host-series.md). The order of the values is Linux's.
enum class RealmState : std::uint8_t { kNone, kNew, kActive, kDying, kDead };

struct Realm {
  RealmState state = RealmState::kNone;
  abi::GranulePa rd;
  abi::Vmid vmid;
  bool has_vmid = false;
  bool has_rd = false;  // rd is delegated and belongs to the RMM
  // What CONFIG_REALM chose; without it, as always in the implicit life cycle, SHA-256 and an RPV of zeros.
  abi::v1_0::HashAlgorithm hash_algo = abi::v1_0::HashAlgorithm::kSha256;
  std::array<std::uint8_t, 64> rpv{};
  auto members() { return std::tie(state, rd, vmid.value, has_vmid, has_rd, hash_algo, rpv); }
};

struct RealmRec {
  bool created = false;  // REC_CREATE succeeded and REC_DESTROY did not yet
  abi::GranulePa rec;
  abi::GranulePa run;  // the RecRun page, Non-secure
  std::array<abi::GranulePa, 16> aux{};
  std::uint8_t num_aux = 0;
  auto members() { return std::tie(created, rec, run, aux, num_aux); }
};

}  // namespace host::kvm
