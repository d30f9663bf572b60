// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI 1.1 answered in the kernel, and what user space needs to answer it (docs/host-series.md).
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// The call is in X0..X3 of `vcpu`, the answer goes to X0. 1: run on; 0: exit to user space (system event).
int kvm_psci_call(Host& host, Vcpu& vcpu);

// KVM_ARM_VCPU_RMI_PSCI_COMPLETE, on the vCPU that made the call and before it or the target runs again (R3). 0; -EPERM
// no realm; -EFAULT no argument; -EINVAL no such target, no REC yet, padding set, or the RMM refuses: nothing pending,
// another MPIDR, the caller itself, a status it doesn't permit.
long kvm_arm_vcpu_rmi_psci_complete(Host& host, Vcpu& vcpu, const RmiPsciComplete* args);

}  // namespace host::kvm
