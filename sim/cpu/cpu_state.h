// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of CPU contexts as a value: what a machine's copy holds of its CPUs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "sim/timer/generic_timer.h"

namespace sim {

struct CpuState {
  bool in_use = false;
  std::uint64_t mpidr = 0;
  GenericTimer virtual_timer;
  GenericTimer physical_timer;
  // General, SIMD and system registers and the exclusive monitor, as the engine saves them; equal registers give equal
  // bytes. Empty unless in_use.
  std::vector<std::byte> registers;
  auto members() { return std::tie(in_use, mpidr, virtual_timer, physical_timer, registers); }
};

struct CpusState {
  std::vector<CpuState> cpus;  // by CpuId, GuestCpuId
  auto members() { return std::tie(cpus); }
};

}  // namespace sim
