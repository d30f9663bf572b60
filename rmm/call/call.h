// SPDX-License-Identifier: GPL-2.0-or-later
// One command on its way through the monitor: arguments decoded by name, conditions checked by id, outcome reported.
//
//   inline constexpr Condition kConditions[] = {{"rd_align", kInput, "rd is not aligned to a granule"}, ...};
//   inline constexpr Command kRttCreate{...};
//   Outcome rtt_create(Call<kRttCreate>& c) {
//     const abi::Pa rd{c.in<"rd">()};
//     if (c.fails<"rd_align">(!is_granule_aligned(rd))) return c.failed();
//     ...
//     c.sees(walk);  // an operand of the conditions that follow
//     if (c.fails<"rtt_walk">(walk.level < level - 1)) return c.failed(RttLevel{walk.level});
//     return c.done();
//   }
//
// Conditions must be tested in the order in which the row lists them; a handler that does not is a bug and aborts.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rmm/abi/smc.h"
#include "rmm/call/command.h"
#include "rmm/call/operand.h"
#include "rmm/core/context.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/pe.h"
#include "rmm/port/platform.h"

namespace rmm::call {

// Conditions that are switched off, for mutation tests: a test suite that does not notice has a hole.
class Switches {
 public:
  void turn_off(std::uint32_t fid, std::string_view condition) { off_.push_back({fid, condition}); }
  void restore() { off_.clear(); }
  bool is_off(std::uint32_t fid, std::string_view condition) const {
    for (const Entry& e : off_)
      if (e.fid == fid && e.condition == condition) return true;
    return false;
  }

 private:
  struct Entry {
    std::uint32_t fid;
    std::string_view condition;  // static storage (an id of a row)
  };
  std::vector<Entry> off_;
};

// What every command may touch.
struct Environment {
  port::Platform& platform;
  core::MonitorState& state;
  const core::Limits& limits;
  const Switches& switches;
};

// Index of RMI_ERROR_RTT: the level where the walk stopped (B4.4.1).
struct RttLevel {
  int value;
};

// Any other index in the return word (RMI_ERROR_REALM of REC_ENTER).
struct Index {
  std::uint8_t value;
};

inline constexpr std::size_t kMaxOutputs = 8;  // RSI_MEASUREMENT_READ: X1..X8

// What a handler returns: the return word. The values of the row's outputs stay with the call.
struct Outcome {
  std::uint64_t x0 = 0;
  const Condition* failed = nullptr;
};

// The part of a call that does not depend on the row's type. Environment and registers outlive it.
class CallBase {
 public:
  CallBase(const Command& command, const Environment& environment, port::Pe& pe, const abi::SmcRegs& regs,
           std::uint64_t rec_pa)
      : platform(environment.platform),
        state(environment.state),
        limits(environment.limits),
        pe(pe),
        environment(environment),
        command_(command),
        regs_(regs),
        rec_pa_(rec_pa) {}

  port::Platform& platform;
  core::MonitorState& state;
  const core::Limits& limits;
  port::Pe& pe;
  const Environment& environment;

  // The failure of the condition that `fails` found. Outputs set with `output` are kept, all others are zero (D1).
  Outcome failed() const { return failed_with(0); }
  Outcome failed(RttLevel level) const { return failed_with(static_cast<std::uint64_t>(level.value & 0xff) << 8); }
  Outcome failed(Index index) const { return failed_with(std::uint64_t{index.value} << 8); }

  // What later conditions look at, for the values an observer gets. The object outlives the last of these conditions.
  void sees(const core::RttWalk& walk) { seen_.walk = &walk; }
  void sees(const abi::v1_0::RealmParams& params) { seen_.realm_params = &params; }
  void sees(const abi::v1_0::RecParams& params) { seen_.rec_params = &params; }
  void sees(const abi::v1_0::RecEnter& enter) { seen_.enter = &enter; }

  // What effects of the core act on.
  core::Context core() const { return {platform, state}; }
  const Command& command() const { return command_; }
  const abi::SmcRegs& registers() const { return regs_; }
  // RSI and PSCI: PA of the calling REC.
  std::uint64_t rec_pa() const { return rec_pa_; }

