// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the CCA attestation token of a realm (DEN0137 1.0-rel0 A7.2), in steps between which an interrupt can be taken.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "rmm/core/attestation_state.h"
#include "rmm/core/realm.h"
#include "rmm/port/attestation.h"

namespace rmm::core {

using Challenge = std::array<std::uint8_t, 64>;

// Ends the operation that may be in progress and begins another: the realm's claims are what they are now. Returns an
// upper bound of the token's size. Precondition: the RD's lock is held.
std::uint64_t begin_token(AttestationState& state, const port::Attestation& service, const Realm& realm,
                          const Challenge& challenge);

enum class TokenProgress : std::uint8_t { kUnfinished, kMade, kFailed };

// Does the next step: the platform's part, then the realm's signature. kFailed: firmware refused, the step can be
// tried again. Nothing is done once the token is made.
TokenProgress make_token(AttestationState& state, port::Attestation& service);

// The next bytes of a token that is made, at most `size`.
std::span<const std::uint8_t> next_hunk(const AttestationState& state, std::uint64_t size);
// The realm has the next `size` bytes. True: it has all, and the operation has ended.
bool hand_out(AttestationState& state, std::uint64_t size);

}  // namespace rmm::core
