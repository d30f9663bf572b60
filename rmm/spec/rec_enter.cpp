// SPDX-License-Identifier: GPL-2.0-or-later
// DEN0137 1.0-rel0 B4.3.14 RMI_REC_ENTER until the realm runs: the checks, and what A4.2 takes from the host.
// How it ends is rec_exit.h.
#include <algorithm>
#include <cstring>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/gic.h"
#include "rmm/abi/layout.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/spec/command.h"
#include "rmm/spec/realm_access.h"

namespace rmm::spec {
namespace {

using abi::v1_0::RecEnter;
using enum Report;

constexpr std::uint64_t kInstruction = 4;

// A6.1, D9. List registers that are not in use (state 0) or beyond the number offered are not looked at.
Truth gicv3_invalid(const RecEnter& enter, unsigned num_lrs) {
  namespace gic = abi::gic;
  if ((enter.gicv3_hcr & ~gic::kHcrRecEnterMask) != 0) return true;
  constexpr std::uint64_t kReservedPriority = ((1ULL << (8 - gic::kPriorityBits)) - 1) << gic::kLrPriorityShift;
  constexpr std::uint64_t kUndecided = (7ULL << 45) | (0xfULL << 56);  // RES0 or not, by the GIC's version
  constexpr std::uint64_t kFirstLpi = 8192;
  constexpr std::uint64_t kSpecial = 1020;     // 1020..1023 are no interrupts
  constexpr std::uint64_t kVintid16 = 0xffff;  // ICH_VTR.IDbits is at least 16
  Truth::Value found = Truth::kNo;
  std::vector<std::uint64_t> used;
  for (unsigned n = 0; n < num_lrs; ++n) {
    const std::uint64_t lr = enter.gicv3_lrs.at(n);
    if ((lr & gic::kLrStateMask) == 0) continue;
    const std::uint64_t vintid = lr & gic::kLrVintidMask;
    if ((lr & gic::kLrHw) != 0 || (lr & gic::kLrPintidMask & ~gic::kLrEoi) != 0) return true;
    if ((lr & kReservedPriority) != 0) return true;
    if (vintid >= kSpecial && vintid <= gic::kSpurious) return true;
    if (std::find(used.begin(), used.end(), vintid) != used.end()) return true;
    used.push_back(vintid);
    // Extended ranges, LPIs that are active and wider numbers depend on the virtual CPU interface.
    const bool lpi_active = vintid >= kFirstLpi && (lr & gic::kLrActive) != 0;
    if ((lr & kUndecided) != 0 || lpi_active || vintid > kVintid16 || (vintid > gic::kSpurious && vintid < kFirstLpi)) {
      found = Truth::kMay;
    }
  }
  return found;
}

// A4.2.3, A4.3.4.3: what a load gets that the host emulated.
std::uint64_t loaded_value(std::uint64_t esr, std::uint64_t value) {
  const unsigned bits = 8U << ((esr & abi::esr::kSasMask) >> abi::esr::kSasShift);
  const bool wide = (esr & abi::esr::kSf) != 0;
  if (bits < 64) {
    value &= (1ULL << bits) - 1;
    if ((esr & abi::esr::kSse) != 0 && ((value >> (bits - 1)) & 1) != 0) value |= ~((1ULL << bits) - 1);
  }
  return wide ? value : value & 0xffffffffULL;
}

struct RecEnterCommand : Context {
  using Context::Context;
  static constexpr std::array kInputs{Register{"rec", 1}, Register{"run_ptr", 2}};
  static constexpr std::array<Register, 0> kOutputs{};
  mutable std::optional<std::optional<RecEnter>> read{};

  Pa rec() const { return pa(1); }
  Pa run_ptr() const { return pa(2); }
  const Rec& object() const { return state.recs.at(rec()); }
  const Realm& realm() const { return state.realms.at(object().owner); }
  const std::optional<RecEnter>& readable() const {
    if (!read) {
      const auto bytes = world.non_secure(run_ptr() + abi::v1_0::kRecRunEnterOffset, abi::Layout<RecEnter>::kSize);
      read = bytes ? std::optional(abi::decode<RecEnter>(*bytes)) : std::nullopt;
    }
    return *read;
  }
  const RecEnter& enter() const { return *readable(); }
  bool flag(std::uint64_t mask) const { return (enter().flags & mask) != 0; }
  bool injects_sea() const { return flag(abi::v1_0::kEnterInjectSea); }
  bool emulated() const { return flag(abi::v1_0::kEnterEmulMmio) && !injects_sea(); }  // A4.2.3

