// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/vcpu_requests.h"

#include <algorithm>
#include <vector>

namespace host::kvm {

using rmm::port::Access;
using rmm::port::LockGuard;

namespace {

// Waits until ready() holds. A wake-up between the look and the wait is not lost: wake_all counts.
template <class Ready>
void wait_event(Host& host, Vcpu& vcpu, const char* point, const std::optional<std::uint64_t>& deadline_ns,
                Ready&& ready) {
  auto& sync = host.port.sync;
  const rmm::port::Step step{point, step_object(StepObject::kWait, vcpu), Access::kWait};
  for (;;) {
    const std::uint32_t seen = vcpu.wait.wakeups;
    if (ready()) return;
    if (vcpu.wait.wakeups != seen) continue;
    if (!deadline_ns) {
      sync.wait(vcpu.wait, step);
    } else if (host.port.clock.now_ns() < *deadline_ns) {
      sync.wait_until(vcpu.wait, *deadline_ns, step);
    } else {
      return;
    }
  }
}

}  // namespace

void kvm_make_request(Host& host, Vcpu& vcpu, std::uint32_t request) {
  host.port.sync.step({"kvm_make_request", step_object(StepObject::kRequests, vcpu), Access::kWrite});
  const std::uint32_t now = vcpu.requests.peek() | request;
  vcpu.requests = rmm::port::Shared<std::uint32_t>(now);
}

bool kvm_check_request(Host& host, Vcpu& vcpu, std::uint32_t request) {
  // A look without a request in sight is no scheduling point: the loop reads all requests again before it enters.
  if ((vcpu.requests.peek() & request) == 0) return false;
  host.port.sync.step({"kvm_check_request", step_object(StepObject::kRequests, vcpu), Access::kWrite});
  vcpu.requests = rmm::port::Shared<std::uint32_t>(vcpu.requests.peek() & ~request);
  return true;
}

void kvm_make_all_cpus_request(Host& host, Vm& vm, std::uint32_t request) {
  const port::PeId self = host.port.threads.current_pe();
  struct Kicked {
    Vcpu& vcpu;
    std::uint32_t taken;  // IPIs before ours
  };
  std::vector<Kicked> kicked;
  for (auto& vcpu : vm.vcpus) {
    kvm_make_request(host, vcpu, request);
    const auto mode = vcpu.mode.load(host.port.sync, "kvm_request_needs_ipi", step_object(StepObject::kMode, vcpu));
    if (mode != VcpuMode::kInGuestMode || vcpu.pe == self) continue;
    kicked.push_back({vcpu, vcpu.ipi_taken.wakeups});
    ++vcpu.ipi_waiters;
    host.port.threads.kick(vcpu.pe);
  }
  for (const auto& [vcpu, taken] : kicked) {
    while (vcpu.ipi_taken.wakeups == taken)
      host.port.sync.wait(vcpu.ipi_taken,
                          {"smp_call_function_many", step_object(StepObject::kWait, vcpu), Access::kWait});
    --vcpu.ipi_waiters;
  }
}

void ack_kick(Host& host, Vcpu& vcpu) {
  if (vcpu.ipi_waiters != 0) host.port.sync.wake_all(vcpu.ipi_taken);
}

void kvm_vcpu_wake_up(Host& host, Vcpu& vcpu) { host.port.sync.wake_all(vcpu.wait); }

void kvm_vcpu_kick(Host& host, Vcpu& vcpu) {
  kvm_vcpu_wake_up(host, vcpu);
  const auto mode = vcpu.mode.load(host.port.sync, "kvm_vcpu_kick", step_object(StepObject::kMode, vcpu));
  if (mode == VcpuMode::kInGuestMode && vcpu.pe != host.port.threads.current_pe()) host.port.threads.kick(vcpu.pe);
}

void kvm_arm_vcpu_power_off(Host& host, Vcpu& vcpu) {
  {
    LockGuard lock(host.port.sync, vcpu.mp_state_lock, "mp_state_lock", step_object(StepObject::kMpStateLock, vcpu));
    vcpu.mp_state.store(host.port.sync, kMpStateStopped, "mp_state", step_object(StepObject::kMpState, vcpu));
  }
  kvm_make_request(host, vcpu, KVM_REQ_SLEEP);
  kvm_vcpu_kick(host, vcpu);
}

void kvm_arm_vcpu_suspend(Host& host, Vcpu& vcpu) {
  {
    LockGuard lock(host.port.sync, vcpu.mp_state_lock, "mp_state_lock", step_object(StepObject::kMpStateLock, vcpu));
    vcpu.mp_state.store(host.port.sync, kMpStateSuspended, "mp_state", step_object(StepObject::kMpState, vcpu));
  }
  kvm_make_request(host, vcpu, KVM_REQ_SUSPEND);
  kvm_vcpu_kick(host, vcpu);
}

int kvm_vcpu_suspend(Host& host, Vcpu& vcpu) {
  if (!kvm_arm_vcpu_suspended(vcpu)) return 1;
  kvm_vcpu_wfi(host, vcpu);
  kvm_make_request(host, vcpu, KVM_REQ_SUSPEND);
  if (!VmVgic(host, vm_of(host, vcpu))->kvm_vgic_vcpu_pending_irq(vcpu.vcpu_id)) return 1;
  vcpu.run.system_event = {.type = kSystemEventWakeup, .flags = 0};
  vcpu.run.exit_reason = ExitReason::KVM_EXIT_SYSTEM_EVENT;
  return 0;
}

bool signal_pending(Host& host, Vcpu& vcpu) {
  return host.port.threads.signal_pending() ||
         vcpu.signal_pending.load(host.port.sync, "signal_pending", step_object(StepObject::kSignal, vcpu));
}

void kvm_vcpu_sleep(Host& host, Vcpu& vcpu) {
  wait_event(host, vcpu, "kvm_vcpu_sleep", std::nullopt, [&] {
    return !kvm_arm_vcpu_stopped(vcpu) || vcpu.signal_pending.peek() || host.port.threads.signal_pending();
  });
  // A signal ended the sleep: ask for it again when the thread comes back.
  if (kvm_arm_vcpu_stopped(vcpu)) kvm_make_request(host, vcpu, KVM_REQ_SLEEP);
}

void kvm_vcpu_wfi(Host& host, Vcpu& vcpu, std::optional<std::uint64_t> deadline_ns) {
  Vm& vm = vm_of(host, vcpu);
  VmVgic vgic(host, vm);
  const bool timer = !vm.is_realm || host.state.behaviour.rec_block_arms_timer;
  std::optional<std::uint64_t> deadline = deadline_ns;
  if (timer) {
    if (const auto fires = kvm_timer_earliest(vcpu.timers)) deadline = deadline ? std::min(*deadline, *fires) : *fires;
  }
  wait_event(host, vcpu, "kvm_vcpu_block", deadline, [&] {
    if (timer) kvm_timer_update_blocked(vcpu.timers, *vgic, vcpu.vcpu_id, host.port.clock.now_ns());
    return vgic->kvm_vgic_vcpu_pending_irq(vcpu.vcpu_id) || vcpu.requests.peek() != 0 || vcpu.signal_pending.peek() ||
           host.port.threads.signal_pending();
  });
  if (timer) kvm_timer_update_blocked(vcpu.timers, *vgic, vcpu.vcpu_id, host.port.clock.now_ns());
  (void)kvm_check_request(host, vcpu, KVM_REQ_UNBLOCK);
}

}  // namespace host::kvm
