// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.4 RMI_FEATURES, B4.3.23 RMI_VERSION.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"

namespace rmm::spec {
namespace {

using enum Report;

struct RmiVersion : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"req", 1}};
  static constexpr std::array kOutputs{Register{"lower", 1}, Register{"higher", 2}};
  static constexpr std::uint64_t kFields = 0x7fffffff;  // B4.4.9; the rest MBZ
  std::uint64_t req() const { return call.x(1) & kFields; }
  bool reserved_bits() const { return (call.x(1) & ~kFields) != 0; }

  // One revision is supported. The page's two failing outcomes, as conditions of our own.
  static const Conditions<RmiVersion>& conditions() {
    using C = RmiVersion;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"_version_lower", kInput,
                         [](const C& c) -> Truth {
                           if (c.req() > c.platform.rmi_version) return true;
                           return c.reserved_bits() ? Truth::kMay : Truth::kNo;
                         }},
            Condition<C>{"_version_higher", kInput, [](const C& c) { return c.req() < c.platform.rmi_version; }},
        },
        kNoOrder};
    return all;
  }
  void amend(const Condition<RmiVersion>& /*found*/, Outcome& outcome, std::vector<Outcome>& /*outcomes*/) const {
    outcome.regs.x[1] = outcome.regs.x[2] = platform.rmi_version;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    outcomes.push_back(result(call, 0, kOutputs, {req(), platform.rmi_version}));
  }
};

struct RmiFeatures : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"index", 1}};
  static constexpr std::array kOutputs{Register{"value", 1}};
  static const Conditions<RmiFeatures>& conditions() {
    static const Conditions<RmiFeatures> none{std::array<Condition<RmiFeatures>, 0>{}, kNoOrder};
    return none;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    outcomes.push_back(result(call, 0, kOutputs, {call.x(1) == 0 ? platform.features.raw() : 0}));
  }
};

}  // namespace

std::vector<Command> rmi_information_commands() {
  return {row<RmiFeatures>("RMI_FEATURES", abi::v1_0::kRmiFeatures, Interface::kRmi),
          row<RmiVersion>("RMI_VERSION", abi::v1_0::kRmiVersion, Interface::kRmi)};
}

}  // namespace rmm::spec
