// SPDX-License-Identifier: GPL-2.0-or-later
// Entering a plain VM's vCPU and what its exceptions mean.
#pragma once

#include "host/kvm/host.h"
#include "rmm/abi/arch/cpu.h"

namespace host::kvm {

// Runs the vCPU until the next exception to EL2, which is left in vcpu.fault.
abi::Exception kvm_arm_vcpu_enter_exit(Host& host, Vcpu& vcpu);
// 1: run on; 0: see run.exit_reason; -errno.
int handle_exit(Host& host, Vcpu& vcpu, const abi::Exception& exception);

}  // namespace host::kvm
