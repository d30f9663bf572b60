// SPDX-License-Identifier: GPL-2.0-or-later
// Footprints: what each command may change. Our own table (I24), since those of the specification's pages are not
// complete (D12); reference counts are left to I6, which says what they must be.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rmm/check/effects.h"

namespace rmm::check {

enum class Number : std::uint8_t { kOne, kSome, kAny };

// Granules that change their state.
struct GranuleChange {
  std::string_view from, to;
  std::string_view argument;  // the granule is this argument or output; empty: the command finds or reads it
  Number number = Number::kOne;
};

struct Footprint {
  std::string_view command;
  Kinds changes = 0;  // on success
  std::span<const GranuleChange> granules{};
  // On failure: nothing, but where the specification or a decision says otherwise.
  Kinds on_failure = 0;
  std::string_view failing_condition{};  // with on_failure: the only condition that it is for; empty: any
};

// RMI, RSI, PSCI and SMCCC commands of 1.0, one row each.
std::span<const Footprint> footprints();

// The row of a command; for an unknown one a row that changes nothing.
const Footprint& footprint_of(std::string_view command);

// What any exit or entry of a REC may change beside what a call does.
inline constexpr Kinds kEveryExit = bit(Kind::kExitRecord);
// RSI_ATTESTATION_TOKEN_CONTINUE may find its destination gone when the token is made: the realm repeats the call, and
// the work is not lost.
inline constexpr Kinds kTokenMade = bit(Kind::kAttestation) | bit(Kind::kRecShared);

}  // namespace rmm::check
