// SPDX-License-Identifier: GPL-2.0-or-later
// EL3's PSCI (DEN0022F) for physical PEs: who is on, and what a call makes of it. Knows power states only; starting and
// stopping CPUs is done by whoever runs the PEs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "rmm/abi/addr.h"
#include "rmm/abi/smc.h"

namespace sim {

enum class PePower : std::uint8_t {
  kOff,
  kOnPending,  // to be started at its entry point
  kOn,
  kStandby,    // CPU_SUSPEND that keeps the registers: goes on at an interrupt
  kPowerDown,  // CPU_SUSPEND that loses them: starts at its entry point at an interrupt
};
enum class SystemPower : std::uint8_t { kOn, kOff, kReset };

struct PePowerState {
  PePower power = PePower::kOff;
  abi::Pa entry;              // of the next start
  std::uint64_t context = 0;  // X0 of the next start
  auto members() { return std::tie(power, entry.value, context); }
};

struct PsciState {
  std::vector<PePowerState> pes;
  SystemPower system = SystemPower::kOn;
  auto members() { return std::tie(pes, system); }
};

class Psci {
 public:
  // True: Non-secure code may start there.
  using EntryCheck = std::function<bool(abi::Pa)>;

  // All PEs are off at first. `affinities`: of the PEs, in order.
  Psci(PsciState& state, std::span<const abi::Mpidr> affinities, EntryCheck valid_entry);

  // A call of PE number `pe`; nullopt: not one of PSCI's. After a call that does not return its caller's power (or the
  // system's) is no longer kOn, and X0 of the answer means nothing.
  std::optional<abi::SmcRegs> call(unsigned pe, const abi::SmcRegs& in);

  // As after power-on: PE 0 starts at `entry`, all others are off.
  void cold_boot(abi::Pa entry);

 private:
  std::int64_t cpu_on(std::uint64_t target, std::uint64_t entry, std::uint64_t context);
  std::int64_t cpu_suspend(unsigned pe, std::uint64_t power_state, std::uint64_t entry, std::uint64_t context);
  std::int64_t affinity_info(std::uint64_t target, std::uint64_t level) const;
  std::optional<unsigned> find(std::uint64_t target) const;
  bool valid(std::uint64_t entry) const;

  PsciState& state_;
  std::vector<abi::Mpidr> affinities_;
  EntryCheck valid_entry_;
};

}  // namespace sim
