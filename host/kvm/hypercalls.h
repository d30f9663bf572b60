// SPDX-License-Identifier: GPL-2.0-or-later
// SMCCC calls of a guest: a plain VM's SMC and HVC, a realm's PSCI and host calls.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// The call is in the vCPU's registers, X0 its function. 1: answered there, run on; 0: exit to user space, which answers
// by KVM_SET_ONE_REG (KVM_EXIT_HYPERCALL, KVM_EXIT_SYSTEM_EVENT).
int kvm_smccc_call_handler(Host& host, Vcpu& vcpu);

}  // namespace host::kvm
