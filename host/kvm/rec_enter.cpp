// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/rec.h"

#include <algorithm>

#include "host/kvm/rec_run.h"
#include "host/kvm/rmi.h"

namespace host::kvm {
namespace {

using abi::v1_0::RecEnter;
using abi::v1_0::RecExit;
using abi::v1_0::RecExitReason;

// B4.4.16: what the host may set in enter.gicv3_hcr.
constexpr std::uint64_t kHcrRecEnterMask = abi::gic::kHcrUie | abi::gic::kHcrLrenpie | abi::gic::kHcrNpie |
                                           abi::gic::kHcrVgrp0Eie | abi::gic::kHcrVgrp0Die | abi::gic::kHcrVgrp1Eie |
                                           abi::gic::kHcrVgrp1Die | abi::gic::kHcrTdir;

}  // namespace

int kvm_rec_pre_enter(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  host.port.sync.step({"kvm_rec_pre_enter", step_object(StepObject::kRealmState, vm), rmm::port::Access::kRead});
  if (vm.realm.state != RealmState::kActive || !vcpu.rec.created) return -kEINVAL;
  RecRunPage run(host, vcpu.rec);
  switch (static_cast<RecExitReason>(run.exit<&RecExit::exit_reason>())) {
    case RecExitReason::kHostCall:
    case RecExitReason::kPsci:
      // The answer as it stands now: user space may have changed it since the exit (R53).
      rec_call_answer(host, vcpu, GprWriteBack::kEntry);
      break;
    case RecExitReason::kRipasChange: kvm_complete_ripas_change(host, vcpu); break;
    default: break;
  }
  return 1;
}

void rec_call_answer(Host& host, Vcpu& vcpu, GprWriteBack moment) {
  if (moment != host.state.behaviour.gpr_write_back) return;
  RecRunPage(host, vcpu.rec).set_enter<&RecEnter::gprs>(vcpu.regs);
}

void vgic_flush_rec(Host& host, Vcpu& vcpu) {
  abi::gic::IchState ich;
  const unsigned nr_lr =
      std::min(abi::gic::kNumListRegisters, rmm_features(host).gicv3_num_lrs + 1U);  // R51: never more than the RMM has
  VmVgic(host, vm_of(host, vcpu))->kvm_vgic_flush_hwstate(vcpu.vcpu_id, ich, nr_lr);
  if (!vcpu.rec.created) return;
  RecRunPage run(host, vcpu.rec);
  run.set_enter<&RecEnter::gicv3_lrs>(ich.lr);
  run.set_enter<&RecEnter::gicv3_hcr>(ich.hcr & kHcrRecEnterMask);
  // The entry may still be abandoned, or fail: the sync that follows must then find what was put here (R50, R67).
  run.set_exit<&RecExit::gicv3_lrs>(ich.lr);
  run.set_exit<&RecExit::gicv3_hcr>(ich.hcr & kHcrRecEnterMask);
}

void vgic_sync_rec(Host& host, Vcpu& vcpu) {
  abi::gic::IchState ich;
  if (vcpu.rec.created) {
    RecRunPage run(host, vcpu.rec);
    ich.lr = run.exit<&RecExit::gicv3_lrs>();
    ich.hcr = run.exit<&RecExit::gicv3_hcr>();
    ich.vmcr = run.exit<&RecExit::gicv3_vmcr>();
  }
  VmVgic(host, vm_of(host, vcpu))->kvm_vgic_sync_hwstate(vcpu.vcpu_id, ich);
}

RmiReturn kvm_rec_enter(Host& host, Vcpu& vcpu) {
  host.port.sync.step({"kvm_rec_enter", vcpu.rec.rec.pa().value, rmm::port::Access::kWrite});
  return host.rmi.rmi_rec_enter(vcpu.rec.rec, vcpu.rec.run);
}

}  // namespace host::kvm
