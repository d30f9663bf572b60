// SPDX-License-Identifier: GPL-2.0-or-later
// What can happen on a machine without a CPU engine: an SMC of the host, something that a realm does, something in the
// machine around. A script is a list of these, and so is what a fuzzer makes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "rmm/abi/arch/cpu.h"
#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/sysreg.h"
#include "rmm/abi/smc.h"
#include "rmm/abi/v1_0/structures.h"
#include "sim/bare/turns.h"

namespace sim::bare {

// A structure that the host puts into its memory, the rest of the granule zero, or bytes that are all the same.
struct Fill {
  std::uint8_t byte = 0;
};
using Page = std::variant<std::monostate, abi::v1_0::RealmParams, abi::v1_0::RecParams, abi::v1_0::RecEnter, Fill>;

struct HostWrite {
  abi::Pa at;
  Page page;
};

// An SMC of the host on its PE. If the PE's realm runs, an IRQ makes it leave first.
struct HostCall {
  abi::SmcRegs regs;
};

// What the realm that runs on a PE does. Without a realm there nothing happens.
struct RealmCall {  // SMC; registers beyond `count` keep what they hold
  std::array<std::uint64_t, 18> x{};
  std::uint8_t count = 1;
};
enum class Way : std::uint8_t { kLoad, kStore, kFetch };
struct RealmAccess {  // to memory; the exception is what the stage 2 tables say
  abi::Ipa ipa;
  Way way = Way::kLoad;
  std::uint8_t size = 8;  // bytes
  std::uint8_t reg = 0;   // 31: XZR
  bool sign_extends = false;
  bool described = true;  // ESR_EL2.ISV
};
struct RealmException {  // as hardware reports it
  abi::Exception exception;
};
struct RealmRegister {  // a register takes a value
  abi::SysReg reg{};
  std::uint64_t value = 0;
};
struct RealmData {  // bytes of the realm's memory, if it is mapped
  abi::Ipa ipa;
  abi::v1_0::RsiHostCall data;
};

// The machine around.
struct SetPas {  // of a granule that the monitor does not own
  abi::Pa at;
  abi::Pas pas{};
};
struct SetPending {  // interrupts for the host, and ICH_MISR_EL2 of the PE
  bool irq = false, fiq = false;
  std::uint64_t misr = 0;
};
struct SetFirmware {
  bool attests = true;
};

using Act = std::variant<HostWrite, HostCall, RealmCall, RealmAccess, RealmException, RealmRegister, RealmData, SetPas,
                         SetPending, SetFirmware>;

struct Move {
  std::uint8_t pe = 0;
  Act act;
};

constexpr bool is_of_realm(const Act& act) {
  return std::holds_alternative<RealmCall>(act) || std::holds_alternative<RealmAccess>(act) ||
         std::holds_alternative<RealmException>(act) || std::holds_alternative<RealmRegister>(act) ||
         std::holds_alternative<RealmData>(act);
}

// Two moves of different PEs at once: calls of the host or of realms.
struct Together {
  Schedule schedule;
  std::array<Move, 2> moves;
};

using Turn = std::variant<Move, Together>;

}  // namespace sim::bare
