// SPDX-License-Identifier: GPL-2.0-or-later
// The model and the invariants as judges of every bench (rmi_bench.h), and what they found.
#pragma once

#include <string>
#include <string_view>

namespace mutation {

enum class JudgeKind : std::uint8_t {
  kUnit,        // the tests' own assertions
  kModel,       // --check=model
  kInvariants,  // --check
};

// Appoints that judge for all benches to come.
void appoint(JudgeKind kind);
// The first finding since the last call, empty if there is none.
std::string take_finding();

}  // namespace mutation
