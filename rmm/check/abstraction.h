// SPDX-License-Identifier: GPL-2.0-or-later
// The monitor's state as the abstract model has it: the granule table, realms, RECs with their CPU contexts, and the
// RTT descriptors in memory.
#pragma once

#include "rmm/core/monitor_state.h"
#include "rmm/port/platform.h"
#include "rmm/spec/describe.h"
#include "rmm/spec/platform.h"
#include "rmm/spec/state.h"

namespace rmm::check {

// What DEN0137 leaves open, as `limits` settle it (B4.4.6, A3.1).
spec::Platform model_platform(port::Gpt& gpt, const core::Limits& limits);

class Abstraction {
 public:
  // `platform` is the machine itself: what is read here must not look like an act of the monitor.
  Abstraction(const port::Platform& platform, const core::MonitorState& state) : platform_(platform), state_(state) {}

  spec::State of(const spec::Scope& scope) const;
  spec::State whole() const;

 private:
  const core::Realm* realm_at(abi::Pa rd) const;
  const core::Rec* rec_at(abi::Pa rec) const;
  spec::Rec rec(const core::Rec& from) const;
  // The entries of the table in `granule`; nothing if no table can be there.
  bool read_table(abi::Pa granule, int level, spec::Table& out) const;
  void add_table(const core::Realm& realm, const spec::TableKey& key, spec::State& out) const;
  void add_tree(const core::Realm& realm, abi::Pa granule, const spec::TableKey& key, spec::State& out) const;

  port::Platform platform_;
  const core::MonitorState& state_;
};

}  // namespace rmm::check
