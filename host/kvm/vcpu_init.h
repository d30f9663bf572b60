// SPDX-License-Identifier: GPL-2.0-or-later
// Creating and configuring vCPUs: the ioctls of a vCPU that isn't running.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// KVM_CREATE_VCPU. A descriptor; -EEXIST this id exists; -EINVAL ids must ascend from 0; -EBUSY the vgic is initialised
// (R44); -E2BIG too many.
long kvm_vm_ioctl_create_vcpu(Host& host, Vm& vm, std::uint64_t id);
// Frees what a vCPU holds: REC, table pages, CPU.
void kvm_vcpu_destroy(Host& host, Vcpu& vcpu);
long kvm_arm_preferred_target(VcpuInit& init);
// KVM_ARM_VCPU_INIT. 0; -EINVAL unknown target or feature, or a second call with others.
long kvm_arch_vcpu_ioctl_vcpu_init(Host& host, Vcpu& vcpu, const VcpuInit& init);
// KVM_SET_ONE_REG and KVM_GET_ONE_REG. 0; -ENOENT no such register; -EINVAL not for a realm; -EBUSY fixed by now;
// -ENOEXEC before KVM_ARM_VCPU_INIT.
long kvm_arm_set_reg(Host& host, Vcpu& vcpu, const OneReg& reg);
long kvm_arm_get_reg(Host& host, Vcpu& vcpu, const OneReg& reg);
// KVM_GET_REG_LIST. 0; -E2BIG with the number needed in `n`.
long kvm_arm_copy_reg_indices(Host& host, Vcpu& vcpu, RegList& list);
long kvm_arch_vcpu_ioctl_get_mpstate(Host& host, Vcpu& vcpu, MpState& mp_state);
// 0 or -EINVAL.
long kvm_arch_vcpu_ioctl_set_mpstate(Host& host, Vcpu& vcpu, const MpState& mp_state);
long kvm_arm_vcpu_get_events(Host& host, Vcpu& vcpu, VcpuEvents& events);
// 0; -EINVAL: an SError, or an external abort where no emulated MMIO access waits (realms).
long kvm_arm_vcpu_set_events(Host& host, Vcpu& vcpu, const VcpuEvents& events);

}  // namespace host::kvm
