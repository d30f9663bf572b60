// SPDX-License-Identifier: GPL-2.0-or-later
// What DEN0137 1.0-rel0 leaves to the implementation and keeps constant: ImplFeatures(), PaIsDelegable(),
// RecAuxCount().
#pragma once

#include <cstdint>
#include <vector>

#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/types.h"

namespace rmm::spec {

struct PaRange {
  abi::Pa base;
  abi::Pa top;  // exclusive
  constexpr bool contains(abi::Pa pa) const { return pa >= base && pa < top; }
};

struct Platform {
  std::vector<PaRange> delegable;          // A2.2: PaIsDelegable
  abi::v1_0::FeatureRegister0 features{};  // what RMI_FEATURES(0) shall answer
  std::uint64_t rec_aux_count = 0;         // B3.36; at most 16
  bool vmid16 = true;                      // FEAT_VMID16
  std::uint8_t min_ipa_width = 32;         // A3.1.2: a smaller one is unsupported
  bool zero_bps_reserved = true;  // B4.4.12: num_bps and num_wps of 0 are reserved; does REALM_CREATE refuse them?
  bool sysreg_gprs_rt = false;    // D4: a trapped register's value is in gprs[Rt], not in gprs[0]
  std::uint64_t rmi_version = abi::v1_0::kInterfaceVersion10;
  std::uint64_t rsi_version = abi::v1_0::kInterfaceVersion10;
  std::uint64_t smccc_version = abi::v1_0::kSmcccVersion12;

  bool is_delegable(abi::Pa pa) const {
    for (const PaRange& range : delegable) {
      if (range.contains(pa)) return true;
    }
    return false;
  }
};

}  // namespace rmm::spec
