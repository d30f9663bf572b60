// SPDX-License-Identifier: GPL-2.0-or-later
// Trapped system register accesses (EC 0x18).
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// Emulates the access in vcpu.fault.esr_el2 on the vCPU's registers; a plain VM's PC is moved. Always 1.
int kvm_handle_sys_reg(Host& host, Vcpu& vcpu);

}  // namespace host::kvm
