// SPDX-License-Identifier: GPL-2.0-or-later
// From a machine that has stopped to what a person and a script are told.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/vmm/boot_plan.h"
#include "sim/app/config.h"
#include "sim/app/machine.h"
#include "sim/app/summary.h"

namespace sim::app {

// `interrupted`: the person ended the run.
RunReport make_report(Machine& machine, RunResult result, bool interrupted);
// True for the ends of a run whose reason lies in what the CPUs were doing.
bool needs_explanation(ExitCode code);
// Per vCPU of a VM that is not yet taken down: PC with symbol where known, disassembly, what it waits for, pending
// interrupts, last RSI and RMI calls.
std::string describe_vcpus(Machine& machine, unsigned vm);
// The same of a payload's PEs that are not off; empty where VMs run.
std::string describe_pes(Machine& machine);
// The device tree that the first VM's guest gets in its first life.
std::vector<std::byte> first_device_tree(const RunConfig& config, const host::vmm::BootPlan& plan);

}  // namespace sim::app
