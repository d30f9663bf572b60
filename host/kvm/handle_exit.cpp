// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/handle_exit.h"

#include "host/kvm/fault_info.h"
#include "host/kvm/hypercalls.h"
#include "host/kvm/inject_fault.h"
#include "host/kvm/log.h"
#include "host/kvm/mmu.h"
#include "host/kvm/sys_regs.h"
#include "host/kvm/vcpu_regs.h"
#include "host/kvm/vcpu_requests.h"

namespace host::kvm {
namespace {

std::string_view exit_name(const abi::Exception& e) {
  switch (e.kind) {
    case abi::ExceptionKind::kIrq: return "IRQ";
    case abi::ExceptionKind::kFiq: return "FIQ";
    case abi::ExceptionKind::kSerror: return "SERROR";
    case abi::ExceptionKind::kSync: break;
  }
  return "SYNC";
}

// A trapped WFI blocks; a WFE only gives others a chance to run.
int kvm_handle_wfx(Host& host, Vcpu& vcpu, const abi::Exception& e) {
  using abi::esr::Wfx;
  const auto kind = static_cast<Wfx>(e.esr & 3);
  kvm_incr_pc(host, vcpu);
  if (kind == Wfx::kWfe || kind == Wfx::kWfet) {
    host.port.sync.step({"kvm_vcpu_on_spin", step_object(StepObject::kWait, vcpu), rmm::port::Access::kRead});
    return 1;
  }
  std::optional<std::uint64_t> deadline;
  if (kind == Wfx::kWfit) deadline = e.wfx_timeout * kTimerNsPerCount;
  kvm_vcpu_wfi(host, vcpu, deadline);
  return 1;
}

// SMC and HVC alike: both are conduits of SMCCC.
int handle_smccc(Host& host, Vcpu& vcpu) {
  kvm_incr_pc(host, vcpu);
  return kvm_smccc_call_handler(host, vcpu);
}

}  // namespace

abi::Exception kvm_arm_vcpu_enter_exit(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  abi::RunControls controls;
  controls.stage2 = {.vmid = vm.mmu.vmid,
                     .root = vm.mmu.pgd.pa(),
                     .start_level = vm.mmu.start_level,
                     .num_start = vm.mmu.num_start,
                     .ipa_bits = vm.mmu.ia_bits,
                     .realm = false};
  controls.trap_wfi = true;
  controls.trap_wfe = false;  // kvm_vcpu_should_clear_twe(): a vCPU's thread is the only task of its PE
  controls.vtimer_irq = kvm_timer_irq_unmasked(vcpu.timers.virt);
  controls.ptimer_irq = kvm_timer_irq_unmasked(vcpu.timers.phys);
  auto& cpu = host.port.guests.guest(vcpu.guest_cpu);
  const auto e = cpu.run_guest(controls);
  vcpu.fault.esr_el2 = e.esr;
  vcpu.fault.far_el2 = e.far;
  vcpu.fault.hpfar_el2 = e.hpfar;
  vcpu.fault.hpfar_valid = e.kind == abi::ExceptionKind::kSync;
  if (host.port.observer != nullptr) host.port.observer->rec_exit(vcpu.vm, vcpu.vcpu_id, exit_name(e), e.esr);
  return e;
}

int handle_exit(Host& host, Vcpu& vcpu, const abi::Exception& e) {
  if (e.kind != abi::ExceptionKind::kSync) return 1;
  switch (abi::esr::ec(e.esr)) {
    case abi::esr::Ec::kWfx: return kvm_handle_wfx(host, vcpu, e);
    case abi::esr::Ec::kHvc64:
    case abi::esr::Ec::kSmc64: return handle_smccc(host, vcpu);
    case abi::esr::Ec::kSysReg: return kvm_handle_sys_reg(host, vcpu);
    case abi::esr::Ec::kInstructionAbortLower:
    case abi::esr::Ec::kDataAbortLower: return kvm_handle_guest_abort(host, vcpu);
    default:
      warn(host, "vCPU {}: unexpected exception class, esr {:#x}", vcpu.vcpu_id, e.esr);
      kvm_inject_undefined(host, vcpu);
      return 1;
  }
}

}  // namespace host::kvm
