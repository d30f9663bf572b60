// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B6.3: PSCI as a realm calls it (A4.3.7, D7).
#include <algorithm>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/spec/command.h"
#include "rmm/spec/mpidr.h"

namespace rmm::spec {
namespace {

using abi::v1_0::PsciStatus;
using enum Report;

constexpr std::uint64_t encode(PsciStatus status) { return static_cast<std::uint64_t>(status); }

struct PsciContext : Context {
  using Context::Context;
  static constexpr std::array<Register, 0> kOutputs{};
  bool smc32() const { return (call.fid() & (1U << 30)) == 0; }
  // An SMC32 call passes 32-bit arguments.
  std::uint64_t argument(std::size_t n) const { return smc32() ? call.x(n) & 0xffffffffULL : call.x(n); }
  const Rec& rec() const { return state.recs.at(call.rec); }
  const Realm& realm() const { return state.realms.at(rec().owner); }
  std::uint64_t target_cpu() const { return argument(1); }
  bool targets_itself() const { return index_of_psci_mpidr(target_cpu()) == index_of_rmi_mpidr(rec().mpidr); }

  // B3.24. Undecided: bits outside the affinity fields, and a REC that was destroyed.
  Truth mpidr_unused() const {
    const std::uint64_t index = index_of_psci_mpidr(target_cpu());
    if (index >= realm().rec_index) return true;
    if ((target_cpu() & ~kPsciMpidrMask) != 0) return Truth::kMay;
    for (const auto& [pa, other] : state.recs) {
      if (other.owner == rec().owner && index_of_rmi_mpidr(other.mpidr) == index) return false;
    }
    return Truth::kMay;
  }

  // A4.3.3, A4.3.7, D7: the exit shows the function and, where it has one, the MPIDR. A request is pending with that
  // many arguments; what else is in X1 to X3 means nothing to it.
  Outcome leaves(Rec next, std::size_t arguments = 0) const {
    const bool pending = arguments != 0;
    next.psci_pending = pending;
    next.pause = Pause::kPsci;
    std::fill_n(next.gprs.begin(), 4, 0);
    CallExit exit;
    exit.reason = abi::v1_0::RecExitReason::kPsci;
    exit.gprs.emplace_back(0, call.fid());
    if (pending) {
      exit.gprs.emplace_back(1, target_cpu());
      next.gprs[0] = call.fid();
      for (std::size_t n = 1; n <= arguments; ++n) next.gprs.at(n) = argument(n);
    }
    Outcome done = result(call, 0);
    done.exit = std::move(exit);
    done.next.recs.emplace_back(call.rec, next);
    return done;
  }
};

template <class C>
const Conditions<C>& no_conditions() {
  static const Conditions<C> none{std::array<Condition<C>, 0>{}, kNoOrder};
  return none;
}

struct PsciVersion : PsciContext {
  using PsciContext::PsciContext;
  static constexpr std::array<Register, 0> kInputs{};
  static const Conditions<PsciVersion>& conditions() { return no_conditions<PsciVersion>(); }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = result(call, abi::v1_0::kPsciVersion11);
    done.compared &= ~1U;
    done.also = [](const abi::SmcRegs& regs) {
      return regs.x[0] >= abi::v1_0::kPsciVersion11 && regs.x[0] <= 0x7fffffff;
    };
    done.demand = "the version is at least 1.1 (B6.2)";
    outcomes.push_back(std::move(done));
  }
};

struct CpuSuspend : PsciContext {
  using PsciContext::PsciContext;
  static constexpr std::array kInputs{Register{"power_state", 1}, Register{"entry_point_address", 2},
                                      Register{"context_id", 3}};
  static const Conditions<CpuSuspend>& conditions() { return no_conditions<CpuSuspend>(); }
  void succeed(std::vector<Outcome>& outcomes) const { outcomes.push_back(leaves(rec())); }
};

struct CpuOff : PsciContext {
  using PsciContext::PsciContext;
  static constexpr std::array<Register, 0> kInputs{};
  static const Conditions<CpuOff>& conditions() { return no_conditions<CpuOff>(); }
  void succeed(std::vector<Outcome>& outcomes) const {
    Rec off = rec();
    off.runnable = false;
    outcomes.push_back(leaves(off));
  }
};

struct CpuOn : PsciContext {
  using PsciContext::PsciContext;
  static constexpr std::array kInputs{Register{"target_cpu", 1}, Register{"entry_point_address", 2},
                                      Register{"context_id", 3}};
  static const Conditions<CpuOn>& conditions() {
    using C = CpuOn;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"entry", kPsciAddress, [](const C& c) { return !is_protected({c.argument(2)}, c.realm()); }},
            Condition<C>{"mpidr", kPsciInvalid, [](const C& c) { return c.mpidr_unused(); }},
            // Of another REC the monitor may learn it only from RMI_PSCI_COMPLETE.
            Condition<C>{"runnable", kPsciOn, [](const C& c) { return c.target_runnable(); }},
        },
        std::array{Precedes{"mpidr", "runnable"}}};
    return all;
  }
  Truth target_runnable() const {
    if (targets_itself()) return true;
    const std::uint64_t index = index_of_psci_mpidr(target_cpu());
    for (const auto& [pa, other] : state.recs) {
      const bool same = other.owner == rec().owner && index_of_rmi_mpidr(other.mpidr) == index;
      if (same && other.runnable) return Truth::kMay;
    }
    return false;
  }
  void succeed(std::vector<Outcome>& outcomes) const { outcomes.push_back(leaves(rec(), 3)); }
};

