// SPDX-License-Identifier: GPL-2.0-or-later
// Emulated MMIO: in the kernel (the vgic) or by the VMM (docs/host-series.md).
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// A data abort at a device address, alias bit stripped. 1: emulated; 0: KVM_EXIT_MMIO; -ENOSYS has no syndrome to go
// by.
int io_mem_abort(Host& host, Vcpu& vcpu, abi::Ipa fault_ipa);
// Finishes an access from run.mmio: the loaded value reaches the guest and the instruction is over. Always 1.
int kvm_handle_mmio_return(Host& host, Vcpu& vcpu);

}  // namespace host::kvm