  static const Conditions<RecEnterCommand>& conditions() {
    using C = RecEnterCommand;
    static const Conditions<C> all{
        std::array{
            Condition<C>{"run_align", kInput, [](const C& c) { return !aligned(c.run_ptr()); }},
            Condition<C>{"run_bound", kInput, [](const C& c) { return !c.delegable(c.run_ptr()); }},
            Condition<C>{"run_pas", kInput, [](const C& c) { return !c.accessible(c.run_ptr()); }},
            Condition<C>{"rec_align", kInput, kRecAlign}, Condition<C>{"rec_bound", kInput, kRecBound},
            Condition<C>{"rec_gran_state", kInput, kRecGranState},
            Condition<C>{"realm_new", kRealm, [](const C& c) { return c.realm().state == RealmState::kNew; }},
            Condition<C>{"system_off", kRealmOff, [](const C& c) { return c.realm().state == RealmState::kSystemOff; }},
            Condition<C>{"rec_state", kRec, [](const C& c) { return c.object().running; }},
            Condition<C>{"rec_runnable", kRec, [](const C& c) { return !c.object().runnable; }},
            Condition<C>{"rec_mmio", kRec,
                         [](const C& c) -> Truth {
                           // While the REC runs, its most recent exit is about to change.
                           if (c.object().running) return c.emulated() ? Truth::kMay : Truth::kNo;
                           return c.emulated() && !c.object().emulatable_abort;
                         }},
            Condition<C>{"rec_gicv3", kRec,
                         [](const C& c) { return gicv3_invalid(c.enter(), c.platform.features.gicv3_num_lrs + 1U); }},
            Condition<C>{"rec_psci", kRec, [](const C& c) { return c.object().psci_pending; }},
            Condition<C>{"_enter_fault", kInput, [](const C& c) { return !c.readable(); }},  // D14
        },
        std::array{Precedes{"rec_align rec_bound rec_gran_state run_pas run_bound run_align",
                            "rec_state rec_runnable rec_mmio realm_new system_off rec_gicv3 rec_psci"},
                   Precedes{"run_pas", "_enter_fault"}, Precedes{"_enter_fault", "rec_mmio rec_gicv3"},
                   Precedes{"run_align", "run_bound"}, Precedes{"run_bound", "run_pas"},
                   Precedes{"rec_align", "rec_bound"}, Precedes{"rec_bound", "rec_gran_state"}}};
    return all;
  }

  // A4.2.2: registers that the next instruction of the realm sees, and what becomes of the REC.
  void succeed(std::vector<Outcome>& outcomes) const {
    Outcome enters = result(call, 0);
    Rec running = object();
    running.running = true;
    RealmEntry entry;
    entry.gprs = running.gprs;
    entry.pc = running.pc;
    auto returns = [&entry](std::uint64_t x0, std::uint64_t x1, std::uint64_t x2) {
      entry.gprs[0] = x0;
      entry.gprs[1] = x1;
      entry.gprs[2] = x2;
      entry.gprs[3] = 0;
    };
    if (running.host_call_pending) {
      switch (access(lookup(state, running.owner, running.host_call))) {
        case Access::kAborts: enters.retried = true; break;  // a Data Abort exit; the request stays
        case Access::kEmpty:
          running.host_call_pending = false;
          returns(static_cast<std::uint64_t>(abi::v1_0::RsiStatus::kErrorInput), 0, 0);
          break;
        case Access::kMapped: {
          running.host_call_pending = false;
          RealmWrite write;
          write.to = mapped_pa(state, running.owner, running.host_call) + 8;  // B5.4.3: gprs
          write.bytes.resize(sizeof(enter().gprs));
          std::memcpy(write.bytes.data(), enter().gprs.data(), write.bytes.size());
          enters.write = std::move(write);
          returns(0, 0, 0);
          break;
        }
      }
    } else if (running.pause == Pause::kPsci) {
      entry.compared &= ~0x70U;  // X4..X6: "PSCI output values", of which there are none
    } else if (running.pause == Pause::kRipasChange) {
      const bool rejected = running.ripas_value == Ripas::kRam && running.ripas_addr != running.ripas_top &&
                            flag(abi::v1_0::kEnterRipasResponse);  // B3.40
      returns(0, running.ripas_addr.value, rejected ? 1 : 0);
    } else if (running.pause == Pause::kDataAbort) {
      entry.takes_sea = injects_sea() && running.abort_unprotected;
      if (emulated()) {
        entry.pc += kInstruction;
        const std::uint64_t srt = (running.abort_esr & abi::esr::kSrtMask) >> abi::esr::kSrtShift;
        if ((running.abort_esr & abi::esr::kWnr) == 0 && srt < entry.gprs.size()) {
          entry.gprs[srt] = loaded_value(running.abort_esr, enter().gprs[0]);
        }
      }
    } else if (running.pause == Pause::kSysReg) {
      const abi::esr::SysRegIss iss = abi::esr::sysreg_iss(running.abort_esr);
      if (iss.is_read && iss.rt < entry.gprs.size())
        entry.gprs[iss.rt] = enter().gprs.at(platform.sysreg_gprs_rt ? iss.rt : 0);  // D4
    }
    enters.entry = entry;
    enters.next.recs.emplace_back(rec(), running);
    outcomes.push_back(std::move(enters));
  }
};

}  // namespace

std::vector<Outcome> entries(const Platform& platform, const State& state, const World& world, const Call& call) {
  const RecEnterCommand command(platform, state, world, call);
  std::vector<Outcome> outcomes;
  if (command.readable()) command.succeed(outcomes);
  return outcomes;
}

std::vector<Command> rec_enter_commands() {
  return {row<RecEnterCommand>("RMI_REC_ENTER", abi::v1_0::kRmiRecEnter, Interface::kRmi)};
}

}  // namespace rmm::spec
