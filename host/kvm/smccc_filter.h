// SPDX-License-Identifier: GPL-2.0-or-later
// Who answers an SMCCC call of a guest: the kernel, nobody, or user space (arch/arm64/kvm/hypercalls.c). The filter
// belongs to a VM and cannot change once a vCPU ran.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "host/kvm/uapi.h"

namespace host::kvm {

struct Host;
struct Vm;

// Function ids [start, end] with one action; without an entry the kernel handles the call.
struct SmcccFilterRange {
  std::uint32_t end = 0;
  SmcccAction action = SmcccAction::kHandle;
  auto members() { return std::tie(end, action); }
};
using SmcccFilterRanges = std::map<std::uint32_t, SmcccFilterRange>;  // by start

// KVM_ARM_VM_SMCCC_FILTER of a VM's group KVM_ARM_VM_SMCCC_CTRL. 0; -EINVAL padding, an empty or wrapping range, an
// unknown action; -EBUSY a vCPU ran; -EEXIST the range meets another one or the Arm Architecture calls, which are
// always the kernel's.
long kvm_smccc_set_filter(Host& host, Vm& vm, const SmcccFilter& filter);
SmcccAction kvm_smccc_filter_get_action(const Vm& vm, std::uint32_t func_id);

// KVM_{SET,HAS}_DEVICE_ATTR of a VM. -ENXIO: no such group or attribute.
long kvm_arm_vm_set_attr(Host& host, Vm& vm, const DeviceAttr& attr);
long kvm_arm_vm_has_attr(const DeviceAttr& attr);

}  // namespace host::kvm
