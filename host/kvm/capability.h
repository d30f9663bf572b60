// SPDX-License-Identifier: GPL-2.0-or-later
// KVM_CHECK_EXTENSION and KVM_ENABLE_CAP.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// `vm` null: asked of /dev/kvm, which cannot know about realms. 0: not supported.
long kvm_vm_ioctl_check_extension(Host& host, const Vm* vm, std::uint64_t cap);
// -EINVAL: nothing can be enabled on this host's VMs.
long kvm_vm_ioctl_enable_cap(Host& host, Vm& vm, const EnableCap& cap);

}  // namespace host::kvm
