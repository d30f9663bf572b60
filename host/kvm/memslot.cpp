// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/memslot.h"

#include "host/kvm/guest_memfd.h"
#include "host/kvm/mmu.h"
#include "host/kvm/rtt.h"

namespace host::kvm {
namespace {

using rmm::port::LockGuard;
using rmm::port::WriteGuard;

constexpr std::uint32_t kMaxSlots = 32767;

bool page_aligned(std::uint64_t v) { return abi::is_aligned(v, abi::kGranuleSize); }

long check_region(const Vm& vm, const UserspaceMemoryRegion2& r) {
  // Dirty logging is not offered, and no read-only memory to a realm: its private half knows no permissions.
  const std::uint32_t valid = vm.is_realm ? kMemGuestMemfd : kMemReadonly;
  if ((r.flags & ~valid) != 0) return -kEINVAL;
  if (r.slot >= kMaxSlots) return -kEINVAL;
  if (!page_aligned(r.memory_size) || !page_aligned(r.guest_phys_addr)) return -kEINVAL;
  if (!page_aligned(r.userspace_addr)) return -kEINVAL;
  if ((r.flags & kMemGuestMemfd) != 0 && !page_aligned(r.guest_memfd_offset)) return -kEINVAL;
  if (r.guest_phys_addr + r.memory_size < r.guest_phys_addr) return -kEINVAL;
  return 0;
}

long delete_slot(Host& host, Vm& vm, Memslot& slot) {
  // The shared alias and a VM's pages go at once; private pages stay until their guest_memfd lets them go.
  kvm_unmap_gfn_range(host, vm, slot.base_gfn, slot.base_gfn + slot.npages, kFilterShared);
  kvm_gmem_unbind(host, vm, slot);
  vm.memslots.erase(slot.id);
  return 0;
}

long change_slot(Vm& vm, Memslot& old, const UserspaceMemoryRegion2& r) {
  // Nothing of an existing slot can change here: moving has no user, flags have nothing to toggle, and a slot with a
  // guest_memfd is immutable in Linux too. Repeating the same region is allowed.
  (void)vm;
  const bool same = old.npages == r.memory_size >> abi::kGranuleShift && old.userspace_addr == r.userspace_addr &&
                    old.base_gfn == r.guest_phys_addr >> abi::kGranuleShift && old.flags == r.flags;
  return same && !old.has_gmem() ? 0 : -kEINVAL;
}

}  // namespace

long kvm_set_memory_region(Host& host, Vm& vm, const UserspaceMemoryRegion2& r) {
  if (const long e = check_region(vm, r); e != 0) return e;
  LockGuard slots(host.port.sync, vm.slots_lock, "slots_lock", step_object(StepObject::kSlotsLock, vm));
  const auto existing = vm.memslots.find(r.slot);
  if (r.memory_size == 0) return existing == vm.memslots.end() ? -kEINVAL : delete_slot(host, vm, existing->second);
  if (existing != vm.memslots.end()) return change_slot(vm, existing->second, r);

  Memslot slot;
  slot.id = r.slot;
  slot.flags = r.flags;
  slot.base_gfn = r.guest_phys_addr >> abi::kGranuleShift;
  slot.npages = r.memory_size >> abi::kGranuleShift;
  slot.userspace_addr = r.userspace_addr;
  // All slots of a realm lie in the protected half; a VM's below its IPA width.
  const std::uint64_t limit = vm.is_realm ? shared_bit(vm.mmu) : 1ULL << vm.mmu.ia_bits;
  if (r.guest_phys_addr + r.memory_size > limit) return -kEFAULT;
  for (const auto& [id, other] : vm.memslots) {
    if (slot.base_gfn < other.base_gfn + other.npages && other.base_gfn < slot.base_gfn + slot.npages) return -kEEXIST;
  }
  if (slot.has_gmem()) {
    const Fd fd{static_cast<int>(r.guest_memfd)};
    if (const long e = kvm_gmem_bind(host, vm, slot, fd, r.guest_memfd_offset); e != 0) return e;
  }
  vm.memslots[slot.id] = slot;
  return 0;
}

bool kvm_mem_is_private(const Vm& vm, std::uint64_t gfn) { return vm.is_realm && vm.private_gfns.contains(gfn); }

long kvm_vm_set_mem_attributes(Host& host, Vm& vm, const MemoryAttributes& a) {
  if (a.flags != 0) return -kEINVAL;
  const std::uint64_t supported = vm.is_realm ? kMemoryAttributePrivate : 0;
  if ((a.attributes & ~supported) != 0) return -kEINVAL;
  if (a.size == 0 || a.address + a.size < a.address) return -kEINVAL;
  if (!page_aligned(a.address) || !page_aligned(a.size)) return -kEINVAL;
  const std::uint64_t start = a.address >> abi::kGranuleShift;
  const std::uint64_t end = (a.address + a.size) >> abi::kGranuleShift;
  const bool to_private = (a.attributes & kMemoryAttributePrivate) != 0;

  LockGuard slots(host.port.sync, vm.slots_lock, "slots_lock", step_object(StepObject::kSlotsLock, vm));
  if (vm.private_gfns.all(start, end, to_private)) return 0;
  const auto object = step_object(StepObject::kMmuLock, vm);
  {
    WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", object);
    kvm_mmu_invalidate_begin(vm, start, end);
    // kvm_arch_pre_set_memory_attributes: the alias that loses its meaning goes; private contents are destroyed.
    for (const auto& [id, slot] : std::map(vm.memslots)) {
      const std::uint64_t from = std::max(start, slot.base_gfn);
      const std::uint64_t to = std::min(end, slot.base_gfn + slot.npages);
      if (from >= to) continue;
      kvm_realm_unmap_range(host, vm, from << abi::kGranuleShift, to << abi::kGranuleShift,
                            to_private ? kFilterShared : kFilterPrivate, true);
    }
  }
  host.port.sync.step(
      {"kvm_vm_set_mem_attributes", step_object(StepObject::kMemoryAttributes, vm), rmm::port::Access::kWrite});
  if (to_private) {
    vm.private_gfns.insert(start, end);
  } else {
    vm.private_gfns.erase(start, end);
  }
  WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", object);
  kvm_mmu_invalidate_end(vm);
  return 0;
}

}  // namespace host::kvm
