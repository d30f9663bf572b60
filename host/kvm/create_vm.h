// SPDX-License-Identifier: GPL-2.0-or-later
// The life of a VM: KVM_CREATE_VM to the last reference.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// The widest IPA space of a VM; of a realm also bounded by the RMM.
std::uint8_t kvm_ipa_limit(const Host& host, bool realm);
// KVM_CREATE_VM with Linux's type argument. A descriptor; -EINVAL unknown bits, realm and protected at once, IPA width
// out of range; -EPERM a realm without an RMM; -ENOMEM.
long kvm_dev_ioctl_create_vm(Host& host, std::uint64_t type);
// Drops one reference; the last one destroys the VM.
void kvm_put_kvm(Host& host, Vm& vm);

}  // namespace host::kvm
