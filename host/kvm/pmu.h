// SPDX-License-Identifier: GPL-2.0-or-later
// The PMU of a realm's vCPU (virt/kvm/arm/pmu-emul.c, as the series used it up to v13): the RMM owns the counters, the
// host only turns the overflow that an exit shows into the level of an interrupt. Plain VMs have none here.
#pragma once

#include <cstdint>
#include <tuple>

#include "host/kvm/host.h"
#include "host/kvm/uapi.h"

namespace host::kvm {

// KVM_ARM_VCPU_PMU_V3 was asked for.
bool kvm_vcpu_has_pmu(const Vcpu& vcpu);

// KVM_ARM_VCPU_PMU_V3_CTRL: IRQ, INIT and SET_NR_COUNTERS.
long kvm_arm_pmu_v3_has_attr(const Vcpu& vcpu, const DeviceAttr& attr);
long kvm_arm_pmu_v3_set_attr(Host& host, Vcpu& vcpu, const DeviceAttr& attr);

long kvm_arm_pmu_v3_get_attr(const Host& host, const Vcpu& vcpu, const DeviceAttr& attr);

// Before the first run: -EINVAL unless the PMU that was asked for has been initialised.
int kvm_arm_pmu_v3_enable(const Vcpu& vcpu);

// After an exit: RmiRecExit.pmu_ovf_status.
void kvm_pmu_update_from_exit(Host& host, Vcpu& vcpu, bool overflow);

}  // namespace host::kvm
