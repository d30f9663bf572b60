// SPDX-License-Identifier: GPL-2.0-or-later
// The observer behind --check. Ids: docs/invariants.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rmm/check/circumstances.h"
#include "rmm/check/conditions.h"
#include "rmm/check/findings.h"
#include "rmm/check/lock_rules.h"
#include "rmm/check/progress.h"
#include "rmm/check/tables.h"
#include "rmm/check/taint.h"
#include "rmm/check/token_check.h"
#include "rmm/check/watched_ports.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/observer.h"
#include "rmm/port/platform.h"

namespace rmm::check {

class Invariants : public port::Observer, private PortWatcher {
 public:
  // Observes the monitor that acts on `state`; writes to `findings`, which it tells of the circumstances while it
  // lives. `platform` is the machine itself. The invariants that need to see all that a command does (I16, I21, I23 to
  // I26) are checked if the monitor is given watched_platform().
  Invariants(const port::Platform& platform, core::MonitorState& state, Findings& findings,
             const core::Limits& limits = {});
  ~Invariants() override { findings_.set_circumstances({}); }
  Invariants(const Invariants&) = delete;
  Invariants& operator=(const Invariants&) = delete;

  port::Platform watched_platform() {
    ports_are_watched_ = true;
    return ports_.platform();
  }

  void command_begin(const port::CommandBegin& event) override;
  void command_end(const port::CommandEnd& event) override;
  void granule_transition(const port::GranuleTransition& event) override;
  void rtt_write(const port::RttWrite& event) override;
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override;
  void rec_enter(const port::RecEntry& event) override;
  void rec_exit(const port::RecExitEvent& event) override;
  void trap(const port::TrapEvent& event) override;
  void ns_read(abi::Pa pa, std::uint64_t size) override;
  // From now on nothing is swept but by sweep(): for whoever checks at each event what is cheap there.
  void sweep_only_when_asked() { sweeps_ = false; }
  // Everything at once; at the end of a run. Precondition: no command is in progress.
  void sweep();
  // The monitor's state has become another one (a snapshot was restored): what was remembered of the old one is void.
  // Precondition: no command is in progress.
  void state_was_replaced();

 private:
  void host_was_read(abi::Pa pa, std::span<const std::byte> bytes) override;
  void host_is_written(abi::Pa pa, std::span<const std::byte> bytes) override;
  void memory_is_written(abi::Pa pa, std::span<const std::byte> bytes) override;
  void granule_is_wiped(abi::GranulePa granule) override;
  void pas_was_set(abi::GranulePa granule, abi::Pas pas) override;
  void cpu_is_reached(port::CpuId cpu) override;
  void shared_is_accessed(const port::Step& step) override;
  void lock_is_wanted(const port::Lock& lock, const port::Step& step) override;
  void lock_was_taken(const port::Lock& lock, const port::Step& step) override;
  void lock_is_released(const port::Lock& lock, const port::Step& step) override;

  ActorProgress& actor() { return actors_[platform_.sync.self().value]; }
  bool anyone_commands() const;
  const core::Realm* realm_of(abi::Pa rd) const;
  const core::Rec* rec_of(abi::Pa rec) const;
  void add_effect(Kind kind, std::uint64_t object);
  void count_work();

  void judge(const ActorProgress& self, const port::CommandEnd& event);
  void look_at_end(const port::CommandEnd& event);
  void rmi_ended(ActorProgress& self, const port::CommandEnd& event);
  // Empty: none. `entry` has read the entry structure.
  std::string forbidden_list_registers(const RmiProgress& entry) const;
  void call_ended(ActorProgress& self, const port::CommandEnd& event);
  // A phase of a run ends: compares the REC with what it was at the phase's begin.
  void look_at_rec(RunProgress& run);
  // ... without an answered call.
  void left_without_answer(RunProgress& run);
  void next_phase(RunProgress& run);
  void realm_was_locked(ActorProgress& self, const core::Realm& realm);
  void realm_is_unlocked(ActorProgress& self, abi::GranulePa granule);
  void rec_is_unlocked(ActorProgress& self, abi::Pa rec);

  port::Platform platform_;
  core::MonitorState& state_;
  Findings& findings_;
  core::Limits limits_;
  Circumstances circumstances_;
  WatchedPorts ports_;
  Conditions conditions_;
  LockRules locks_;
  Tables tables_;
  Taint taint_;
  TokenCheck tokens_;
  std::map<std::uint16_t, ActorProgress> actors_;
  std::map<std::uint64_t, core::Realm> realms_;                 // by RD: as they were when their lock was let go
  std::map<std::uint64_t, core::Measurement> frozen_rims_;      // by RD, once active
  std::map<std::uint64_t, std::uint16_t> running_;              // PE by REC
  std::map<std::uint64_t, std::string_view> unanswered_calls_;  // by REC: a call that left and ends at an entry
  bool sweep_due_ = false, sweeps_ = true;
  bool ports_are_watched_ = false;
};

}  // namespace rmm::check
