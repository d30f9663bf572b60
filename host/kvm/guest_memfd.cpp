// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/guest_memfd.h"

#include <algorithm>

#include "host/kvm/file_table.h"
#include "host/kvm/mmu.h"
#include "host/kvm/panic.h"
#include "host/kvm/rtt.h"

namespace host::kvm {
namespace {

using rmm::port::LockGuard;
using rmm::port::WriteGuard;

// The guest frames of `slot` that show pages [start, end) of the file.
struct GfnSpan {
  std::uint64_t start = 0, end = 0;
};
GfnSpan gfns_of(const Memslot& slot, std::uint64_t start, std::uint64_t end) {
  start = std::max(start, slot.gmem_pgoff);
  end = std::min(end, slot.gmem_pgoff + slot.npages);
  if (start >= end) return {};
  return {slot.base_gfn + start - slot.gmem_pgoff, slot.base_gfn + end - slot.gmem_pgoff};
}

// Frees pages [start, end) of the file after every alias of them left the guest. The windows of all bindings stay open
// until the pages are gone, so that no fault finds a page on its way out.
void invalidate_and_free(Host& host, GuestMemfd& file, std::uint64_t start, std::uint64_t end) {
  Vm& vm = host.state.vms[file.vm];
  const auto object = step_object(StepObject::kMmuLock, vm);
  std::vector<GfnSpan> spans;
  for (const auto id : file.bindings) {
    const auto slot = vm.memslots.find(id);
    if (slot == vm.memslots.end()) continue;
    if (const auto span = gfns_of(slot->second, start, end); span.start < span.end) spans.push_back(span);
  }
  for (const auto& span : spans) {
    WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", object);
    kvm_mmu_invalidate_begin(vm, span.start, span.end);
    // Private pages go whatever the attribute says: the file is about to lose them (R14).
    if (vm.is_realm) {
      kvm_realm_unmap_range(host, vm, span.start << abi::kGranuleShift, span.end << abi::kGranuleShift, kFilterPrivate,
                            true);
    }
  }
  file.pages.take(start, end,
                  [&](std::uint64_t, abi::GranulePa page) { host.pages.free_page(page, PageUse::kGuestMemfd); });
  for (std::size_t i = 0; i < spans.size(); ++i) {
    WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", object);
    kvm_mmu_invalidate_end(vm);
  }
}

}  // namespace

long kvm_gmem_create(Host& host, Vm& vm, const CreateGuestMemfd& args) {
  if (args.flags != 0) return -kEINVAL;
  if (args.size == 0 || !abi::is_aligned(args.size, abi::kGranuleSize)) return -kEINVAL;
  const auto index = static_cast<std::uint32_t>(host.state.guest_memfds.size());
  auto& file = host.state.guest_memfds.emplace_back();
  file.vm = vm.index;
  file.size = args.size;
  ++vm.users;
  return install_fd(host, {FdKind::kGuestMemfd, vm.index, index}).value;
}

long kvm_gmem_bind(Host& host, Vm& vm, Memslot& slot, Fd fd, std::uint64_t offset) {
  const auto* file = find_file(host, fd);
  if (file == nullptr) return -kEBADF;
  if (file->kind != FdKind::kGuestMemfd || file->vm != vm.index) return -kEINVAL;
  auto& gmem = host.state.guest_memfds[file->index];
  const std::uint64_t size = slot.npages << abi::kGranuleShift;
  if (!abi::is_aligned(offset, abi::kGranuleSize) || offset + size < offset || offset + size > gmem.size)
    return -kEINVAL;
  const std::uint64_t first = offset >> abi::kGranuleShift;
  for (const auto id : gmem.bindings) {
    const auto& other = vm.memslots.at(id);
    if (first < other.gmem_pgoff + other.npages && other.gmem_pgoff < first + slot.npages) return -kEEXIST;
  }
  slot.gmem = file->index;
  slot.gmem_pgoff = first;
  gmem.bindings.insert(std::lower_bound(gmem.bindings.begin(), gmem.bindings.end(), slot.id), slot.id);
  return 0;
}

void kvm_gmem_unbind(Host& host, Vm&, Memslot& slot) {
  if (slot.gmem == Memslot::kNoGmem) return;
  std::erase(host.state.guest_memfds[slot.gmem].bindings, slot.id);
  slot.gmem = Memslot::kNoGmem;
}

GmemPfn kvm_gmem_get_pfn(Host& host, Vm&, const Memslot& slot, std::uint64_t gfn) {
  if (slot.gmem == Memslot::kNoGmem || !host.state.guest_memfds[slot.gmem].open) return {-kEFAULT, {}};
  auto& pages = host.state.guest_memfds[slot.gmem].pages;
  const std::uint64_t index = gfn - slot.base_gfn + slot.gmem_pgoff;
  if (const auto page = pages.find(index)) return {0, *page};
  const auto page = host.pages.alloc_page(PageUse::kGuestMemfd);
  if (!page) return {-kENOMEM, {}};
  if (!host.port.memory.zero(*page)) panic("granule protection fault clearing page {:#x}", page->pa().value);
  pages.insert(index, *page);
  return {0, *page};
}

long kvm_gmem_punch_hole(Host& host, std::uint32_t index, std::uint64_t offset, std::uint64_t length) {
  auto& file = host.state.guest_memfds[index];
  if (length == 0 || !abi::is_aligned(offset, abi::kGranuleSize) || !abi::is_aligned(length, abi::kGranuleSize) ||
      offset + length < offset)
    return -kEINVAL;
  invalidate_and_free(host, file, offset >> abi::kGranuleShift, (offset + length) >> abi::kGranuleShift);
  return 0;
}

void kvm_gmem_release(Host& host, std::uint32_t index) {
  auto& file = host.state.guest_memfds[index];
  Vm& vm = host.state.vms[file.vm];
  LockGuard slots(host.port.sync, vm.slots_lock, "slots_lock", step_object(StepObject::kSlotsLock, vm));
  invalidate_and_free(host, file, 0, file.size >> abi::kGranuleShift);
  for (const auto id : file.bindings) vm.memslots.at(id).gmem = Memslot::kNoGmem;
  file.bindings.clear();
  file.open = false;
}

}  // namespace host::kvm
