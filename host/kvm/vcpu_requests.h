// SPDX-License-Identifier: GPL-2.0-or-later
// Requests to a vCPU, kicks, and the two ways a vCPU sleeps in the host.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

void kvm_make_request(Host& host, Vcpu& vcpu, std::uint32_t request);
// True iff the request was set; it is clear afterwards.
bool kvm_check_request(Host& host, Vcpu& vcpu, std::uint32_t request);
// Sets the request on every vCPU and kicks those in guest code. Does not wait for them to leave it.
void kvm_make_all_cpus_request(Host& host, Vm& vm, std::uint32_t request);
// Wakes the vCPU's thread if it sleeps in the host.
void kvm_vcpu_wake_up(Host& host, Vcpu& vcpu);
// kvm_vcpu_wake_up, and an IPI if the vCPU is in guest code.
void kvm_vcpu_kick(Host& host, Vcpu& vcpu);

inline bool kvm_arm_vcpu_stopped(const Vcpu& vcpu) { return vcpu.mp_state.peek() == kMpStateStopped; }
// Powers the vCPU off: it leaves guest code and sleeps until a PSCI CPU_ON or KVM_SET_MP_STATE.
void kvm_arm_vcpu_power_off(Host& host, Vcpu& vcpu);
// KVM_REQ_SLEEP: until the vCPU is powered on, or a signal.
void kvm_vcpu_sleep(Host& host, Vcpu& vcpu);
// WFI, PSCI CPU_SUSPEND: until an interrupt is pending, a timer fires, a request or a signal comes, or `deadline_ns`
// (of a WFIT) passes.
void kvm_vcpu_wfi(Host& host, Vcpu& vcpu, std::optional<std::uint64_t> deadline_ns = std::nullopt);
bool signal_pending(Host& host, Vcpu& vcpu);

}  // namespace host::kvm
