// SPDX-License-Identifier: GPL-2.0-or-later
// Requests to a vCPU, kicks, and the two ways a vCPU sleeps in the host.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

void kvm_make_request(Host& host, Vcpu& vcpu, std::uint32_t request);
// True iff the request was set; it is clear afterwards.
bool kvm_check_request(Host& host, Vcpu& vcpu, std::uint32_t request);
// Sets the request on every vCPU and interrupts those in guest code. The only request that goes to all, KVM_REQ_SLEEP,
// is KVM_REQUEST_WAIT: when this returns none of them is in guest code any more, nor about to enter without a look at
// its requests (R1). It is KVM_REQUEST_NO_WAKEUP: a vCPU that sleeps in the host sleeps on.
void kvm_make_all_cpus_request(Host& host, Vm& vm, std::uint32_t request);
// The host's handler of an IPI ran on the PE of this vCPU's thread.
void ack_kick(Host& host, Vcpu& vcpu);
// Wakes the vCPU's thread if it sleeps in the host.
void kvm_vcpu_wake_up(Host& host, Vcpu& vcpu);
// kvm_vcpu_wake_up, and an IPI if the vCPU is in guest code.
void kvm_vcpu_kick(Host& host, Vcpu& vcpu);

inline bool kvm_arm_vcpu_stopped(const Vcpu& vcpu) { return vcpu.mp_state.peek() == kMpStateStopped; }
// Powers the vCPU off: it leaves guest code and sleeps until a PSCI CPU_ON or KVM_SET_MP_STATE.
void kvm_arm_vcpu_power_off(Host& host, Vcpu& vcpu);
inline bool kvm_arm_vcpu_suspended(const Vcpu& vcpu) { return vcpu.mp_state.peek() == kMpStateSuspended; }
// KVM_SET_MP_STATE to SUSPENDED: at its next KVM_RUN the vCPU waits for an interrupt.
void kvm_arm_vcpu_suspend(Host& host, Vcpu& vcpu);
// KVM_REQ_SUSPEND. 0: an interrupt is pending, user space is told (KVM_SYSTEM_EVENT_WAKEUP); 1: something else. The
// state lasts until user space makes the vCPU runnable.
int kvm_vcpu_suspend(Host& host, Vcpu& vcpu);
// KVM_REQ_SLEEP: until the vCPU is powered on, or a signal.
void kvm_vcpu_sleep(Host& host, Vcpu& vcpu);
// WFI, PSCI CPU_SUSPEND: until an interrupt is pending, a timer fires, a request or a signal comes, or `deadline_ns`
// (of a WFIT) passes.
void kvm_vcpu_wfi(Host& host, Vcpu& vcpu, std::optional<std::uint64_t> deadline_ns = std::nullopt);
bool signal_pending(Host& host, Vcpu& vcpu);

}  // namespace host::kvm
