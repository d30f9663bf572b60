// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.1 RMI_DATA_CREATE, B4.3.2 RMI_DATA_CREATE_UNKNOWN, B4.3.3 RMI_DATA_DESTROY.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"
#include "rmm/spec/live_top.h"
#include "rmm/spec/measurement.h"

namespace rmm::spec {
namespace {

using enum Report;

struct DataContext : Context {
  using Context::Context;
  mutable WalkOnce walked{};
  Pa rd() const { return pa(1); }
  const Realm& realm() const { return state.realms.at(rd()); }
  const Walk& page_walk(Ipa target) const {
    return walked.get([&] { return spec::walk(state, rd(), target, kPageLevel); });
  }
};

constexpr auto kDataAlign = [](const auto& c) { return !c.aligned(c.data()); };
constexpr auto kDataBound = [](const auto& c) { return !c.delegable(c.data()); };
constexpr auto kDataState = [](const auto& c) { return !c.is(c.data(), GranuleState::kDelegated); };
constexpr auto kDataBound2 = [](const auto& c) { return !c.realm().lpa2 && c.data().value >= (1ULL << 48); };
constexpr auto kIpaAlign = [](const auto& c) { return !c.aligned(c.target()); };
constexpr auto kIpaBound = [](const auto& c) { return !is_protected(c.target(), c.realm()); };
constexpr auto kRttWalkEnds = [](const auto& c) { return c.walk().level < kPageLevel; };
constexpr auto kNotUnassigned = [](const auto& c) { return c.walk().entry.state != EntryState::kUnassigned; };

struct DataCreate : DataContext {
  using DataContext::DataContext;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"data", 2}, Register{"ipa", 3}, Register{"src", 4},
                                      Register{"flags", 5}};
  static constexpr std::array<Register, 0> kOutputs{};
  mutable std::optional<std::optional<std::vector<std::byte>>> read{};

  Pa data() const { return pa(2); }
  Ipa target() const { return ipa(3); }
  Pa src() const { return pa(4); }
  std::uint64_t flags() const { return call.x(5); }
  const Walk& walk() const { return page_walk(target()); }
  const std::optional<std::vector<std::byte>>& content() const {
    if (!read) read = world.non_secure(src(), abi::kGranuleSize);
    return *read;
  }

  static const Conditions<DataCreate>& conditions() {
    using C = DataCreate;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"src_align", kInput, [](const C& c) { return !aligned(c.src()); }},
            Condition<C>{"src_bound", kInput, [](const C& c) { return !c.delegable(c.src()); }},
            Condition<C>{"src_pas", kInput, [](const C& c) { return !c.accessible(c.src()) || !c.content(); }},
            Condition<C>{"data_align", kInput, kDataAlign},
            Condition<C>{"data_bound", kInput, kDataBound},
            Condition<C>{"data_state", kInput, kDataState},
            Condition<C>{"data_bound2", kInput, kDataBound2},
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"ipa_align", kInput, kIpaAlign},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
            Condition<C>{"realm_state", kRealm, [](const C& c) { return c.realm().state != RealmState::kNew; }},
            Condition<C>{"rtt_walk", kRttWalk, kRttWalkEnds},
            Condition<C>{"rtte_state", kRttWalk, kNotUnassigned},
        },
        std::array{Precedes{"rd_bound rd_state", "realm_state"}, Precedes{"rd_bound rd_state", "rtt_walk rtte_state"},
                   Precedes{"ipa_bound", "rtt_walk rtte_state"}, Precedes{"rd_state", "data_bound2 ipa_bound"},
                   Precedes{"rtt_walk", "rtte_state"}, Precedes{"src_align", "src_bound"},
                   Precedes{"src_bound", "src_pas"}, Precedes{"data_align", "data_bound"},
                   Precedes{"data_bound", "data_state"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0);
    Realm measured = realm();
    measured.measurements[0] =
        rim_extend_data(measured.hash_algo, measured.measurements[0], target(), flags(), *content());
    done.next.granules = {{data(), GranuleState::kData}};
    done.next.realms.emplace_back(rd(), measured);
    done.next.entries.push_back(
        {walk().key, walk().index, {.state = EntryState::kAssigned, .ripas = Ripas::kRam, .addr = data()}});
    outcomes.push_back(std::move(done));
  }
};

