// SPDX-License-Identifier: GPL-2.0-or-later
// A realm's first contents: KVM_ARM_RMI_POPULATE, and POPULATE_REALM of the explicit life cycle
// (docs/host-series.md).
#include <algorithm>

#include "host/kvm/guest_memfd.h"
#include "host/kvm/log.h"
#include "host/kvm/memslot.h"
#include "host/kvm/mmu.h"
#include "host/kvm/rmi.h"
#include "host/kvm/rtt.h"
#include "host/kvm/user_memory.h"

namespace host::kvm {
namespace {

using rmm::port::LockGuard;
using rmm::port::WriteGuard;

// Gives `dst` to the realm with the contents of `src`. 0 or -errno; never a bare RMI status (R20).
int realm_create_protected_data_page(Host& host, Vm& vm, abi::Ipa ipa, abi::GranulePa dst, abi::GranulePa src,
                                     std::uint64_t flags) {
  if (!ok(host.rmi.rmi_granule_delegate(dst))) return -kENXIO;
  auto r = host.rmi.rmi_data_create(vm.realm.rd, dst, ipa, src, flags);
  int error = -kENXIO;
  if (is_rtt_error(r)) {
    error = realm_create_rtt_levels(host, vm, nullptr, ipa, r.index, kRttMaxLevel);
    if (error == 0) {
      r = host.rmi.rmi_data_create(vm.realm.rd, dst, ipa, src, flags);
      error = -kENXIO;
    }
  }
  if (ok(r)) return 0;
  warn(host, "DATA_CREATE at {:#x} failed: status {:#x}", ipa.value, r.raw());
  undelegate_or_lose(host, dst);
  return error;
}

int populate_page(Host& host, Vm& vm, const Memslot& slot, std::uint64_t gfn, Hva source, std::uint64_t flags) {
  const auto dst = kvm_gmem_get_pfn(host, vm, slot, gfn);
  if (dst.error != 0) return static_cast<int>(dst.error);
  const auto src = get_user_page(host, source);
  if (src.result != Gup::kOk) return src.result == Gup::kNoMemory ? -kENOMEM : -kEFAULT;
  WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", step_object(StepObject::kMmuLock, vm));
  return realm_create_protected_data_page(host, vm, {gfn << abi::kGranuleShift}, dst.page, src.page, flags);
}

}  // namespace

long kvm_arm_rmi_populate(Host& host, Vm& vm, const ArmRmiPopulate& args) {
  if (!vm.is_realm) return -kEPERM;
  if ((args.flags & ~kArmRmiPopulateFlagsMeasure) != 0 || args.reserved != 0) return -kEINVAL;
  if (!abi::is_aligned(args.base | args.size | args.source_uaddr, abi::kGranuleSize)) return -kEINVAL;
  if (args.base + args.size < args.base) return -kEINVAL;
  LockGuard slots(host.port.sync, vm.slots_lock, "slots_lock", step_object(StepObject::kSlotsLock, vm));
  if (const int e = realm_ensure_created(host, vm); e != 0) return e;
  if (args.size == 0) return 0;
  const auto slot = gfn_to_memslot(vm, args.base >> abi::kGranuleShift);
  if (!slot) return -kEINVAL;
  if (!slot->has_gmem()) return -kEPERM;
  const std::uint64_t flags = (args.flags & kArmRmiPopulateFlagsMeasure) != 0 ? abi::v1_0::kDataFlagMeasure : 0;
  const std::uint64_t first = args.base >> abi::kGranuleShift;
  const std::uint64_t npages = std::min(args.size >> abi::kGranuleShift, slot->base_gfn + slot->npages - first);
  for (std::uint64_t i = 0; i < npages; ++i) {
    const Hva source{args.source_uaddr + (i << abi::kGranuleShift)};
    const bool is_private = kvm_mem_is_private(vm, first + i);
    const int e = is_private ? populate_page(host, vm, *slot, first + i, source, flags) : -kEINVAL;
    // What came before the failure counts: the caller goes on behind it and meets the error then.
    if (e != 0) return i == 0 ? e : static_cast<long>(i << abi::kGranuleShift);
  }
  return static_cast<long>(npages << abi::kGranuleShift);
}

int kvm_populate_realm(Host& host, Vm& vm, const ArmRmePopulateRealm& args) {
  if (vm.realm.state != RealmState::kNew) return -kEPERM;
  if (!abi::is_aligned(args.base | args.size, abi::kGranuleSize)) return -kEINVAL;
  if ((args.flags & ~kArmRmePopulateFlagsMeasure) != 0) return -kEINVAL;
  if (args.base + args.size < args.base) return -kEINVAL;
  if (args.size == 0) return 0;
  const std::uint64_t first = args.base >> abi::kGranuleShift;
  const std::uint64_t npages = args.size >> abi::kGranuleShift;
  const auto slot = gfn_to_memslot(vm, first);
  if (!slot) return -kEFAULT;
  if (first + npages > slot->base_gfn + slot->npages) return -kEINVAL;
  if (!slot->has_gmem()) return -kEPERM;
  const std::uint64_t flags = (args.flags & kArmRmePopulateFlagsMeasure) != 0 ? abi::v1_0::kDataFlagMeasure : 0;
  for (std::uint64_t gfn = first; gfn < first + npages; ++gfn) {
    const Hva source{slot->userspace_addr + ((gfn - slot->base_gfn) << abi::kGranuleShift)};
    if (const int e = populate_page(host, vm, *slot, gfn, source, flags); e != 0) return e;
  }
  return 0;
}

}  // namespace host::kvm
