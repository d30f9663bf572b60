// SPDX-License-Identifier: GPL-2.0-or-later
// The monitor on the bare platform, moved by hand: by a script or by a fuzzer.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rmm/check/findings.h"
#include "rmm/check/invariants.h"
#include "rmm/check/model_check.h"
#include "rmm/monitor.h"
#include "sim/bare/move.h"
#include "sim/bare/platform.h"
#include "sim/bare/turns.h"
#include "sim/firmware/attestation.h"
#include "sim/trace/fanout.h"

namespace sim::bare {

enum class Check : std::uint8_t {
  kNone,
  kLocal,       // the invariants that one event decides, by what the monitor tells alone
  kInvariants,  // all, as under --check
  kModel,       // as under --check=model
};

struct Settings {
  Banks banks = default_banks();
  rmm::core::Limits limits;
  Check check = Check::kNone;
  bool signs =
      false;  // firmware signs tokens with the test keys, which takes a millisecond; else they only look signed
};

// What a move led to.
struct Result {
  bool happened = false;  // a realm's act without a realm did not
  bool answered = false;  // the host's call has ended: `regs`
  bool excepted = false;  // a realm's act: it made an exception
  abi::SmcRegs regs{};
};

class Machine : private Player {
 public:
  explicit Machine(const Settings& settings = {});
  ~Machine() override;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Result perform(const Move& move);
  // Both at once. Each result is as of one alone.
  std::array<Result, 2> perform(const Together& together);
  // Interrupts make all realms leave.
  void rest();

  // Is told of everything that the monitor tells, after the check.
  void observe(rmm::port::Observer& observer) { observers_.add(observer); }

  // The REC that PE `pe` runs, if the realm waits for its next act.
  std::optional<abi::Pa> runs(unsigned pe) const {
    return turns_.is_parked(pe) ? std::optional(pes_.at(pe).rec) : std::nullopt;
  }
  const RealmCpu* cpu(unsigned pe) const { return turns_.is_parked(pe) ? pes_.at(pe).cpu : nullptr; }
  // Conditions of the monitor can be turned off.
  rmm::call::Switches& switches() { return monitor_.switches(); }
  const Settings& settings() const { return settings_; }
  const rmm::core::MonitorState& state() const { return state_; }
  // What the monitor holds, looked at without being seen.
  rmm::core::Context core() { return {raw_, state_}; }
  const rmm::core::Realm* realm_at(abi::Pa rd) const;
  const rmm::core::Rec* rec_at(abi::Pa rec) const;
  Platform& platform() { return platform_; }
  bool in_dram(abi::Pa pa) const { return state_.granules.is_delegable(pa); }
  std::uint16_t current_pe() const { return turns_.self().value; }
  int locks_held() const { return turns_.held(); }
  std::uint64_t steps() const { return steps_; }  // of the last two that were together

  // What the check found, in words; empty: nothing.
  std::vector<std::string> findings() const;
  bool found() const { return findings_.any() || (model_ && model_->difference()); }
  // Checks that look at everything.
  void look_at_everything();
  const rmm::check::ModelCheck* model() const { return model_.get(); }
  const rmm::check::Findings& invariants() const { return findings_; }

 private:
  struct OnePe {
    Pe pe;
    abi::SmcRegs regs;  // of the host's call, then its answer
    abi::Pa rec;
    RealmCpu* cpu = nullptr;
    const Act* act = nullptr;  // the realm's next
    bool excepted = false;
    bool ended = true;
  };

  abi::Exception play(RealmCpu& cpu, port::Pe& pe) override;
  std::optional<abi::Exception> play_act(OnePe& one, RealmCpu& cpu);
  std::optional<abi::Exception> access(const OnePe& one, const RealmCpu& cpu, const RealmAccess& access);
  void put_data(const OnePe& one, const RealmData& data);
  void execute(unsigned pe);
  void leave(unsigned pe);
  void write(const HostWrite& write);
  void around(const Move& move);
  bool prepare(const Move& move);
  Result result(const Move& move) const;
  port::Attestation* firmware_services();
  port::Platform monitor_ports();

  Settings settings_;
  Platform platform_;
  Turns turns_;
  trace::MonitorFanout observers_;
  std::unique_ptr<sim::Attestation> firmware_;
  bool attests_ = true;
  port::Platform raw_;
  rmm::core::MonitorState state_;
  rmm::check::Findings findings_;
  std::unique_ptr<rmm::check::Invariants> invariants_;
  std::unique_ptr<rmm::check::ModelCheck> model_;
  rmm::Monitor monitor_;
  std::array<OnePe, Turns::kPes> pes_;
  std::uint64_t steps_ = 0;
};

}  // namespace sim::bare
