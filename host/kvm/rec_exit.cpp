// SPDX-License-Identifier: GPL-2.0-or-later
// handle_rec_exit: one function per exit reason (docs/host-series.md).
#include "host/kvm/fault_info.h"
#include "host/kvm/hypercalls.h"
#include "host/kvm/log.h"
#include "host/kvm/mmu.h"
#include "host/kvm/pmu.h"
#include "host/kvm/rec.h"
#include "host/kvm/rec_run.h"
#include "host/kvm/rtt.h"
#include "host/kvm/sys_regs.h"
#include "host/kvm/vcpu_regs.h"

namespace host::kvm {
namespace {

using abi::v1_0::RecExit;
using abi::v1_0::RecExitReason;

std::string_view exit_reason_name(RecExitReason reason) {
  static constexpr std::string_view kNames[] = {"SYNC", "IRQ", "FIQ", "PSCI", "RIPAS_CHANGE", "HOST_CALL", "SERROR"};
  const auto i = static_cast<std::size_t>(reason);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

int rec_exit_reason_notimpl(Host& host, Vcpu& vcpu) {
  warn(host, "vCPU {}: unhandled realm exit, esr {:#x}", vcpu.vcpu_id, vcpu.fault.esr_el2);
  return -kENXIO;
}

int rec_exit_sync_dabt(Host& host, Vcpu& vcpu, RecRunPage& run) {
  // The RMM shows the data of a store in gprs[0], whatever register the realm used.
  if (kvm_vcpu_dabt_iswrite(vcpu) && kvm_vcpu_dabt_isvalid(vcpu))
    vcpu_set_reg(host, vcpu, kvm_vcpu_dabt_get_rd(vcpu), run.exit_gpr(0));
  return kvm_handle_guest_abort(host, vcpu);
}

int rec_exit_sys_reg(Host& host, Vcpu& vcpu, RecRunPage& run) {
  const auto iss = abi::esr::sysreg_iss(vcpu.fault.esr_el2);
  const unsigned gpr = host.state.behaviour.sysreg_gprs == SysregGprs::kRt ? iss.rt : 0;
  if (!iss.is_read) vcpu_set_reg(host, vcpu, iss.rt, run.exit_gpr(gpr));
  const int ret = kvm_handle_sys_reg(host, vcpu);
  // Copied whatever the result: a 0 does not say that there is no value (R72).
  if (iss.is_read) run.set_enter_gpr(gpr, vcpu_get_reg(host, vcpu, iss.rt));
  return ret;
}

int rec_exit_sync(Host& host, Vcpu& vcpu, RecRunPage& run) {
  switch (kvm_vcpu_trap_get_class(vcpu)) {
    case abi::esr::Ec::kSysReg: return rec_exit_sys_reg(host, vcpu, run);
    case abi::esr::Ec::kDataAbortLower: return rec_exit_sync_dabt(host, vcpu, run);
    default: return rec_exit_reason_notimpl(host, vcpu);  // instruction aborts included
  }
}

// PSCI and HOST_CALL: the request is in the GPRs; both go to the SMCCC handler.
int rec_exit_call(Host& host, Vcpu& vcpu, RecRunPage& run) {
  vcpu.regs = run.exit<&RecExit::gprs>();
  const int ret = kvm_smccc_call_handler(host, vcpu);
  rec_call_answer(host, vcpu, GprWriteBack::kExit);
  return ret;
}

int rec_exit_ripas_change(Host& host, Vcpu& vcpu, RecRunPage& run) {
  const Vm& vm = vm_of(host, vcpu);
  const abi::Ipa base{run.exit<&RecExit::ripas_base>()}, top{run.exit<&RecExit::ripas_top>()};
  const auto ripas = static_cast<abi::v1_0::Ripas>(run.exit<&RecExit::ripas_value>());
  // An empty range would make top - 1 and the size wrap (R16).
  if (base >= top || !kvm_realm_is_private_address(vm, base) || !kvm_realm_is_private_address(vm, top - 1)) {
    warn(host, "vCPU {}: invalid RIPAS_CHANGE of {:#x} to {:#x}", vcpu.vcpu_id, base.value, top.value);
    run.set_enter_flags(abi::v1_0::kEnterRipasResponse);
    return -kEINVAL;
  }
  // User space prepares the memory; the change itself follows at the next entry.
  vcpu.run.exit_reason = ExitReason::KVM_EXIT_MEMORY_FAULT;
  vcpu.run.memory_fault = {
      .flags = ripas == abi::v1_0::Ripas::kRam ? kMemoryExitFlagPrivate : 0, .gpa = base.value, .size = top - base};
  return -kEFAULT;
}

void update_arch_timer_irq_lines(Host& host, Vcpu& vcpu, const RecRunPage& run) {
  const TimerRegisters timers{.cntv_ctl = run.exit<&RecExit::cntv_ctl>(),
                              .cntv_cval = run.exit<&RecExit::cntv_cval>(),
                              .cntp_ctl = run.exit<&RecExit::cntp_ctl>(),
                              .cntp_cval = run.exit<&RecExit::cntp_cval>()};
  VmVgic vgic(host, vm_of(host, vcpu));
  kvm_timer_update_from_exit(vcpu.timers, *vgic, vcpu.vcpu_id, timers);
}

// REC_ENTER refused: the exit page is the previous exit's and nothing of it may be used.
int handle_failed_entry(Host& host, Vcpu& vcpu, RmiReturn entered) {
  const auto& behaviour = host.state.behaviour;
  if (entered.status == RmiStatus::kErrorRealm) {
    const bool system_off = entered.index == abi::v1_0::kErrorRealmIndexSystemOff;
    if (system_off || !behaviour.shutdown_needs_system_off_index) {
      // Another vCPU turned the realm off while this one was on its way in (R1).
      vcpu.run.exit_reason = ExitReason::KVM_EXIT_SHUTDOWN;
      return 0;
    }
  }
  warn(host, "vCPU {}: REC_ENTER failed: status {:#x}", vcpu.vcpu_id, entered.raw());
  if (entered.status == RmiStatus::kErrorRec && behaviour.rec_error_is_eagain) return -kEAGAIN;
  return -kENXIO;
}

}  // namespace

bool rec_exit_is_irq(Host& host, const Vcpu& vcpu) {
  const auto reason = RecRunPage(host, vcpu.rec).exit<&RecExit::exit_reason>();
  return static_cast<RecExitReason>(reason) == RecExitReason::kIrq;
}

int handle_rec_exit(Host& host, Vcpu& vcpu, RmiReturn entered) {
  if (!ok(entered)) return handle_failed_entry(host, vcpu, entered);
  RecRunPage run(host, vcpu.rec);
  const auto reason = static_cast<RecExitReason>(run.exit<&RecExit::exit_reason>());
  vcpu.fault.esr_el2 = run.exit<&RecExit::esr>();
  vcpu.fault.far_el2 = run.exit<&RecExit::far>();
  // Only a synchronous exit has an address: a stale one must not be decoded again (R54).
  vcpu.fault.hpfar_valid = reason == RecExitReason::kSync;
  vcpu.fault.hpfar_el2 = vcpu.fault.hpfar_valid ? run.exit<&RecExit::hpfar>() : 0;
  update_arch_timer_irq_lines(host, vcpu, run);
  const auto overflow = static_cast<abi::v1_0::PmuOverflow>(run.exit<&RecExit::pmu_ovf_status>());
  kvm_pmu_update_from_exit(host, vcpu, overflow == abi::v1_0::PmuOverflow::kActive);
  // R17: cleared here and nowhere else. What user space or an MMIO completion adds lives until the next good exit.
  run.set_enter_flags(0);
  if (host.port.observer != nullptr) {
    host.port.observer->rec_exit(vcpu.vm, vcpu.vcpu_id, exit_reason_name(reason), vcpu.fault.esr_el2);
  }
  switch (reason) {
    case RecExitReason::kSync: return rec_exit_sync(host, vcpu, run);
    case RecExitReason::kIrq:
    case RecExitReason::kFiq: return 1;
    case RecExitReason::kPsci:
    case RecExitReason::kHostCall: return rec_exit_call(host, vcpu, run);
    case RecExitReason::kRipasChange: return rec_exit_ripas_change(host, vcpu, run);
    case RecExitReason::kSerror:
      if (host.state.behaviour.serror_exit_resumes) return 1;
      break;
  }
  warn(host, "vCPU {}: unsupported realm exit reason {}", vcpu.vcpu_id, static_cast<unsigned>(reason));
  vcpu.run.exit_reason = ExitReason::KVM_EXIT_INTERNAL_ERROR;
  vcpu.run.internal.suberror = 0;
  return 0;
}

}  // namespace host::kvm
