// SPDX-License-Identifier: GPL-2.0-or-later
// guest_memfd: memory of a guest that user space cannot map. Its pages become a realm's DATA granules.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "host/kvm/sparse_pages.h"
#include "host/kvm/uapi.h"

namespace host::kvm {

struct Host;
struct Vm;
struct Memslot;

struct GuestMemfd {
  std::uint32_t vm = 0;
  std::uint64_t size = 0;  // bytes
  bool open = true;        // the file exists; its index is not used again
  SparsePages pages;
  std::vector<std::uint32_t> bindings;  // memslot ids of the VM, ascending
  auto members() { return std::tie(vm, size, open, pages, bindings); }
};

// KVM_CREATE_GUEST_MEMFD: a file descriptor or -EINVAL.
long kvm_gmem_create(Host& host, Vm& vm, const CreateGuestMemfd& args);
// Binds part of the file to a memslot: 0, -EINVAL (not this VM's file, misaligned or outside), -EEXIST (overlaps a
// binding).
long kvm_gmem_bind(Host& host, Vm& vm, Memslot& slot, Fd fd, std::uint64_t offset);
void kvm_gmem_unbind(Host& host, Vm& vm, Memslot& slot);

struct GmemPfn {
  long error = 0;  // 0 or -errno
  abi::GranulePa page;
};
// The page behind `gfn` of `slot`, allocated and zeroed on first use. -EFAULT: the slot has no file (any more);
// -ENOMEM.
GmemPfn kvm_gmem_get_pfn(Host& host, Vm& vm, const Memslot& slot, std::uint64_t gfn);
// fallocate(PUNCH_HOLE): unmaps the range from the guest, private aliases included, and frees its pages. 0 or -EINVAL.
long kvm_gmem_punch_hole(Host& host, std::uint32_t index, std::uint64_t offset, std::uint64_t length);
// The last reference of the file: unbinds every slot, unmaps and frees every page.
void kvm_gmem_release(Host& host, std::uint32_t index);

}  // namespace host::kvm
