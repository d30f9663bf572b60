// SPDX-License-Identifier: GPL-2.0-or-later
// The invariants I1 to I28 in words: what findings cite and `ccasim explain I13` prints. docs/invariants.md says the
// same sentences.
#pragma once

#include <span>
#include <string_view>

namespace rmm::check {

struct Rule {
  std::string_view id;       // "I13"
  std::string_view holds;    // what holds, one or two sentences
  std::string_view section;  // of DEN0137 1.0-rel0, or where else it comes from
  std::string_view checked;  // when `option` evaluates it; empty: tests alone hold it
  std::string_view option = "--check";
};

// rules()[0] is I1.
std::span<const Rule> rules();
// nullptr: no invariant has this id.
const Rule* find_rule(std::string_view id);

}  // namespace rmm::check
