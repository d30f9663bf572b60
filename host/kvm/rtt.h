// SPDX-License-Identifier: GPL-2.0-or-later
// A realm's RTTs from the host's side: building levels, mapping, unmapping, folding and tearing down
// (docs/host-series.md). Every function expects mmu_lock to be held for writing unless it says otherwise.
#pragma once

#include <cstdint>
#include <tl/expected.hpp>

#include "host/kvm/host.h"

namespace host::kvm {

inline constexpr int kRttMaxLevel = 3;

// Bytes that one entry of a table at `level` covers.
constexpr std::uint64_t rtt_level_mapsize(int level) { return 1ULL << (12 + 9 * (kRttMaxLevel - level)); }

// Which aliases an invalidation takes away (kvm_gfn_range_filter). Both bits clear is never used.
inline constexpr unsigned kFilterShared = 1, kFilterPrivate = 2, kFilterAll = kFilterShared | kFilterPrivate;

// A page delegated to the RMM, or -ENOMEM, or -ENXIO when the RMM refuses it (the page is back with the host).
tl::expected<abi::GranulePa, int> alloc_delegated_page(Host& host, PageUse use);
// Takes a granule back from the RMM and frees it; a granule the RMM keeps is leaked.
void free_delegated_page(Host& host, abi::GranulePa page, PageUse use);
// Undoes the delegation of a guest page that could not be mapped: its guest_memfd keeps the page, if only as a lost
// one.
void undelegate_or_lose(Host& host, abi::GranulePa page);

// The half of the IPA space above bit ia_bits-1 is the shared alias of the lower half.
constexpr std::uint64_t shared_bit(const Stage2Mmu& mmu) { return 1ULL << (mmu.ia_bits - 1); }
inline bool kvm_realm_is_private_address(const Vm& vm, abi::Ipa ipa) { return (ipa.value & shared_bit(vm.mmu)) == 0; }
// The guest physical address of a faulting IPA: memslots and devices know no alias.
inline abi::Ipa kvm_gpa_from_fault(const Vm& vm, abi::Ipa ipa) {
  return vm.is_realm ? abi::Ipa{ipa.value & ~shared_bit(vm.mmu)} : ipa;
}

// The lowest level number whose entries can cover part of [start, end) exactly.
int find_map_level(const Vm& vm, abi::Ipa start, abi::Ipa end);

// Tables for `ipa` from level+1 down to max_level. `vcpu`: whose page cache pays; null: the allocator. 0, -ENOMEM,
// -ENXIO.
int realm_create_rtt_levels(Host& host, Vm& vm, Vcpu* vcpu, abi::Ipa ipa, int level, int max_level);

// Gives `page` to the realm at `ipa` (protected). 0 also when another vCPU was faster (R19). -ENOMEM, -ENXIO.
int realm_map_protected(Host& host, Vm& vm, Vcpu& vcpu, abi::Ipa ipa, abi::GranulePa page);
// Maps host page `page` at the unprotected alias `ipa`. 0, -ENOMEM, -ENXIO.
int realm_map_non_secure(Host& host, Vm& vm, Vcpu& vcpu, abi::Ipa ipa, abi::GranulePa page);

// Takes [start, end) away: shared alias always, private contents with kFilterPrivate. Addresses are of the protected
// half. may_block: mmu_lock is dropped between steps (cond_resched_rwlock_write), so the caller holds an invalidate
// window.
void kvm_realm_unmap_range(Host& host, Vm& vm, std::uint64_t start, std::uint64_t end, unsigned filter, bool may_block);
// The private part of the above alone.
void realm_unmap_private_range(Host& host, Vm& vm, std::uint64_t start, std::uint64_t end, bool may_block);

// Destroys every table below the starting level, bottom up. Takes no lock.
void kvm_realm_destroy_rtts(Host& host, Vm& vm);

}  // namespace host::kvm
