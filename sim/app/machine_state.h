// SPDX-License-Identifier: GPL-2.0-or-later
// All simulated state, reachable from one value: copy it (with DRAM's snapshot) and the machine can be put back. Taken
// and assigned only while every actor is in user space.
#pragma once

#include <deque>
#include <tuple>

#include "host/kvm/kvm_state.h"
#include "host/vmm/state.h"
#include "rmm/core/monitor_state.h"
#include "sim/app/payload.h"
#include "sim/app/vm_console.h"
#include "sim/cpu/cpu_state.h"
#include "sim/dev/journal.h"
#include "sim/dev/random_state.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "sim/sched/scheduler_state.h"

namespace sim::app {

struct MachineState {
  GptState gpt;
  rmm::core::MonitorState monitor;
  CpusState cpus;
  SchedulerState scheduler;
  JournalState journal;
  RandomState monitor_entropy, host_entropy;
  host::kvm::KvmState kvm;
  std::deque<host::vmm::VmmState> vmms;
  std::deque<VmConsoleState> consoles;  // by VM; a payload's is the first
  PayloadState payload;                 // as it begins where VMs run
  auto members() {
    return std::tie(gpt, monitor, cpus, scheduler, journal, monitor_entropy, host_entropy, kvm, vmms, consoles,
                    payload);
  }
};

struct MachineSnapshot {
  MachineState state;
  DramSnapshot dram;
};

}  // namespace sim::app
