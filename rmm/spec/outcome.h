// SPDX-License-Identifier: GPL-2.0-or-later
// A call and one result that DEN0137 allows it, with the state that follows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rmm/abi/addr.h"
#include "rmm/abi/smc.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/spec/delta.h"
#include "rmm/spec/platform.h"
#include "rmm/spec/state.h"
#include "rmm/spec/world.h"

namespace rmm::spec {

// An SMC of the host, or of a realm's REC.
struct Call {
  abi::SmcRegs regs;
  Pa rec;  // RSI and PSCI: the caller
  std::uint64_t x(std::size_t n) const { return regs.x.at(n); }
  std::uint32_t fid() const { return regs.fid(); }
};

inline constexpr std::uint32_t kAllRegisters = 0x3ffff;

// The realm gets this register file at entry; what the text leaves open is not in `compared` (bit n: Xn).
struct RealmEntry {
  Gprs gprs{};
  std::uint32_t compared = 0x7fffffff;
  std::uint64_t pc = 0;
  bool takes_sea = false;  // A4.2.3: the realm is at its exception vector, pc and X0..X30 say nothing
};

// Bytes that the command leaves in a realm's DATA granule.
struct RealmWrite {
  Pa to;
  std::vector<std::byte> bytes;
};

// A realm's call that leaves to the host: what the exit shows beside what every exit shows.
struct CallExit {
  abi::v1_0::RecExitReason reason{};
  std::vector<std::pair<std::size_t, std::uint64_t>> gprs;  // all others are zero
  Ipa ripas_base, ripas_top;
  Ripas ripas_value = Ripas::kEmpty;
  std::uint16_t imm = 0;
};

struct Outcome {
  std::string_view condition;                     // id of what failed, empty on success
  abi::SmcRegs regs;                              // after the command (D1)
  std::uint32_t compared = kAllRegisters;         // bit n: the text fixes Xn
  std::function<bool(const abi::SmcRegs&)> also;  // a further demand on the registers, if any
  std::string_view demand;                        // `also` in words
  Delta next;
  std::vector<std::pair<Pa, abi::Pas>> pas;  // that the granule protection table must show afterwards
  std::vector<Pa> wiped;                     // granules whose old content must be gone (A2.2.4)
  std::optional<RealmWrite> write;
  std::optional<RealmEntry> entry;  // RMI_REC_ENTER: the realm goes on, `next` holds at once, `regs` at the exit
  std::optional<CallExit> exit;     // RSI, PSCI: the REC exits instead of returning; `regs` mean nothing
  bool retried = false;             // D10: the access to realm memory makes a Data Abort exit, the call is made again
};

// Every result that the call may have in `state`. Never empty.
std::vector<Outcome> allowed(const Platform& platform, const State& state, const World& world, const Call& call);

}  // namespace rmm::spec
