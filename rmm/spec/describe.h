// SPDX-License-Identifier: GPL-2.0-or-later
// Abstract states in words, and what differs between two.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rmm/spec/outcome.h"
#include "rmm/spec/state.h"

namespace rmm::spec {

std::string_view name(GranuleState state);
std::string_view name(EntryState state);
std::string_view name(RealmState state);
std::string_view name(Ripas ripas);
std::string_view name(Pause pause);
std::string describe(const Entry& entry);
// One line per granule, realm, REC and run of like entries, in the order of addresses.
std::string describe(const State& state);
// What the result says, by output names: `ipa_bound: X0=0x1`.
std::string describe(const Outcome& outcome);

// The objects that a comparison is about.
struct Scope {
  std::set<Pa> granules, realms, recs;
  std::set<TableKey> tables;

  static Scope of(const Delta& delta);
  static Scope everything(const State& a, const State& b);
  void add(const Scope& other);
  void remove(const Scope& other);
};

// One line for each attribute that differs within `scope`: "what: model X, monitor Y". Not compared, because the text
// gives it no value or the realm has it: registers of a REC that runs, was turned off or has turned its realm off,
// X4..X6 after a PSCI exit, attributes of a RIPAS change, a host call or a token that isn't under way, entries outside
// the IPA space, and the model's own memory (pause, abort_esr, abort_unprotected).
std::vector<std::string> diff(const State& model, const State& monitor, const Scope& scope);

}  // namespace rmm::spec