struct AffinityInfo : PsciContext {
  using PsciContext::PsciContext;
  static constexpr std::array kInputs{Register{"target_affinity", 1}, Register{"lowest_affinity_level", 2}};
  static const Conditions<AffinityInfo>& conditions() {
    using C = AffinityInfo;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"target_bound", kPsciInvalid,
                         [](const C& c) { return (c.call.x(2) & 0xffffffffULL) != 0; }},  // 31:0; the rest SBZ
            Condition<C>{"target_match", kPsciInvalid, [](const C& c) { return c.mpidr_unused(); }},
        },
        kNoOrder};
    return all;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    outcomes.push_back(targets_itself() ? result(call, encode(PsciStatus::kSuccess)) : leaves(rec(), 1));
  }
};

struct SystemOff : PsciContext {  // and PSCI_SYSTEM_RESET
  using PsciContext::PsciContext;
  static constexpr std::array<Register, 0> kInputs{};
  static const Conditions<SystemOff>& conditions() { return no_conditions<SystemOff>(); }
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome done = leaves(rec());
    Realm off = realm();
    off.state = RealmState::kSystemOff;
    done.next.realms.emplace_back(rec().owner, off);
    outcomes.push_back(std::move(done));
  }
};

struct PsciFeatures : PsciContext {
  using PsciContext::PsciContext;
  static constexpr std::array kInputs{Register{"psci_func_id", 1}};
  static const Conditions<PsciFeatures>& conditions() { return no_conditions<PsciFeatures>(); }
  bool supported() const {
    const auto fid = static_cast<std::uint32_t>(call.x(1));
    if (fid == abi::v1_0::kSmcccVersion) return true;  // D7, and how SMCCC is discovered
    const Command* command = find_command(fid);
    return command != nullptr && command->interface == Interface::kPsci;
  }
  void succeed(std::vector<Outcome>& outcomes) const {
    outcomes.push_back(result(call, encode(supported() ? PsciStatus::kSuccess : PsciStatus::kNotSupported)));
  }
};

}  // namespace

std::vector<Command> psci_commands() {
  using namespace abi::v1_0;
  return {row<PsciVersion>("PSCI_VERSION", kPsciVersion, Interface::kPsci),
          row<CpuSuspend>("PSCI_CPU_SUSPEND", kPsciCpuSuspend, Interface::kPsci, kPsciCpuSuspend32),
          row<CpuOff>("PSCI_CPU_OFF", kPsciCpuOff, Interface::kPsci),
          row<CpuOn>("PSCI_CPU_ON", kPsciCpuOn, Interface::kPsci, kPsciCpuOn32),
          row<AffinityInfo>("PSCI_AFFINITY_INFO", kPsciAffinityInfo, Interface::kPsci, kPsciAffinityInfo32),
          row<SystemOff>("PSCI_SYSTEM_OFF", kPsciSystemOff, Interface::kPsci),
          row<SystemOff>("PSCI_SYSTEM_RESET", kPsciSystemReset, Interface::kPsci),
          row<PsciFeatures>("PSCI_FEATURES", kPsciFeatures, Interface::kPsci)};
}

}  // namespace rmm::spec
