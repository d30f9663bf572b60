// SPDX-License-Identifier: GPL-2.0-or-later
// Memslots and memory attributes of a VM.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// KVM_SET_USER_MEMORY_REGION2. 0; -EINVAL alignment, flags, range or an unchangeable property; -EEXIST overlap.
long kvm_set_memory_region(Host& host, Vm& vm, const UserspaceMemoryRegion2& region);
// KVM_SET_MEMORY_ATTRIBUTES. 0; -EINVAL alignment, attributes, flags or no realm.
long kvm_vm_set_mem_attributes(Host& host, Vm& vm, const MemoryAttributes& attributes);
bool kvm_mem_is_private(const Vm& vm, std::uint64_t gfn);

}  // namespace host::kvm
