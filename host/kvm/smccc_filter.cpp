// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/smccc_filter.h"

#include <algorithm>

#include "host/kvm/host.h"

namespace host::kvm {
namespace {

// Arm Architecture calls, 32 and 64 bit: user space could misrepresent the CPU's mitigations (SMCCC 6.1).
constexpr std::uint32_t kArch32 = 0x8000'0000, kArch64 = 0xC000'0000, kArchFunctions = 0x10000;

long mtree_insert_range(SmcccFilterRanges& ranges, std::uint32_t start, std::uint32_t end, SmcccAction action) {
  const bool overlaps = std::any_of(ranges.begin(), ranges.end(),
                                    [&](const auto& range) { return range.first <= end && start <= range.second.end; });
  if (overlaps) return -kEEXIST;
  ranges[start] = {end, action};
  return 0;
}

}  // namespace

long kvm_smccc_set_filter(Host& host, Vm& vm, const SmcccFilter& filter) {
  if (std::any_of(filter.pad.begin(), filter.pad.end(), [](std::uint8_t byte) { return byte != 0; })) return -kEINVAL;
  const std::uint32_t start = filter.base, end = start + filter.nr_functions - 1;
  if (end < start || filter.action > static_cast<std::uint8_t>(SmcccAction::kForwardToUser)) return -kEINVAL;
  rmm::port::LockGuard config(host.port.sync, vm.config_lock, "config_lock", step_object(StepObject::kConfigLock, vm));
  if (vm.has_ran_once) return -kEBUSY;
  if (vm.smccc_filter.empty()) {
    for (const std::uint32_t base : {kArch32, kArch64})
      (void)mtree_insert_range(vm.smccc_filter, base, base + kArchFunctions - 1, SmcccAction::kHandle);
  }
  return mtree_insert_range(vm.smccc_filter, start, end, static_cast<SmcccAction>(filter.action));
}

SmcccAction kvm_smccc_filter_get_action(const Vm& vm, std::uint32_t func_id) {
  auto range = vm.smccc_filter.upper_bound(func_id);
  if (range == vm.smccc_filter.begin()) return SmcccAction::kHandle;
  --range;
  return func_id <= range->second.end ? range->second.action : SmcccAction::kHandle;
}

long kvm_arm_vm_set_attr(Host& host, Vm& vm, const DeviceAttr& attr) {
  if (const long e = kvm_arm_vm_has_attr(attr); e != 0) return e;
  return attr.smccc_filter == nullptr ? -kEFAULT : kvm_smccc_set_filter(host, vm, *attr.smccc_filter);
}

long kvm_arm_vm_has_attr(const DeviceAttr& attr) {
  return attr.group == kVmGrpSmcccCtrl && attr.attr == kVmSmcccFilter ? 0 : -kENXIO;
}

}  // namespace host::kvm
