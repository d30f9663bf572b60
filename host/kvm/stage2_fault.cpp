// SPDX-License-Identifier: GPL-2.0-or-later
// Stage 2 aborts (docs/host-series.md).
#include "host/kvm/costs.h"
#include "host/kvm/fault_info.h"
#include "host/kvm/guest_memfd.h"
#include "host/kvm/inject_fault.h"
#include "host/kvm/log.h"
#include "host/kvm/memslot.h"
#include "host/kvm/mmio.h"
#include "host/kvm/mmu.h"
#include "host/kvm/rtt.h"
#include "host/kvm/stage2_pgtable.h"

namespace host::kvm {
namespace {

using rmm::port::Access;
using rmm::port::WriteGuard;

struct Fault {
  abi::Ipa ipa;  // of the page, alias bit included
  std::uint64_t gfn = 0;
  Memslot slot;
  bool write = false;
  bool is_private = false;
  bool emulated = false;  // no memory is there: a device's access or an abort for the guest
};

// Read before the page is looked up; a change until mmu_lock is held means that the page may be gone (R24, R25).
std::uint64_t mmu_seq(Host& host, const Vm& vm) {
  host.port.sync.step({"mmu_invalidate_seq", step_object(StepObject::kMmuInvalidate, vm), Access::kRead});
  return vm.mmu_invalidate.seq;
}

bool mmu_invalidate_retry(const Vm& vm, std::uint64_t seq, std::uint64_t gfn) {
  const auto& w = vm.mmu_invalidate;
  if (w.in_progress > 0 && gfn >= w.range_start && gfn < w.range_end) return true;
  return w.seq != seq;
}

void kvm_prepare_memory_fault_exit(Vcpu& vcpu, const Fault& fault) {
  vcpu.run.exit_reason = ExitReason::KVM_EXIT_MEMORY_FAULT;
  vcpu.run.memory_fault = {.flags = fault.is_private ? kMemoryExitFlagPrivate : 0,
                           .gpa = fault.gfn << abi::kGranuleShift,
                           .size = abi::kGranuleSize};
}

// Private fault: the page comes from the guest_memfd.
int gmem_abort(Host& host, Vm& vm, Vcpu& vcpu, const Fault& fault) {
  if (const int e = kvm_mmu_topup_memory_cache(host, vcpu); e != 0) return e;
  const std::uint64_t seq = mmu_seq(host, vm);
  const auto pfn = kvm_gmem_get_pfn(host, vm, fault.slot, fault.gfn);
  if (pfn.error != 0) {
    kvm_prepare_memory_fault_exit(vcpu, fault);
    return static_cast<int>(pfn.error);
  }
  WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", step_object(StepObject::kMmuLock, vm));
  if (mmu_invalidate_retry(vm, seq, fault.gfn)) return 0;
  return realm_map_protected(host, vm, vcpu, fault.ipa, pfn.page);
}

// Shared fault, or any fault of a plain VM: the page is the VMM's.
int user_mem_abort(Host& host, Vm& vm, Vcpu& vcpu, const Fault& fault) {
  if (const int e = kvm_mmu_topup_memory_cache(host, vcpu); e != 0) return e;
  const std::uint64_t seq = mmu_seq(host, vm);
  const Hva hva{fault.slot.userspace_addr + ((fault.gfn - fault.slot.base_gfn) << abi::kGranuleShift)};
  const auto page = get_user_page(host, hva);
  if (page.result == Gup::kNoMemory) return -kENOMEM;
  if (page.result == Gup::kFault) return -kEFAULT;
  WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", step_object(StepObject::kMmuLock, vm));
  if (mmu_invalidate_retry(vm, seq, fault.gfn)) return 0;
  if (vm.is_realm) return realm_map_non_secure(host, vm, vcpu, fault.ipa, page.page);
  return kvm_pgtable_stage2_map(host, vm, vcpu, fault.ipa, page.page);
}

// No memory behind the address: a device, or nothing.
int handle_no_slot(Host& host, Vcpu& vcpu, abi::Ipa gpa) {
  if (kvm_vcpu_trap_is_iabt(vcpu)) {
    if (vcpu_is_rec(host, vcpu)) return -kENXIO;
    return kvm_inject_sea(host, vcpu, true, vcpu.fault.far_el2);
  }
  if (kvm_vcpu_abt_iss1tw(vcpu)) return kvm_inject_sea(host, vcpu, false, vcpu.fault.far_el2);
  if (kvm_vcpu_dabt_is_cm(vcpu) && !vcpu_is_rec(host, vcpu)) {
    kvm_incr_pc(host, vcpu);
    return 1;
  }
  return io_mem_abort(host, vcpu, {gpa.value | (vcpu.fault.far_el2 & 0xfff)});
}

int handle_abort(Host& host, Vm& vm, Vcpu& vcpu, Fault& fault) {
  const abi::Ipa gpa = kvm_gpa_from_fault(vm, fault.ipa);
  fault.gfn = gpa.value >> abi::kGranuleShift;
  const auto slot = gfn_to_memslot(vm, fault.gfn);
  const bool read_only = slot && (slot->flags & kMemReadonly) != 0;
  if (!slot || (fault.write && read_only)) {
    // Only the shared alias has devices: a protected address without a slot is a kind of access that nobody backs.
    if (fault.is_private) {
      kvm_prepare_memory_fault_exit(vcpu, fault);
      return -kEFAULT;
    }
    fault.emulated = true;
    return handle_no_slot(host, vcpu, gpa);
  }
  fault.slot = *slot;
  if (vm.is_realm && fault.is_private != kvm_mem_is_private(vm, fault.gfn)) {
    kvm_prepare_memory_fault_exit(vcpu, fault);
    return -kEFAULT;
  }
  host.port.clock.spend_ns(kStage2FaultCostNs);
  const int ret = fault.is_private ? gmem_abort(host, vm, vcpu, fault) : user_mem_abort(host, vm, vcpu, fault);
  return ret == 0 ? 1 : ret;
}

}  // namespace

int kvm_handle_guest_abort(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  const std::uint64_t esr = vcpu.fault.esr_el2;
  Fault fault;
  fault.ipa = kvm_vcpu_get_fault_ipa(vcpu);
  fault.write = kvm_is_write_fault(vcpu);
  fault.is_private = vm.is_realm && kvm_realm_is_private_address(vm, fault.ipa);
  int ret = -kEFAULT;
  if (abi::esr::fsc_is(esr, abi::esr::kFscTranslation) && fault.ipa.value >= 1ULL << vm.mmu.ia_bits) {
    // Beyond the IPA space of this VM.
    ret = kvm_inject_sea(host, vcpu, kvm_vcpu_trap_is_iabt(vcpu), vcpu.fault.far_el2);
  } else if (abi::esr::fsc_is(esr, abi::esr::kFscTranslation) || abi::esr::fsc_is(esr, abi::esr::kFscPermission) ||
             abi::esr::fsc_is(esr, abi::esr::kFscAccessFlag)) {
    ret = handle_abort(host, vm, vcpu, fault);
  } else {
    warn(host, "unsupported fault status {:#x} of vCPU {}", abi::esr::fsc(esr), vcpu.vcpu_id);
  }
  if (host.port.observer != nullptr && !fault.emulated) {
    host.port.observer->stage2_fault(vm.index, vcpu.vcpu_id, fault.ipa, vm.is_realm && !fault.is_private, fault.write,
                                     ret);
  }
  return ret;
}

}  // namespace host::kvm
