// SPDX-License-Identifier: GPL-2.0-or-later
// What each actor (a PE's thread of execution) is doing in the monitor: its RMI command, the realm that it runs, the
// locks that it holds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rmm/check/effects.h"
#include "rmm/check/object_images.h"
#include "rmm/core/granule.h"
#include "rmm/core/realm.h"
#include "rmm/port/observer.h"

namespace rmm::check {

// Arguments and outputs by name.
class Values {
 public:
  void assign(std::span<const port::ArgumentValue> values) { values_.assign(values.begin(), values.end()); }
  void clear() { values_.clear(); }
  std::optional<std::uint64_t> find(std::string_view name) const {
    for (const port::ArgumentValue& value : values_)
      if (value.name == name) return value.value;
    return std::nullopt;
  }
  std::uint64_t get(std::string_view name) const { return find(name).value_or(0); }
  const std::vector<port::ArgumentValue>& all() const { return values_; }

 private:
  std::vector<port::ArgumentValue> values_;
};

// The measurements of a realm around one hold of its RD lock.
struct MeasurementStep {
  bool seen = false;
  bool created = false;  // `before` is nothing
  abi::Pa rd;
  std::array<core::Measurement, 1 + core::kNumRem> before{}, after{};
};

struct SeenGranule {
  abi::Pa pa;
  core::GranuleState state = core::GranuleState::kUndelegated;
};

// An RMI command between its begin and its end.
struct RmiProgress {
  std::string_view name;
  Values args;
  Effects effects;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ns_reads;  // base, size
  std::vector<std::byte> host_bytes;                              // what the last read of host memory brought
  std::vector<SeenGranule> seen;                                  // granules as they were found when locked
  std::optional<core::RealmState> realm_state;                    // found under the RD lock
  MeasurementStep measurement;
  std::uint64_t entry_size = 0;                    // RTT_INIT_RIPAS: of the entry at base
  std::vector<abi::GranulePa> tables;              // RTTs with a written entry, until the RD lock is let go
  std::vector<std::pair<abi::Pa, RecImage>> recs;  // RECs locked, as they were found
  std::uint64_t work = 0;                          // calls of ports

  void begin(std::string_view command, std::span<const port::ArgumentValue> arguments) {
    name = command;
    args.assign(arguments);
    effects.clear();
    ns_reads.clear();
    host_bytes.clear();
    seen.clear();
    realm_state.reset();
    measurement = {};
    entry_size = 0;
    tables.clear();
    recs.clear();
    work = 0;
  }
};

// Between a REC's entry and its exit. A phase begins at the entry, at each exception and behind each answered call.
struct RunProgress {
  abi::Pa rec;
  RecImage image;  // at the beginning of the phase
  Effects effects;
  MeasurementStep measurement;
  Values args;                            // of the call that is being answered
  std::vector<std::byte> written;         // to the realm's memory
  std::optional<core::Realm> realm_seen;  // as it was when its lock was let go
  std::uint64_t work = 0;

  void next_phase(const RecImage& now) {
    image = now;
    effects.clear();
    measurement.seen = false;
    written.clear();
    realm_seen.reset();
    work = 0;
  }
};

struct HeldLock {
  const port::Lock* lock = nullptr;
  std::uint64_t object = 0;
  bool is_granule = false;
};

struct ActorProgress {
  bool commanding = false;
  RmiProgress rmi;
  bool running = false;
  RunProgress run;
  std::vector<HeldLock> held;
  bool vmid_was_used = false;  // the VMID whose lock is held

  // Where a change belongs now; null: to nobody's command.
  Effects* effects() {
    if (running) return &run.effects;
    return commanding ? &rmi.effects : nullptr;
  }
  MeasurementStep* measurement() {
    if (running) return &run.measurement;
    return commanding ? &rmi.measurement : nullptr;
  }
};

}  // namespace rmm::check
