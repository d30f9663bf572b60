// SPDX-License-Identifier: GPL-2.0-or-later
// State of one VM (struct kvm and its arch part). Lock order: kvm->lock, vcpu->mutex, slots_lock, config_lock,
// mp_state_lock, mmu_lock, the vgic's.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <tuple>

#include "host/kvm/gfn_ranges.h"
#include "host/kvm/realm.h"
#include "host/kvm/smccc_filter.h"
#include "host/kvm/vcpu.h"
#include "host/kvm/vgic/vgic_state.h"

namespace host::kvm {

struct Memslot {
  std::uint32_t id = 0;
  std::uint32_t flags = 0;
  std::uint64_t base_gfn = 0;
  std::uint64_t npages = 0;
  std::uint64_t userspace_addr = 0;
  std::uint32_t gmem = kNoGmem;  // index of the guest_memfd; kNoGmem: never had one or it was released
  std::uint64_t gmem_pgoff = 0;
  static constexpr std::uint32_t kNoGmem = 0xffffffff;
  bool has_gmem() const { return (flags & kMemGuestMemfd) != 0; }
  auto members() { return std::tie(id, flags, base_gfn, npages, userspace_addr, gmem, gmem_pgoff); }
};

// Stage 2 of a VM (kvm_s2_mmu): the root tables exist from KVM_CREATE_VM on; a realm's are given to the RMM.
struct Stage2Mmu {
  std::uint8_t ia_bits = 40;
  std::int8_t start_level = 1;
  std::uint8_t num_start = 1;
  bool has_pgd = false;  // false: freed, or lost with the RMM (pgt == NULL)
  abi::GranulePa pgd;
  abi::Vmid vmid;  // of a plain VM
  bool has_vmid = false;
  auto members() { return std::tie(ia_bits, start_level, num_start, has_pgd, pgd, vmid.value, has_vmid); }
};

// A window in which pages are being taken away from the guest: faults that began before its end retry.
struct MmuInvalidate {
  std::uint64_t seq = 0;
  std::uint64_t in_progress = 0;
  std::uint64_t range_start = 0;  // frames, while in_progress
  std::uint64_t range_end = 0;
  auto members() { return std::tie(seq, in_progress, range_start, range_end); }
};

struct Vm {
  std::uint32_t index = 0;
  std::uint32_t users = 0;  // open files that hold the VM; 0: destroyed
  bool is_realm = false;
  rmm::port::Lock lock;  // kvm->lock
  rmm::port::Lock slots_lock;
  rmm::port::Lock config_lock;
  rmm::port::RwLock mmu_lock;
  std::map<std::uint32_t, Memslot> memslots;
  GfnRanges private_gfns;  // KVM_MEMORY_ATTRIBUTE_PRIVATE
  MmuInvalidate mmu_invalidate;
  std::deque<Vcpu> vcpus;  // a deque: a vCPU created while others run moves none of them
  Stage2Mmu mmu;
  Realm realm;
  VgicState vgic;
  SmcccFilterRanges smccc_filter;
  std::uint8_t num_bps = 1, num_wps = 1;  // ID_AA64DFR0_EL1.BRPs and WRPs, minus one
  std::uint8_t pmcr_n = 0;                // PMCR_EL0.N, if the vCPUs have a PMU
  bool has_ran_once = false;              // KVM_ARCH_FLAG_HAS_RAN_ONCE

  auto members() {
    return std::tie(index, users, is_realm, lock, slots_lock, config_lock, mmu_lock, memslots, private_gfns,
                    mmu_invalidate, vcpus, mmu, realm, vgic, smccc_filter, num_bps, num_wps, pmcr_n, has_ran_once);
  }
};

}  // namespace host::kvm
