// SPDX-License-Identifier: GPL-2.0-or-later
// vCPU reset: KVM_ARM_VCPU_INIT, and PSCI CPU_ON of a plain VM's vCPU.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

void kvm_reset_vcpu(Host& host, Vcpu& vcpu);

}  // namespace host::kvm
