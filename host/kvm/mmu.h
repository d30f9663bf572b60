// SPDX-License-Identifier: GPL-2.0-or-later
// Stage 2 of a guest from the host's side: faults, invalidation windows, and the range operations that the rest of the
// kernel triggers. A plain VM's tables are stage2_pgtable.h's, a realm's rtt.h's.
#pragma once

#include <cstdint>
#include <optional>

#include "host/kvm/host.h"

namespace host::kvm {

// Root tables, starting level and (plain VM) VMID for an IPA width. 0, -ENOMEM.
int kvm_init_stage2_mmu(Host& host, Vm& vm, std::uint8_t ia_bits);
// mm is going away: every alias of every page is unmapped; a plain VM's tables are freed. vCPUs may still exist.
void kvm_uninit_stage2_mmu(Host& host, Vm& vm);

// Table pages for one fault, taken while no lock is held. 0 or -ENOMEM.
int kvm_mmu_topup_memory_cache(Host& host, Vcpu& vcpu);
void kvm_mmu_free_memory_cache(Host& host, Vcpu& vcpu);

// Opens an invalidation window over frames [start, end): faults inside it retry until the end. mmu_lock is held.
void kvm_mmu_invalidate_begin(Vm& vm, std::uint64_t start, std::uint64_t end);
void kvm_mmu_invalidate_end(Vm& vm);
// Takes frames [start, end) away from the guest under mmu_lock, inside a window of its own.
void kvm_unmap_gfn_range(Host& host, Vm& vm, std::uint64_t start, std::uint64_t end, unsigned filter);
// The MMU notifier: user pages [start, end) are about to go.
void kvm_unmap_hva_range(Host& host, std::uint64_t start, std::uint64_t end);

// The slot that holds `gfn`, as a copy: it may be deleted while its user is parked.
std::optional<Memslot> gfn_to_memslot(const Vm& vm, std::uint64_t gfn);

// A stage 2 abort of `vcpu` (its fault registers are set). 1: run on; 0: exit to user space; -errno.
int kvm_handle_guest_abort(Host& host, Vcpu& vcpu);
// Maps device memory: refused for a realm, and this host has no devices to assign. -EPERM, -EINVAL.
int kvm_phys_addr_ioremap(const Vm& vm, abi::Ipa guest_ipa, abi::Pa pa, std::uint64_t size);

}  // namespace host::kvm
