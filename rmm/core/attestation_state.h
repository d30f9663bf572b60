// SPDX-License-Identifier: GPL-2.0-or-later
// The attestation token operation of a REC, at most one (DEN0137 A7.2.2, C1 RmmRec.attest_state and attest_challenge).
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

namespace rmm::core {

struct AttestationState {
  bool in_progress = false;                  // ATTEST_IN_PROGRESS
  std::vector<std::uint8_t> realm_claims;    // encoded at TOKEN_INIT, with the challenge (D8)
  std::vector<std::uint8_t> platform_token;  // empty until firmware has delivered it
  std::vector<std::uint8_t> token;           // empty until the realm part is signed
  std::uint64_t handed_out = 0;              // bytes of `token` that the realm has
  std::uint64_t rounds = 0;                  // done for the signature that comes next
  auto members() { return std::tie(in_progress, realm_claims, platform_token, token, handed_out, rounds); }
};

}  // namespace rmm::core
