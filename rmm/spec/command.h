// SPDX-License-Identifier: GPL-2.0-or-later
// What the commands share: the context that conditions read, the table of commands, and how results are put together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rmm/spec/conditions.h"
#include "rmm/spec/ipa_map.h"
#include "rmm/spec/outcome.h"

namespace rmm::spec {

struct Register {
  std::string_view name;
  std::size_t x = 0;
};

struct ConditionId {
  std::string_view id;
  Report report = Report::kInput;
  std::uint32_t before = 0;  // bit n: condition n of the command precedes this one
};

enum class Interface : std::uint8_t { kRmi, kRsi, kPsci };

// One row per command, with the names of DEN0137.
struct Command {
  std::string_view name;
  std::uint32_t fid = 0;
  Interface interface = Interface::kRmi;
  std::span<const Register> inputs;
  std::span<const Register> outputs;  // beside X0
  std::vector<Outcome> (*allowed)(const Platform&, const State&, const World&, const Call&) = nullptr;
  std::vector<ConditionId> (*conditions)() = nullptr;
  std::uint32_t fid32 = 0;  // PSCI: the SMC32 form (D7), 0 if there is none
};

std::span<const Command> commands();
const Command* find_command(std::uint32_t fid);  // nullptr: none

// How RMI_REC_ENTER goes on behind its checks, in this state: one result.
std::vector<Outcome> entries(const Platform& platform, const State& state, const World& world, const Call& call);

// `RMI_RTT_CREATE rd=0x... rtt=0x... ipa=0x... level=3`; a realm's call ends in ` rec=0x...`.
std::string script_line(const Call& call);

// Base of each command's context.
struct Context {
  Context(const Platform& facts, const State& before, const World& around, const Call& made)
      : platform(facts), state(before), world(around), call(made) {}

  const Platform& platform;
  const State& state;
  const World& world;
  const Call& call;

  Pa pa(std::size_t n) const { return {call.x(n)}; }
  Ipa ipa(std::size_t n) const { return {call.x(n)}; }

  static bool aligned(Pa pa) { return abi::is_granule_aligned(pa); }
  static bool aligned(Ipa ipa) { return abi::is_granule_aligned(ipa); }
  bool delegable(Pa pa) const { return platform.is_delegable(pa); }
  bool is(Pa pa, GranuleState granule) const { return state.granule(pa) == granule; }
  // GranuleAccessPermitted(pa, PAS_NS). What is delegated is in the Realm PAS, whatever else.
  bool accessible(Pa pa) const {
    return world.was_read(pa) || (is(pa, GranuleState::kUndelegated) && world.pas(pa) == abi::Pas::kNonSecure);
  }
};

constexpr std::uint64_t rtt_error(int level) {
  return abi::v1_0::RmiReturn{abi::v1_0::RmiStatus::kErrorRtt, static_cast<std::uint8_t>(level)}.raw();
}

// X0 of a failure whose report has no level.
std::uint64_t code_without_level(Report report);

// X0 of a failure. Contexts of commands that walk have walk(), those with a level argument have level().
template <class C>
std::uint64_t code(Report report, const C& c) {
  if constexpr (requires { c.walk(); }) {
    if (report == Report::kRttWalk) return rtt_error(c.walk().level);
  }
  if constexpr (requires { c.level(); }) {
    if (report == Report::kRttLevel) return rtt_error(static_cast<int>(c.level()));
  }
  return code_without_level(report);
}

// D1: X0 set, X1..X3 zero, the rest as it came; then the outputs.
Outcome result(const Call& call, std::uint64_t x0, std::span<const Register> outputs = {},
               std::initializer_list<std::uint64_t> values = {});
// The registers of a failure: outputs of the command are zero.
Outcome failure(const Call& call, std::string_view condition, std::uint64_t x0, std::span<const Register> outputs);

// A command is a context C: inputs by name, `kOutputs`, `conditions()`, and `succeed(outcomes)`, which appends what
// success may look like. `amend(found, outcome, outcomes)`, where there is one, completes a failure that has outputs;
// what it appends to `outcomes` are further forms of the same failure.
template <class C>
std::vector<Outcome> allowed_of(const Platform& platform, const State& state, const World& world, const Call& call) {
  const C c(platform, state, world, call);
  std::vector<Outcome> outcomes;
  const bool fails = C::conditions().failures(c, [&](const Condition<C>& found) {
    Outcome outcome = failure(call, found.id, code(found.report, c), C::kOutputs);
    if constexpr (requires { c.amend(found, outcome, outcomes); }) c.amend(found, outcome, outcomes);
    outcomes.push_back(std::move(outcome));
  });
  if (!fails) c.succeed(outcomes);
  return outcomes;
}

template <class C>
std::vector<ConditionId> ids_of() {
  const Conditions<C>& conditions = C::conditions();
  std::vector<ConditionId> out;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    out.push_back({conditions[i].id, conditions[i].report, conditions.before(i)});
  }
  return out;
}

template <class C>
Command row(std::string_view name, std::uint32_t fid, Interface interface, std::uint32_t fid32 = 0) {
  return {name, fid, interface, C::kInputs, C::kOutputs, allowed_of<C>, ids_of<C>, fid32};
}

// The rows of each chapter's commands.
std::vector<Command> granule_commands();
std::vector<Command> realm_commands();
std::vector<Command> rec_commands();
std::vector<Command> rec_enter_commands();
std::vector<Command> data_commands();
std::vector<Command> rtt_commands();
std::vector<Command> unprotected_commands();
std::vector<Command> ripas_commands();
std::vector<Command> rmi_information_commands();
std::vector<Command> psci_complete_commands();
std::vector<Command> rsi_commands();
std::vector<Command> psci_commands();

// Commands without conditions on the page.
inline constexpr std::array<Precedes, 0> kNoOrder{};

// Conditions that stand on many pages. `c.rd()` and so on are the command's inputs.
inline constexpr auto kRdAlign = [](const auto& c) { return !c.aligned(c.rd()); };
inline constexpr auto kRdBound = [](const auto& c) { return !c.delegable(c.rd()); };
inline constexpr auto kRdState = [](const auto& c) { return !c.is(c.rd(), GranuleState::kRd); };
inline constexpr auto kRecAlign = [](const auto& c) { return !c.aligned(c.rec()); };
inline constexpr auto kRecBound = [](const auto& c) { return !c.delegable(c.rec()); };
inline constexpr auto kRecGranState = [](const auto& c) { return !c.is(c.rec(), GranuleState::kRec); };

// A table walk of the command, made once, when the first condition asks for it.
struct WalkOnce {
  std::optional<Walk> made;
  template <class Make>
  const Walk& get(Make&& make) {
    if (!made) made = make();
    return *made;
  }
};

}  // namespace rmm::spec
