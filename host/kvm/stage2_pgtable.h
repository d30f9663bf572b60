// SPDX-License-Identifier: GPL-2.0-or-later
// Stage 2 tables of a plain VM: Arm VMSAv8-64 descriptors, 4 KiB granule, in Non-secure memory (Arm ARM D8.3).
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// Maps `page` at `ipa`, read, write and execute. Table pages come from the vCPU's cache. 0, -ENOMEM.
int kvm_pgtable_stage2_map(Host& host, Vm& vm, Vcpu& vcpu, abi::Ipa ipa, abi::GranulePa page);
// Invalidates the entries of [start, end) and their TLB entries.
void kvm_pgtable_stage2_unmap(Host& host, Vm& vm, abi::Ipa start, abi::Ipa end);
// Frees every table, the root included.
void kvm_pgtable_stage2_destroy(Host& host, Vm& vm);

}  // namespace host::kvm
