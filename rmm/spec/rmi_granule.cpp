// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.5 RMI_GRANULE_DELEGATE, B4.3.6 RMI_GRANULE_UNDELEGATE.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"

namespace rmm::spec {
namespace {

using enum Report;

struct GranuleContext : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"addr", 1}};
  static constexpr std::array<Register, 0> kOutputs{};
  Pa addr() const { return pa(1); }
};

constexpr std::array kOrder{Precedes{"gran_align", "gran_bound"}, Precedes{"gran_bound", "gran_state gran_gpt"}};
constexpr std::array kUndelegateOrder{Precedes{"gran_align", "gran_bound"}, Precedes{"gran_bound", "gran_state"}};

struct GranuleDelegate : GranuleContext {
  using GranuleContext::GranuleContext;
  static const Conditions<GranuleDelegate>& conditions() {
    using C = GranuleDelegate;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"gran_align", kInput, [](const C& c) { return !aligned(c.addr()); }},
            Condition<C>{"gran_bound", kInput, [](const C& c) { return !c.delegable(c.addr()); }},
            Condition<C>{"gran_state", kInput, [](const C& c) { return !c.is(c.addr(), GranuleState::kUndelegated); }},
            Condition<C>{"gran_gpt", kInput, [](const C& c) { return !c.accessible(c.addr()); }},
        },
        kOrder};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0);
    done.next.granules = {{addr(), GranuleState::kDelegated}};
    done.pas = {{addr(), abi::Pas::kRealm}};
    outcomes.push_back(std::move(done));
  }
};

struct GranuleUndelegate : GranuleContext {
  using GranuleContext::GranuleContext;
  static const Conditions<GranuleUndelegate>& conditions() {
    using C = GranuleUndelegate;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"gran_align", kInput, [](const C& c) { return !aligned(c.addr()); }},
            Condition<C>{"gran_bound", kInput, [](const C& c) { return !c.delegable(c.addr()); }},
            Condition<C>{"gran_state", kInput, [](const C& c) { return !c.is(c.addr(), GranuleState::kDelegated); }},
        },
        kUndelegateOrder};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, 0);
    done.next.granules = {{addr(), GranuleState::kUndelegated}};
    done.pas = {{addr(), abi::Pas::kNonSecure}};
    done.wiped = {addr()};
    outcomes.push_back(std::move(done));
  }
};

}  // namespace

std::vector<Command> granule_commands() {
  return {row<GranuleDelegate>("RMI_GRANULE_DELEGATE", abi::v1_0::kRmiGranuleDelegate, Interface::kRmi),
          row<GranuleUndelegate>("RMI_GRANULE_UNDELEGATE", abi::v1_0::kRmiGranuleUndelegate, Interface::kRmi)};
}

}  // namespace rmm::spec
