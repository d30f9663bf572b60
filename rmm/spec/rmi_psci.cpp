// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.7 RMI_PSCI_COMPLETE.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"
#include "rmm/spec/mpidr.h"

namespace rmm::spec {
namespace {

using abi::v1_0::PsciStatus;
using enum Report;

constexpr std::uint64_t kPsciOffResult = 1;  // B6.4.2 PSCI_OFF

constexpr std::uint64_t encode(PsciStatus status) { return static_cast<std::uint64_t>(status); }  // B3.26

struct PsciComplete : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"calling_rec", 1}, Register{"target_rec", 2}, Register{"status", 3}};
  static constexpr std::array<Register, 0> kOutputs{};
  Pa calling() const { return pa(1); }
  Pa target() const { return pa(2); }
  std::uint64_t status() const { return call.x(3); }
  const Rec& calling_rec() const { return state.recs.at(calling()); }
  const Rec& target_rec() const { return state.recs.at(target()); }
  bool requests_cpu_on() const {
    return calling_rec().gprs[0] == abi::v1_0::kPsciCpuOn || calling_rec().gprs[0] == abi::v1_0::kPsciCpuOn32;
  }
  bool permitted() const {  // B3.27
    if (status() == encode(PsciStatus::kSuccess)) return true;
    return requests_cpu_on() && !target_rec().runnable && status() == encode(PsciStatus::kDenied);
  }
  // Without a request its registers are anything.
  Truth of_request(bool holds) const { return calling_rec().psci_pending ? Truth(holds) : Truth(Truth::kMay); }

  static const Conditions<PsciComplete>& conditions() {
    using C = PsciComplete;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"alias", kInput, [](const C& c) { return c.calling() == c.target(); }},
            Condition<C>{"calling_align", kInput, [](const C& c) { return !aligned(c.calling()); }},
            Condition<C>{"calling_bound", kInput, [](const C& c) { return !c.delegable(c.calling()); }},
            Condition<C>{"calling_state", kInput, [](const C& c) { return !c.is(c.calling(), GranuleState::kRec); }},
            Condition<C>{"target_align", kInput, [](const C& c) { return !aligned(c.target()); }},
            Condition<C>{"target_bound", kInput, [](const C& c) { return !c.delegable(c.target()); }},
            Condition<C>{"target_state", kInput, [](const C& c) { return !c.is(c.target(), GranuleState::kRec); }},
            Condition<C>{"pending", kInput, [](const C& c) { return !c.calling_rec().psci_pending; }},
            Condition<C>{"owner", kInput, [](const C& c) { return c.target_rec().owner != c.calling_rec().owner; }},
            Condition<C>{"target", kInput,
                         [](const C& c) {
                           return c.of_request(index_of_rmi_mpidr(c.target_rec().mpidr) !=
                                               index_of_psci_mpidr(c.calling_rec().gprs[1]));
                         }},
            Condition<C>{"status", kInput, [](const C& c) { return c.of_request(!c.permitted()); }},
        },
        std::array{Precedes{"calling_align", "calling_bound"}, Precedes{"calling_bound", "calling_state"},
                   Precedes{"target_align", "target_bound"}, Precedes{"target_bound", "target_state"},
                   Precedes{"calling_state", "pending"},
                   Precedes{"calling_state target_state", "owner target status"}}};
    return all;
  }

  void succeed(std::vector<Outcome>& outcomes) const {
    Rec from = calling_rec();
    Outcome done = result(call, 0);
    std::uint64_t answer = status();
    if (status() == encode(PsciStatus::kSuccess)) {
      if (!requests_cpu_on()) {
        answer = target_rec().runnable ? encode(PsciStatus::kSuccess) : kPsciOffResult;
      } else if (target_rec().runnable) {
        answer = encode(PsciStatus::kAlreadyOn);
      } else {
        Rec to = target_rec();
        to.gprs = {};
        to.gprs[0] = from.gprs[3];  // the whole register (D12)
        to.pc = from.gprs[2];
        to.runnable = true;
        to.pause = Pause::kNone;
        done.next.recs.emplace_back(target(), to);
      }
    }
    from.psci_pending = false;
    from.gprs[0] = answer;
    from.gprs[1] = from.gprs[2] = from.gprs[3] = 0;
    done.next.recs.emplace_back(calling(), from);
    outcomes.push_back(std::move(done));
  }
};

}  // namespace

std::vector<Command> psci_complete_commands() {
  return {row<PsciComplete>("RMI_PSCI_COMPLETE", abi::v1_0::kRmiPsciComplete, Interface::kRmi)};
}

}  // namespace rmm::spec
