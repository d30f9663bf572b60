// SPDX-License-Identifier: GPL-2.0-or-later
// Invalidation and the life of a VM's stage 2. Faults are in stage2_fault.cpp.
#include "host/kvm/mmu.h"

#include <algorithm>

#include "host/kvm/panic.h"
#include "host/kvm/rtt.h"
#include "host/kvm/stage2_pgtable.h"

namespace host::kvm {

using rmm::port::WriteGuard;

int kvm_init_stage2_mmu(Host& host, Vm& vm, std::uint8_t ia_bits) {
  auto& mmu = vm.mmu;
  mmu.ia_bits = ia_bits;
  // Up to 16 concatenated tables spare one level (Arm ARM D8.2.2): 4 - (ia_bits - 8) / (granule_shift - 3).
  mmu.start_level = static_cast<std::int8_t>(4 - (ia_bits - 8) / 9);
  const unsigned one_table_bits = 12 + 9 * static_cast<unsigned>(4 - mmu.start_level);
  mmu.num_start = static_cast<std::uint8_t>(ia_bits > one_table_bits ? 1U << (ia_bits - one_table_bits) : 1U);
  const auto pgd = host.pages.alloc_pages_exact(mmu.num_start, PageUse::kStage2Root);
  if (!pgd) return -kENOMEM;
  mmu.pgd = *pgd;
  mmu.has_pgd = true;
  for (unsigned i = 0; i < mmu.num_start; ++i) {
    if (!host.port.memory.zero(abi::GranulePa::from_frame(pgd->frame() + i)))
      panic("granule protection fault clearing the stage 2 root {:#x}", pgd->pa().value);
  }
  if (vm.is_realm) return 0;
  mmu.vmid = vmid_reserve(host.state);
  if (mmu.vmid.value == 0) {
    host.pages.free_pages_exact(mmu.pgd, mmu.num_start, PageUse::kStage2Root);
    mmu.has_pgd = false;
    return -kENOMEM;
  }
  mmu.has_vmid = true;
  return 0;
}

void kvm_uninit_stage2_mmu(Host& host, Vm& vm) {
  {
    WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", step_object(StepObject::kMmuLock, vm));
    if (vm.is_realm) {
      kvm_realm_unmap_range(host, vm, 0, shared_bit(vm.mmu), kFilterAll, true);
      return;
    }
    if (vm.mmu.has_pgd) kvm_pgtable_stage2_destroy(host, vm);
  }
  if (vm.mmu.has_vmid) vmid_release(host.state, vm.mmu.vmid);
  vm.mmu.has_vmid = false;
}

int kvm_mmu_topup_memory_cache(Host& host, Vcpu& vcpu) {
  const auto need = static_cast<std::size_t>(kRttMaxLevel - vm_of(host, vcpu).mmu.start_level);
  while (vcpu.mmu_page_cache.size() < need) {
    const auto page = host.pages.alloc_page(PageUse::kRtt);
    if (!page) return -kENOMEM;
    vcpu.mmu_page_cache.push_back(*page);
  }
  return 0;
}

void kvm_mmu_free_memory_cache(Host& host, Vcpu& vcpu) {
  for (const auto page : vcpu.mmu_page_cache) host.pages.free_page(page, PageUse::kRtt);
  vcpu.mmu_page_cache.clear();
}

void kvm_mmu_invalidate_begin(Vm& vm, std::uint64_t start, std::uint64_t end) {
  auto& window = vm.mmu_invalidate;
  const bool first = window.in_progress++ == 0;
  window.range_start = first ? start : std::min(window.range_start, start);
  window.range_end = first ? end : std::max(window.range_end, end);
}

void kvm_mmu_invalidate_end(Vm& vm) {
  ++vm.mmu_invalidate.seq;
  --vm.mmu_invalidate.in_progress;
}

void kvm_unmap_gfn_range(Host& host, Vm& vm, std::uint64_t start, std::uint64_t end, unsigned filter) {
  WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", step_object(StepObject::kMmuLock, vm));
  kvm_mmu_invalidate_begin(vm, start, end);
  if (vm.is_realm) {
    kvm_realm_unmap_range(host, vm, start << abi::kGranuleShift, end << abi::kGranuleShift, filter, true);
  } else if (vm.mmu.has_pgd) {
    kvm_pgtable_stage2_unmap(host, vm, {start << abi::kGranuleShift}, {end << abi::kGranuleShift});
  }
  kvm_mmu_invalidate_end(vm);
}

void kvm_unmap_hva_range(Host& host, std::uint64_t start, std::uint64_t end) {
  for (auto& vm : host.state.vms) {
    if (vm.users == 0) continue;
    for (const auto& [id, slot] : std::map(vm.memslots)) {
      const std::uint64_t from = std::max(start, slot.userspace_addr);
      const std::uint64_t to = std::min(end, slot.userspace_addr + (slot.npages << abi::kGranuleShift));
      if (from >= to) continue;
      const std::uint64_t first = slot.base_gfn + ((from - slot.userspace_addr) >> abi::kGranuleShift);
      kvm_unmap_gfn_range(host, vm, first, first + ((to - from) >> abi::kGranuleShift), kFilterShared);
    }
  }
}

std::optional<Memslot> gfn_to_memslot(const Vm& vm, std::uint64_t gfn) {
  for (const auto& [id, slot] : vm.memslots) {
    if (gfn >= slot.base_gfn && gfn - slot.base_gfn < slot.npages) return slot;
  }
  return std::nullopt;
}

int kvm_phys_addr_ioremap(const Vm& vm, abi::Ipa, abi::Pa, std::uint64_t) { return vm.is_realm ? -kEPERM : -kEINVAL; }

}  // namespace host::kvm
