// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.19 RMI_RTT_MAP_UNPROTECTED, B4.3.22 RMI_RTT_UNMAP_UNPROTECTED.
#include <algorithm>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"
#include "rmm/spec/descriptor.h"
#include "rmm/spec/live_top.h"

namespace rmm::spec {
namespace {

using enum Report;

struct UnprotectedContext : Context {
  using Context::Context;
  mutable WalkOnce walked{};
  Pa rd() const { return pa(1); }
  Ipa target() const { return ipa(2); }
  std::int64_t level() const { return static_cast<std::int64_t>(call.x(3)); }
  const Realm& realm() const { return state.realms.at(rd()); }
  const Walk& walk() const {
    return walked.get([&] { return spec::walk(state, rd(), target(), static_cast<int>(level())); });
  }
  // B3.65, D13: blocks at levels 1 and 2, pages at level 3.
  bool level_is_block_or_page() const {
    return level() >= std::max(1, realm().rtt_level_start) && level() <= kPageLevel;
  }
};

constexpr auto kLevelBound = [](const auto& c) { return !c.level_is_block_or_page(); };
constexpr auto kIpaAlign = [](const auto& c) {
  return !is_level_aligned(c.target().value, static_cast<int>(c.level()));
};
constexpr auto kIpaBound = [](const auto& c) {
  return c.target().value >= c.realm().ipa_limit() || is_protected(c.target(), c.realm());
};
constexpr auto kRttWalkEnds = [](const auto& c) { return c.walk().level < c.level(); };

struct MapUnprotected : UnprotectedContext {
  using UnprotectedContext::UnprotectedContext;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"ipa", 2}, Register{"level", 3}, Register{"desc", 4}};
  static constexpr std::array<Register, 0> kOutputs{};
  std::uint64_t desc() const { return call.x(4); }
  Entry mapping() const { return entry_from_descriptor(desc(), realm().lpa2); }

  static const Conditions<MapUnprotected>& conditions() {
    using C = MapUnprotected;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"attr_valid", kInput,
                         [](const C& c) { return descriptor_invalid(c.desc(), c.platform.features.lpa2); }},
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"level_bound", kInput, kLevelBound},
            Condition<C>{
                "addr_align", kInput,
                [](const C& c) { return !is_level_aligned(c.mapping().addr.value, static_cast<int>(c.level())); }},
            Condition<C>{"addr_bound", kInput,
                         [](const C& c) { return !c.realm().lpa2 && c.mapping().addr.value >= (1ULL << 48); }},
            Condition<C>{"ipa_align", kInput, kIpaAlign},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
            Condition<C>{"rtt_walk", kRttWalk, kRttWalkEnds},
            Condition<C>{"rtte_state", kRttWalk,
                         [](const C& c) { return c.walk().entry.state != EntryState::kUnassignedNs; }},
        },
        std::array{Precedes{"rd_bound rd_state", "rtt_walk rtte_state"},
                   Precedes{"level_bound ipa_bound", "rtt_walk rtte_state"},
                   Precedes{"rd_state", "level_bound addr_bound ipa_bound"},
                   Precedes{"level_bound", "addr_align ipa_align"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0);
    done.next.entries.push_back({walk().key, walk().index, mapping()});
    outcomes.push_back(std::move(done));
  }
};

struct UnmapUnprotected : UnprotectedContext {
  using UnprotectedContext::UnprotectedContext;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"ipa", 2}, Register{"level", 3}};
  static constexpr std::array kOutputs{Register{"top", 1}};
  static constexpr std::size_t kTop = 1;
  static const Conditions<UnmapUnprotected>& conditions() {
    using C = UnmapUnprotected;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"level_bound", kInput, kLevelBound},
            Condition<C>{"ipa_align", kInput, kIpaAlign},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
            Condition<C>{"rtt_walk", kRttWalk, kRttWalkEnds},
            Condition<C>{"rtte_state", kRttWalk,
                         [](const C& c) { return c.walk().entry.state != EntryState::kAssignedNs; }},
        },
        std::array{Precedes{"rd_bound rd_state", "rtt_walk rtte_state"},
                   Precedes{"level_bound ipa_bound", "rtt_walk rtte_state"},
                   Precedes{"rd_state", "level_bound ipa_bound"}, Precedes{"level_bound", "ipa_align"},
                   Precedes{"rd_align", "rd_bound"}, Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void amend(const Condition<UnmapUnprotected>& found, Outcome& outcome, std::vector<Outcome>& outcomes) const {
    if (found.report == kRttWalk) set_top(outcome, kTop, walk(), target(), outcomes);
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0, kOutputs, {top_beyond(walk(), target()).value});
    done.next.entries.push_back({walk().key, walk().index, {.state = EntryState::kUnassignedNs, .addr = {}}});
    outcomes.push_back(std::move(done));
  }
};

}  // namespace

std::vector<Command> unprotected_commands() {
  return {row<MapUnprotected>("RMI_RTT_MAP_UNPROTECTED", abi::v1_0::kRmiRttMapUnprotected, Interface::kRmi),
          row<UnmapUnprotected>("RMI_RTT_UNMAP_UNPROTECTED", abi::v1_0::kRmiRttUnmapUnprotected, Interface::kRmi)};
}

}  // namespace rmm::spec
