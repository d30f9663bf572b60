// SPDX-License-Identifier: GPL-2.0-or-later
// Everything the host kernel and the VMM's address space remember: one copyable, hashable value.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <tuple>
#include <vector>

#include "host/kvm/behaviour.h"
#include "host/kvm/guest_memfd.h"
#include "host/kvm/page_alloc.h"
#include "host/kvm/user_memory.h"
#include "host/kvm/vm.h"

namespace host::kvm {

enum class FdKind : std::uint8_t { kClosed, kDevKvm, kVm, kVcpu, kGuestMemfd, kVgicDevice };

struct FileDescriptor {
  FdKind kind = FdKind::kClosed;
  std::uint32_t vm = 0;
  std::uint32_t index = 0;  // vCPU or guest_memfd
  auto members() { return std::tie(kind, vm, index); }
};

// What kvm_init_rmi found at module load.
struct RmiSupport {
  bool probed = false;
  bool available = false;
  std::uint64_t feat_reg0 = 0;
  auto members() { return std::tie(probed, available, feat_reg0); }
};

struct KvmState {
  PageAllocState pages;
  std::vector<FileDescriptor> files;  // index: descriptor
  UserMemory user;
  std::deque<GuestMemfd> guest_memfds;
  std::deque<Vm> vms;
  RmiSupport rmi;
  // VMIDs in use, realms and plain VMs alike: the machine's TLB never has to tell them apart. Bit 0 is the host's own.
  std::array<std::uint64_t, 4> vmids{1, 0, 0, 0};
  KvmBehaviour behaviour;

  auto members() { return std::tie(pages, files, user, guest_memfds, vms, rmi, vmids, behaviour); }
};

}  // namespace host::kvm
