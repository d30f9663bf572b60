// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/reset.h"

namespace host::kvm {

void kvm_reset_vcpu(Host& host, Vcpu& vcpu) {
  VcpuResetState reset;
  {
    rmm::port::LockGuard lock(host.port.sync, vcpu.mp_state_lock, "mp_state_lock",
                              step_object(StepObject::kMpStateLock, vcpu));
    reset = vcpu.reset_state;
    vcpu.reset_state.reset = false;
  }
  Vm& vm = vm_of(host, vcpu);
  vcpu.regs = {};
  vcpu.pc = 0;
  vcpu.mmio_needed = false;
  vcpu.ext_dabt_pending = false;
  if (reset.reset) {
    vcpu.pc = reset.pc;
    vcpu.regs[0] = reset.r0;
  }
  // The registers of a REC are the RMM's: it resets them itself. Its timers are too.
  if (vm.is_realm) return;
  auto& cpu = host.port.guests.guest(vcpu.guest_cpu);
  cpu.reset(vcpu.mpidr);
  cpu.set_pc(vcpu.pc);
  cpu.set_x(0, vcpu.regs[0]);
  VmVgic vgic(host, vm);
  kvm_timer_vcpu_reset(vcpu.timers, *vgic, vcpu.vcpu_id);
}

}  // namespace host::kvm
