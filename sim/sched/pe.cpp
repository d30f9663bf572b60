// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/sched/pe.h"

#include "sim/gic/virtual_cpu_interface.h"

namespace sim {

std::uint64_t Pe::ich_misr() const { return VirtualCpuInterface(state_.ich).misr(); }

}  // namespace sim
