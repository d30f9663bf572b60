// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.15 RMI_RTT_CREATE, B4.3.16 RMI_RTT_DESTROY, B4.3.17 RMI_RTT_FOLD, B4.3.20 RMI_RTT_READ_ENTRY.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"
#include "rmm/spec/descriptor.h"
#include "rmm/spec/live_top.h"

namespace rmm::spec {
namespace {

using enum Report;

struct RttContext : Context {
  using Context::Context;
  mutable WalkOnce walked{};
  Pa rd() const { return pa(1); }
  const Realm& realm() const { return state.realms.at(rd()); }
  bool level_is_valid(std::int64_t level) const { return level >= realm().rtt_level_start && level <= kPageLevel; }
  bool level_is_starting(std::int64_t level) const { return level == realm().rtt_level_start; }
  const Walk& walk_to(Ipa target, std::int64_t level) const {
    return walked.get([&] { return spec::walk(state, rd(), target, static_cast<int>(level)); });
  }
};

// A command about a table below the starting level: its parent entry stands at level - 1.
constexpr auto kLevelBound = [](const auto& c) {
  return !c.level_is_valid(c.level()) || c.level_is_starting(c.level());
};
constexpr auto kIpaAlign = [](const auto& c) {
  return !is_level_aligned(c.target().value, static_cast<int>(c.level()) - 1);
};
constexpr auto kIpaBound = [](const auto& c) { return c.target().value >= c.realm().ipa_limit(); };
constexpr auto kRttWalkEnds = [](const auto& c) { return c.walk().level < c.level() - 1; };
constexpr auto kNoTable = [](const auto& c) { return c.walk().entry.state != EntryState::kTable; };

struct RttCreate : RttContext {
  using RttContext::RttContext;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"rtt", 2}, Register{"ipa", 3}, Register{"level", 4}};
  static constexpr std::array<Register, 0> kOutputs{};
  Pa rtt() const { return pa(2); }
  Ipa target() const { return ipa(3); }
  std::int64_t level() const { return static_cast<std::int64_t>(call.x(4)); }
  const Walk& walk() const { return walk_to(target(), level() - 1); }

  static const Conditions<RttCreate>& conditions() {
    using C = RttCreate;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"level_bound", kInput, kLevelBound},
            Condition<C>{"ipa_align", kInput, kIpaAlign},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
            Condition<C>{"rtt_align", kInput, [](const C& c) { return !aligned(c.rtt()); }},
            Condition<C>{"rtt_bound", kInput, [](const C& c) { return !c.delegable(c.rtt()); }},
            Condition<C>{"rtt_state", kInput, [](const C& c) { return !c.is(c.rtt(), GranuleState::kDelegated); }},
            Condition<C>{"rtt_bound2", kInput,
                         [](const C& c) { return !c.realm().lpa2 && c.rtt().value >= (1ULL << 48); }},
            Condition<C>{"rtt_walk", kRttWalk, kRttWalkEnds},
            Condition<C>{"rtte_state", kRttWalk, [](const C& c) { return c.walk().entry.state == EntryState::kTable; }},
        },
        std::array{Precedes{"rd_bound rd_state", "rtt_walk rtte_state"},
                   Precedes{"level_bound ipa_bound", "rtt_walk rtte_state"},
                   Precedes{"rd_state", "level_bound ipa_bound rtt_bound2"}, Precedes{"level_bound", "ipa_align"},
                   Precedes{"rtt_align", "rtt_bound"}, Precedes{"rtt_bound", "rtt_state"},
                   Precedes{"rd_align", "rd_bound"}, Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    const auto child = static_cast<int>(level());
    Table table;
    table.granule = rtt();
    for (std::size_t i = 0; i < kEntries; ++i) table.entries[i] = unfold(walk().entry, child, i);
    Outcome done = result(call, 0);
    done.next.granules = {{rtt(), GranuleState::kRtt}};
    done.next.tables.emplace_back(table_at(rd(), target(), child), table);
    done.next.entries.push_back({walk().key, walk().index, {.state = EntryState::kTable, .addr = rtt()}});
    outcomes.push_back(std::move(done));
  }
};

struct ChildContext : RttContext {
  using RttContext::RttContext;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"ipa", 2}, Register{"level", 3}};
  Ipa target() const { return ipa(2); }
  std::int64_t level() const { return static_cast<std::int64_t>(call.x(3)); }
  const Walk& walk() const { return walk_to(target(), level() - 1); }
  TableKey child_key() const { return table_at(rd(), target(), static_cast<int>(level())); }
  const Table& child() const { return state.tables.at(child_key()); }

  // The child's granule is given back and its parent entry becomes `entry`.
  Delta replace_child(const Entry& entry) const {
    Delta next;
    next.granules = {{walk().entry.addr, GranuleState::kDelegated}};
    next.tables.emplace_back(child_key(), std::nullopt);
    next.entries.push_back({walk().key, walk().index, entry});
    return next;
  }
};