  // Tells the observer that the command begins or has ended. `invoke` does both; a command that is completed later
  // (RSI_HOST_CALL, RSI_IPA_STATE_SET, PSCI_CPU_ON) ends when its result is known.
  void tell_begin() const;
  void tell_end(const Outcome& outcome) const;

  // D1: X0 and the defined outputs are set, other X1..X3 are zero, X4 and above keep their value.
  abi::SmcRegs to_registers(const Outcome& outcome) const;

 protected:
  bool check(std::size_t index, bool condition) {
    if (index < reached_) out_of_order(index);
    reached_ = index;
    if (!condition) [[likely]]
      return false;
    return record(index);
  }
  Outcome failed_with(std::uint64_t index_bits) const;

  std::array<std::uint64_t, kMaxOutputs> outputs_{};  // of the row in order, zero where not set

 private:
  bool record(std::size_t index);
  [[noreturn]] void out_of_order(std::size_t index) const;

  const Command& command_;
  const abi::SmcRegs& regs_;
  std::uint64_t rec_pa_;
  std::size_t reached_ = 0;
  const Condition* failed_ = nullptr;  // what `check` found
  Seen seen_;
  std::vector<port::OperandValue> values_;  // of the condition that failed
};

template <const Command& kCommand>
class Call : public CallBase {
  static_assert(is_sound(kCommand), "the row's conditions contradict its mandated order");
  static_assert(kCommand.out.size() <= kMaxOutputs);

 public:
  // `rec_pa`: for RSI and PSCI the PA of the calling REC.
  Call(const Environment& environment, port::Pe& pe, const abi::SmcRegs& regs, std::uint64_t rec_pa = 0)
      : CallBase(kCommand, environment, pe, regs, rec_pa) {}

  // The input argument `kName` of the row, all 64 bits of its register.
  template <Id kName>
  std::uint64_t in() const {
    constexpr std::size_t kIndex = find_parameter(kCommand.in, kName.view());
    static_assert(kIndex != kNotFound, "the row has no such argument");
    return registers().x[kCommand.in[kIndex].reg];
  }

  // True iff `condition` holds and is not switched off; the call then fails with this condition's status.
  template <Id kId>
  bool fails(bool condition) {
    constexpr std::size_t kIndex = find_condition(kCommand, kId.view());
    static_assert(kIndex != kNotFound, "the row has no such condition");
    return check(kIndex, condition);
  }

  // Sets one output by name; kept by done() and failed().
  template <Id kName>
  void output(std::uint64_t value) {
    constexpr std::size_t kIndex = find_parameter(kCommand.out, kName.view());
    static_assert(kIndex != kNotFound, "the row has no such output");
    outputs_[kIndex] = value;
  }

  // Success, status 0; the values are the row's outputs in order.
  template <class... Values>
  Outcome done(Values... values) {
    return done_as(0, values...);
  }

  // A success outcome with another status (RSI_INCOMPLETE, a PSCI value).
  template <class... Values>
  Outcome done_as(std::uint64_t x0, Values... values) {
    static_assert(sizeof...(Values) <= kCommand.out.size(), "more values than outputs");
    std::size_t i = 0;
    ((outputs_[i++] = static_cast<std::uint64_t>(values)), ...);
    return {.x0 = x0, .failed = nullptr};
  }
};

// Runs one command from registers to registers: begin event, `handler(call, extra...)`, end event.
template <const Command& kCommand, class Handler, class... Extra>
abi::SmcRegs invoke(Handler&& handler, const Environment& environment, port::Pe& pe, const abi::SmcRegs& regs,
                    std::uint64_t rec_pa = 0, Extra&&... extra) {
  Call<kCommand> call(environment, pe, regs, rec_pa);
  if (environment.platform.observer != nullptr) call.tell_begin();
  const Outcome outcome = handler(call, static_cast<Extra&&>(extra)...);
  if (environment.platform.observer != nullptr) call.tell_end(outcome);
  return call.to_registers(outcome);
}

}  // namespace rmm::call
