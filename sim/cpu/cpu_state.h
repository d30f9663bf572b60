// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of CPU contexts as a value: what a machine's copy holds of its CPUs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/cpu/pmu.h"
#include "sim/timer/generic_timer.h"

namespace sim {

// Of a context whose EL2 is simulated code; else as after reset.
struct El2Timers {
  GenericTimer physical;             // CNTHP_*_EL2
  GenericTimer virtual_timer;        // CNTHV_*_EL2
  std::uint64_t virtual_offset = 0;  // CNTVOFF_EL2: CNTVCT_EL0 is behind CNTPCT_EL0 by it
  auto members() { return std::tie(physical, virtual_timer, virtual_offset); }
};

struct CpuState {
  bool in_use = false;
  std::uint64_t mpidr = 0;
  GenericTimer virtual_timer;
  GenericTimer physical_timer;
  El2Timers el2_timers;
  Pmu pmu;
  // General, SIMD and system registers and the exclusive monitor, as the engine saves them; equal registers give equal
  // bytes. Empty unless in_use.
  std::vector<std::byte> registers;
  auto members() { return std::tie(in_use, mpidr, virtual_timer, physical_timer, el2_timers, pmu, registers); }
};

struct CpusState {
  std::vector<CpuState> cpus;  // by CpuId, GuestCpuId
  auto members() { return std::tie(cpus); }
};

}  // namespace sim
