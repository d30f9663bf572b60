// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/run.h"

#include "host/kvm/costs.h"
#include "host/kvm/explicit_life_cycle.h"
#include "host/kvm/handle_exit.h"
#include "host/kvm/mmio.h"
#include "host/kvm/pmu.h"
#include "host/kvm/rec.h"
#include "host/kvm/reset.h"
#include "host/kvm/rmi.h"
#include "host/kvm/vcpu_requests.h"

namespace host::kvm {
namespace {

using rmm::port::Access;
using rmm::port::LockGuard;

// The first run of a vCPU: the vgic's resources, and a realm comes to life.
int kvm_arch_vcpu_run_pid_change(Host& host, Vcpu& vcpu) {
  if (!vcpu.initialized) return -kENOEXEC;
  if (!kvm_arm_vcpu_is_finalized(host, vcpu)) return -kEPERM;
  if (vcpu.has_run_once) return 0;
  Vm& vm = vm_of(host, vcpu);
  if (vm.vgic.dist.created) {
    if (const long e = VmVgic(host, vm)->kvm_vgic_map_resources(); e != 0) return static_cast<int>(e);
  }
  if (const int e = kvm_arm_pmu_v3_enable(vcpu); e != 0) return e;
  if (vm.is_realm) {
    if (!vm.vgic.dist.created) return -kEOPNOTSUPP;  // a userspace irqchip
    if (const int e = kvm_activate_realm(host, vm); e != 0) return e;
  }
  // R27: this lock also makes a second vCPU wait for the first one's activation.
  LockGuard config(host.port.sync, vm.config_lock, "config_lock", step_object(StepObject::kConfigLock, vm));
  vm.has_ran_once = true;
  vcpu.has_run_once = true;
  return 0;
}

int check_vcpu_requests(Host& host, Vcpu& vcpu) {
  if (kvm_check_request(host, vcpu, KVM_REQ_SLEEP)) kvm_vcpu_sleep(host, vcpu);
  if (kvm_check_request(host, vcpu, KVM_REQ_VCPU_RESET)) kvm_reset_vcpu(host, vcpu);
  (void)kvm_check_request(host, vcpu, KVM_REQ_IRQ_PENDING);
  (void)kvm_check_request(host, vcpu, KVM_REQ_UNBLOCK);
  if (kvm_check_request(host, vcpu, KVM_REQ_SUSPEND)) return kvm_vcpu_suspend(host, vcpu);
  return 1;
}

// With IRQs off and the mode published: whoever asks for something from here on sends an IPI.
bool kvm_vcpu_exit_request(Host& host, Vcpu& vcpu) {
  host.port.sync.step({"kvm_vcpu_exit_request", step_object(StepObject::kRequests, vcpu), Access::kRead});
  return vcpu.requests.peek() != 0 || vcpu.signal_pending.peek() || host.port.threads.signal_pending();
}

void set_mode(Host& host, Vcpu& vcpu, VcpuMode mode) {
  vcpu.mode.store(host.port.sync, mode, "vcpu->mode", step_object(StepObject::kMode, vcpu));
}

void kvm_vgic_flush(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  if (vm.is_realm) {
    vgic_flush_rec(host, vcpu);
  } else if (vm.vgic.dist.initialized) {
    VmVgic(host, vm)->kvm_vgic_flush_hwstate(vcpu.vcpu_id, host.port.guests.ich(), abi::gic::kNumListRegisters);
  }
}

void kvm_vgic_sync(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  if (vm.is_realm) {
    vgic_sync_rec(host, vcpu);
  } else if (vm.vgic.dist.initialized) {
    VmVgic(host, vm)->kvm_vgic_sync_hwstate(vcpu.vcpu_id, host.port.guests.ich());
  }
}

// A plain VM's timers live in its CPU; what they show goes to the vgic.
void kvm_timer_sync(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  if (!vm.vgic.dist.initialized) return;
  const auto& cpu = host.port.guests.guest(vcpu.guest_cpu);
  const TimerRegisters timers{.cntv_ctl = cpu.sysreg(abi::SysReg::kCntvCtlEl0),
                              .cntv_cval = cpu.sysreg(abi::SysReg::kCntvCvalEl0),
                              .cntp_ctl = cpu.sysreg(abi::SysReg::kCntpCtlEl0),
                              .cntp_cval = cpu.sysreg(abi::SysReg::kCntpCvalEl0)};
  VmVgic vgic(host, vm);
  kvm_timer_update_from_exit(vcpu.timers, *vgic, vcpu.vcpu_id, timers);
}

// IRQs on for a moment: the host's handlers run for whatever is pending.
void take_host_irqs(Host& host, Vcpu& vcpu) {
  const bool pending = host.port.threads.irq_pending();
  host.port.threads.acknowledge_irqs();
  ack_kick(host, vcpu);
  if (pending) host.port.clock.spend_ns(kHostIrqCostNs);
}

// Whether IRQs are enabled once before guest time ends, so that a tick that ended it counts as the guest's.
bool irq_window(Host& host, Vcpu& vcpu, RmiReturn entered, const abi::Exception& exception) {
  if (!vcpu_is_rec(host, vcpu)) return exception.kind == abi::ExceptionKind::kIrq;
  switch (host.state.behaviour.irq_window) {
    case IrqWindow::kNone: return false;
    case IrqWindow::kEveryExit: return ok(entered);
    case IrqWindow::kIrqExits: return ok(entered) && rec_exit_is_irq(host, vcpu);
  }
  return false;
}

// One turn of the loop after the requests were handled: enter, leave, act on the exit.
int vcpu_enter_guest(Host& host, Vcpu& vcpu, int ret) {
  const bool rec = vcpu_is_rec(host, vcpu);
  kvm_vgic_flush(host, vcpu);
  set_mode(host, vcpu, VcpuMode::kInGuestMode);
  if (ret <= 0 || kvm_vcpu_exit_request(host, vcpu)) {
    set_mode(host, vcpu, VcpuMode::kOutsideGuestMode);
    kvm_vgic_sync(host, vcpu);
    host.port.threads.acknowledge_irqs();
    ack_kick(host, vcpu);
    return ret;
  }
  RmiReturn entered;
  abi::Exception exception;
  const std::uint64_t guest_time_begins = host.port.clock.now_ns();
  if (rec) {
    entered = kvm_rec_enter(host, vcpu);
  } else {
    exception = kvm_arm_vcpu_enter_exit(host, vcpu);
  }
  set_mode(host, vcpu, VcpuMode::kOutsideGuestMode);
  if (!rec) kvm_timer_sync(host, vcpu);
  kvm_vgic_sync(host, vcpu);
  if (irq_window(host, vcpu, entered, exception)) take_host_irqs(host, vcpu);
  vcpu.guest_time_ns += host.port.clock.now_ns() - guest_time_begins;
  take_host_irqs(host, vcpu);
  host.port.clock.spend_ns(kGuestExitCostNs);
  return rec ? handle_rec_exit(host, vcpu, entered) : handle_exit(host, vcpu, exception);
}

long kvm_arch_vcpu_ioctl_run(Host& host, Vcpu& vcpu) {
  auto& run = vcpu.run;
  // R17: an MMIO is completed even if immediate_exit then turns the call round.
  if (run.exit_reason == ExitReason::KVM_EXIT_MMIO) (void)kvm_handle_mmio_return(host, vcpu);
  if (run.immediate_exit != 0) {
    run.exit_reason = ExitReason::KVM_EXIT_INTR;
    return -kEINTR;
  }
  run.exit_reason = ExitReason::KVM_EXIT_UNKNOWN;
  vcpu.pe = host.port.threads.current_pe();
  int ret = 1;
  while (ret > 0) {
    if (signal_pending(host, vcpu)) {
      run.exit_reason = ExitReason::KVM_EXIT_INTR;
      ret = -kEINTR;
      break;
    }
    ret = check_vcpu_requests(host, vcpu);
    if (ret > 0 && vcpu_is_rec(host, vcpu)) ret = kvm_rec_pre_enter(host, vcpu);
    ret = vcpu_enter_guest(host, vcpu, ret);
  }
  return ret;
}

}  // namespace

long kvm_vcpu_run(Host& host, Vcpu& vcpu) {
  long ret = kvm_arch_vcpu_run_pid_change(host, vcpu);
  if (ret == 0) ret = kvm_arch_vcpu_ioctl_run(host, vcpu);
  // The signal handler runs when the call returns.
  if (ret == -kEINTR && vcpu.signal_pending.peek()) {
    vcpu.signal_pending.store(host.port.sync, false, "signal delivered", step_object(StepObject::kSignal, vcpu));
  }
  return ret;
}

}  // namespace host::kvm
