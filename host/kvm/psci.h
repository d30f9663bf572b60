// SPDX-License-Identifier: GPL-2.0-or-later
// SMCCC calls of a guest, answered in the kernel: PSCI 1.1 and SMCCC_VERSION (docs/host-series.md).
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// The call is in X0..X3 of `vcpu`, the answer goes to X0. 1: run on; 0: exit to user space (system event).
int kvm_smccc_call_handler(Host& host, Vcpu& vcpu);

// KVM_ARM_VCPU_RMI_PSCI_COMPLETE, on the vCPU that made the call. 0; -EPERM no realm; -EINVAL no such target, reserved
// bytes set, or the RMM refuses.
long kvm_arm_vcpu_rmi_psci_complete(Host& host, Vcpu& vcpu, const RmiPsciComplete& args);

}  // namespace host::kvm
