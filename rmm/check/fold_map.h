// SPDX-License-Identifier: GPL-2.0-or-later
// I12: folding a table into an entry, and unfolding an entry into a table, leave the map from IPA to address, RIPAS and
// attributes as it was.
#pragma once

#include <cstdint>
#include <span>

#include "rmm/check/findings.h"
#include "rmm/port/observer.h"

namespace rmm::check {

// `table` is the child's contents, `entry` the descriptor of its parent when it is not TABLE: after a fold, before an
// unfold. `fold` tells the two apart in the message.
void expect_same_map(Findings& findings, const port::RttWrite& event, std::uint64_t entry,
                     std::span<const std::byte> table, bool fold);

}  // namespace rmm::check