struct RttDestroy : ChildContext {
  using ChildContext::ChildContext;
  static constexpr std::array kOutputs{Register{"rtt", 1}, Register{"top", 2}};
  static constexpr std::size_t kTop = 2;
  static const Conditions<RttDestroy>& conditions() {
    using C = RttDestroy;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"level_bound", kInput, kLevelBound},
            Condition<C>{"ipa_align", kInput, kIpaAlign},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
            Condition<C>{"rtt_walk", kRttWalk, kRttWalkEnds},
            Condition<C>{"rtte_state", kRttWalk, kNoTable},
            Condition<C>{"rtt_live", kRttLevel, [](const C& c) { return is_live(c.child()); }},
        },
        std::array{Precedes{"rd_bound rd_state", "rtt_walk rtte_state rtt_live"},
                   Precedes{"level_bound ipa_bound", "rtt_walk rtte_state"},
                   Precedes{"rd_state", "level_bound ipa_bound"}, Precedes{"level_bound", "ipa_align"},
                   Precedes{"rtt_walk rtte_state", "rtt_live"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void amend(const Condition<RttDestroy>& found, Outcome& outcome, std::vector<Outcome>& outcomes) const {
    if (found.report == kRttWalk) set_top(outcome, kTop, walk(), target(), outcomes);
    if (found.report == kRttLevel) outcome.regs.x[kTop] = target().value;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0, kOutputs, {walk().entry.addr.value, top_beyond(walk(), target()).value});
    Entry entry;
    if (is_protected(target(), realm())) {
      entry.ripas = Ripas::kDestroyed;
    } else {
      entry.state = EntryState::kUnassignedNs;  // D12
    }
    done.next = replace_child(entry);
    outcomes.push_back(std::move(done));
  }
};

struct RttFold : ChildContext {
  using ChildContext::ChildContext;
  static constexpr std::array kOutputs{Register{"rtt", 1}};
  std::optional<Entry> folded() const { return fold(child(), static_cast<int>(level())); }
  static const Conditions<RttFold>& conditions() {
    using C = RttFold;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"level_bound", kInput, kLevelBound},
            Condition<C>{"ipa_align", kInput, kIpaAlign},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
            Condition<C>{"rtt_walk", kRttWalk, kRttWalkEnds},
            Condition<C>{"rtte_state", kRttWalk, kNoTable},
            Condition<C>{"rtt_homo", kRttLevel, [](const C& c) { return !c.folded(); }},
        },
        std::array{Precedes{"rd_bound rd_state", "rtt_walk rtte_state rtt_homo"},
                   Precedes{"level_bound ipa_bound", "rtt_walk rtte_state"},
                   Precedes{"rd_state", "level_bound ipa_bound"}, Precedes{"level_bound", "ipa_align"},
                   Precedes{"rtt_walk rtte_state", "rtt_homo"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0, kOutputs, {walk().entry.addr.value});
    done.next = replace_child(*folded());
    outcomes.push_back(std::move(done));
  }
};

struct RttReadEntry : RttContext {
  using RttContext::RttContext;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"ipa", 2}, Register{"level", 3}};
  static constexpr std::array kOutputs{Register{"walk_level", 1}, Register{"state", 2}, Register{"desc", 3},
                                       Register{"ripas", 4}};
  Ipa target() const { return ipa(2); }
  std::int64_t level() const { return static_cast<std::int64_t>(call.x(3)); }
  const Walk& walk() const { return walk_to(target(), level()); }

  static const Conditions<RttReadEntry>& conditions() {
    using C = RttReadEntry;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"level_bound", kInput, [](const C& c) { return !c.level_is_valid(c.level()); }},
            Condition<C>{"ipa_align", kInput,
                         [](const C& c) { return !is_level_aligned(c.target().value, static_cast<int>(c.level())); }},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
        },
        std::array{Precedes{"rd_state", "level_bound ipa_bound"}, Precedes{"level_bound", "ipa_align"},
                   Precedes{"rd_align", "rd_bound"}, Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    using abi::v1_0::RmiRttEntryState;
    const Entry& entry = walk().entry;
    RmiRttEntryState shown = RmiRttEntryState::kUnassigned;  // B3.61
    if (entry.state == EntryState::kTable) shown = RmiRttEntryState::kTable;
    if (entry.state == EntryState::kAssigned || entry.state == EntryState::kAssignedNs) {
      shown = RmiRttEntryState::kAssigned;
    }
    outcomes.push_back(result(call, 0, kOutputs,
                              {static_cast<std::uint64_t>(walk().level), static_cast<std::uint64_t>(shown),
                               descriptor_of(entry, realm().lpa2), static_cast<std::uint64_t>(entry.ripas)}));
  }
};

}  // namespace

std::vector<Command> rtt_commands() {
  return {row<RttCreate>("RMI_RTT_CREATE", abi::v1_0::kRmiRttCreate, Interface::kRmi),
          row<RttDestroy>("RMI_RTT_DESTROY", abi::v1_0::kRmiRttDestroy, Interface::kRmi),
          row<RttFold>("RMI_RTT_FOLD", abi::v1_0::kRmiRttFold, Interface::kRmi),
          row<RttReadEntry>("RMI_RTT_READ_ENTRY", abi::v1_0::kRmiRttReadEntry, Interface::kRmi)};
}

}  // namespace rmm::spec
