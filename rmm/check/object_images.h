// SPDX-License-Identifier: GPL-2.0-or-later
// Copies of a realm's and a REC's attributes, and what differs between two of them.
#pragma once

#include <array>
#include <cstdint>

#include "rmm/check/effects.h"
#include "rmm/core/realm.h"
#include "rmm/core/rec.h"

namespace rmm::check {

// What has changed in a realm but its state and number of RECs: others may change those without the RD's lock, and they
// announce it (Kind::kRealmShared).
void compare(const core::Realm& before, const core::Realm& after, Effects& effects);

// A REC without its registers. Of a token operation only how far it is.
struct RecImage {
  RecImage() = default;
  explicit RecImage(const core::Rec& rec);

  abi::GranulePa granule, owner;
  std::uint32_t realm = 0, cpu = 0;
  abi::Mpidr mpidr;
  std::array<abi::GranulePa, 16> aux{};
  std::uint8_t num_aux = 0;
  bool running = false;
  core::PsciRequest psci;
  core::RipasRequest ripas;
  bool host_call_pending = false;
  abi::Ipa host_call_ipa;
  core::LastExit last_exit;
  std::uint64_t vmcr = 0, ap0r = 0, ap1r = 0;
  bool vtimer_shown = false, ptimer_shown = false;
  bool token_in_progress = false;
  std::uint64_t token_claims = 0, token_platform = 0, token_size = 0, token_handed_out = 0;
};

void compare(const RecImage& before, const RecImage& after, Effects& effects);

}  // namespace rmm::check
