// SPDX-License-Identifier: GPL-2.0-or-later
// The machine under a payload. Its map is linked in (map.ld): the same objects run on a machine with another map.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"

namespace guest {

struct MachineMap {
  abi::Pa ram;
  std::uint64_t ram_size = 0;
  abi::Pa uart, distributor, redistributors;
  abi::Pa watchdog;  // SP805
  std::uint64_t watchdog_intid = 0;
  abi::Pa generic_watchdog, generic_watchdog_refresh;  // control and refresh frame (Arm BSA)
  std::uint64_t generic_watchdog_intid = 0;
  abi::Pa nvm;      // memory that keeps its contents over a reset
  abi::Pa ecam;     // configuration space of PCIe without a device
  abi::Pa nothing;  // an address where nothing answers
};

extern "C" const MachineMap machine_map;

// How many PEs the redistributors belong to (GICR_TYPER.Last).
unsigned machine_cpus();

}  // namespace guest