struct DataCreateUnknown : DataContext {
  using DataContext::DataContext;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"data", 2}, Register{"ipa", 3}};
  static constexpr std::array<Register, 0> kOutputs{};
  Pa data() const { return pa(2); }
  Ipa target() const { return ipa(3); }
  const Walk& walk() const { return page_walk(target()); }

  static const Conditions<DataCreateUnknown>& conditions() {
    using C = DataCreateUnknown;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"data_align", kInput, kDataAlign},
            Condition<C>{"data_bound", kInput, kDataBound},
            Condition<C>{"data_state", kInput, kDataState},
            Condition<C>{"data_bound2", kInput, kDataBound2},
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"ipa_align", kInput, kIpaAlign},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
            Condition<C>{"rtt_walk", kRttWalk, kRttWalkEnds},
            Condition<C>{"rtte_state", kRttWalk, kNotUnassigned},
        },
        std::array{Precedes{"rd_bound rd_state", "rtt_walk rtte_state"}, Precedes{"ipa_bound", "rtt_walk rtte_state"},
                   Precedes{"rd_state", "data_bound2 ipa_bound"}, Precedes{"rtt_walk", "rtte_state"},
                   Precedes{"data_align", "data_bound"}, Precedes{"data_bound", "data_state"},
                   Precedes{"rd_align", "rd_bound"}, Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0);
    done.next.granules = {{data(), GranuleState::kData}};
    done.wiped = {data()};
    // A5.3.5: the RIPAS stays.
    done.next.entries.push_back(
        {walk().key, walk().index, {.state = EntryState::kAssigned, .ripas = walk().entry.ripas, .addr = data()}});
    outcomes.push_back(std::move(done));
  }
};

struct DataDestroy : DataContext {
  using DataContext::DataContext;
  static constexpr std::array kInputs{Register{"rd", 1}, Register{"ipa", 2}};
  static constexpr std::array kOutputs{Register{"data", 1}, Register{"top", 2}};
  static constexpr std::size_t kTop = 2;
  Ipa target() const { return ipa(2); }
  const Walk& walk() const { return page_walk(target()); }

  static const Conditions<DataDestroy>& conditions() {
    using C = DataDestroy;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"rd_align", kInput, kRdAlign},
            Condition<C>{"rd_bound", kInput, kRdBound},
            Condition<C>{"rd_state", kInput, kRdState},
            Condition<C>{"ipa_align", kInput, kIpaAlign},
            Condition<C>{"ipa_bound", kInput, kIpaBound},
            Condition<C>{"rtt_walk", kRttWalk, kRttWalkEnds},
            Condition<C>{"rtte_state", kRttWalk,
                         [](const C& c) { return c.walk().entry.state != EntryState::kAssigned; }},
        },
        std::array{Precedes{"rd_bound rd_state", "rtt_walk rtte_state"}, Precedes{"ipa_bound", "rtt_walk rtte_state"},
                   Precedes{"rd_state", "ipa_bound"}, Precedes{"rd_align", "rd_bound"},
                   Precedes{"rd_bound", "rd_state"}}};
    return all;
  }
  void amend(const Condition<DataDestroy>& found, Outcome& outcome, std::vector<Outcome>& outcomes) const {
    if (found.report == kRttWalk) set_top(outcome, kTop, walk(), target(), outcomes);
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    const Entry& was = walk().entry;
    const Ripas ripas = was.ripas == Ripas::kRam ? Ripas::kDestroyed : was.ripas;
    Outcome done = result(call, 0, kOutputs, {was.addr.value, top_beyond(walk(), target()).value});
    done.next.granules = {{was.addr, GranuleState::kDelegated}};
    done.next.entries.push_back(
        {walk().key, walk().index, {.state = EntryState::kUnassigned, .ripas = ripas, .addr = {}}});
    outcomes.push_back(std::move(done));
  }
};

}  // namespace

std::vector<Command> data_commands() {
  return {row<DataCreate>("RMI_DATA_CREATE", abi::v1_0::kRmiDataCreate, Interface::kRmi),
          row<DataCreateUnknown>("RMI_DATA_CREATE_UNKNOWN", abi::v1_0::kRmiDataCreateUnknown, Interface::kRmi),
          row<DataDestroy>("RMI_DATA_DESTROY", abi::v1_0::kRmiDataDestroy, Interface::kRmi)};
}

}  // namespace rmm::spec
