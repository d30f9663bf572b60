// SPDX-License-Identifier: GPL-2.0-or-later
// Which vCPU an interrupt is for, and the ap_lists that hold what is active or pending for each.
#include "host/kvm/vgic/vgic.h"

#include <algorithm>

#include "host/kvm/uapi.h"
#include "host/kvm/vgic/vgic_critical.h"

namespace host::kvm {

VgicIrq* Vgic::vgic_get_irq(unsigned vcpu, std::uint32_t intid) {
  if (intid < kVgicNrPrivateIrqs) return vcpu < state_.cpus.size() ? &state_.cpus[vcpu].private_irqs[intid] : nullptr;
  const std::uint32_t spi = intid - kVgicNrPrivateIrqs;
  return spi < state_.dist.spis.size() ? &state_.dist.spis[spi] : nullptr;
}

bool Vgic::irq_is_pending(const VgicIrq& irq) {
  return irq.pending_latch || (irq.config == VgicConfig::kLevel && irq.line_level);
}

bool Vgic::group_enabled(const VgicIrq& irq) const {
  return irq.group == 0 ? state_.dist.group0_enabled : state_.dist.group1_enabled;
}

std::uint16_t Vgic::mpidr_to_vcpu(std::uint64_t affinity) const {
  for (unsigned i = 0; i < state_.cpus.size(); ++i) {
    if ((state_.cpus[i].mpidr.value & kVgicAffinityMask) == affinity) return static_cast<std::uint16_t>(i);
  }
  return kVgicNoVcpu;
}

// The vCPU whose ap_list the interrupt belongs on, or kVgicNoVcpu. An active interrupt stays with the vCPU that
// acknowledged it, whatever its route says by now. Pending ones are forwarded only if the distributor forwards their
// group and the redistributor is awake.
std::uint16_t Vgic::vgic_target_oracle(const VgicIrq& irq) const {
  if (irq.active) return irq.vcpu != kVgicNoVcpu ? irq.vcpu : irq.target_vcpu;
  if (!irq.enabled || !irq_is_pending(irq) || !group_enabled(irq) || irq.target_vcpu == kVgicNoVcpu) return kVgicNoVcpu;
  return state_.cpus[irq.target_vcpu].asleep ? kVgicNoVcpu : irq.target_vcpu;
}

// Puts the interrupt on its target's ap_list if it belongs on one. True: newly queued.
bool Vgic::vgic_queue_irq(VgicIrq& irq, Kicks& kicks) {
  if (irq.vcpu != kVgicNoVcpu) {
    // Already there, perhaps in a list register: an edge raises no maintenance interrupt there, so only an exit makes
    // the vCPU see this one.
    kicks.add(irq.vcpu);
    return false;
  }
  const std::uint16_t target = vgic_target_oracle(irq);
  if (target == kVgicNoVcpu) return false;
  state_.cpus[target].ap_list.push_back(irq.intid);
  irq.vcpu = target;
  host_.vgic_irq_event(target, irq.intid, "queued");
  kicks.add(target);
  return true;
}

// After a change of anything the oracle looks at. In flight, the vCPU that holds the list register must exit first;
// its sync prunes.
void Vgic::vgic_reroute_irq(VgicIrq& irq, Kicks& kicks) {
  if (irq.on_lr) {
    kicks.add(irq.vcpu);
    return;
  }
  const std::uint16_t target = vgic_target_oracle(irq);
  if (irq.vcpu != kVgicNoVcpu && irq.vcpu != target) {
    std::erase(state_.cpus[irq.vcpu].ap_list, irq.intid);
    irq.vcpu = kVgicNoVcpu;
  }
  if (target != kVgicNoVcpu) vgic_queue_irq(irq, kicks);
}

void Vgic::kick_if_on_lr(const VgicIrq& irq, Kicks& kicks) {
  if (irq.on_lr) kicks.add(irq.vcpu);
}

// After a change that concerns all interrupts (GICD_CTLR, GICR_WAKER).
void Vgic::vgic_requeue_all(Kicks& kicks) {
  for (VgicCpu& cpu : state_.cpus) {
    for (VgicIrq& irq : cpu.private_irqs) vgic_reroute_irq(irq, kicks);
  }
  for (VgicIrq& irq : state_.dist.spis) vgic_reroute_irq(irq, kicks);
}

void Vgic::change_active(VgicIrq& irq, bool active, Kicks& kicks) {
  if (irq.on_lr) {
    irq.active_write = active ? VgicActiveWrite::kSet : VgicActiveWrite::kClear;
    kicks.add(irq.vcpu);
    return;
  }
  if (irq.active && !active) host_.vgic_irq_event(irq.vcpu, irq.intid, "deactivated");
  irq.active = active;
  vgic_reroute_irq(irq, kicks);
}

// Drops what is neither active nor pending for this vCPU any more, and hands over what is routed elsewhere by now.
void Vgic::vgic_prune_ap_list(unsigned vcpu, Kicks& kicks) {
  std::vector<std::uint16_t>& ap_list = state_.cpus[vcpu].ap_list;
  std::size_t kept = 0;
  for (const std::uint16_t intid : ap_list) {
    VgicIrq& irq = *vgic_get_irq(vcpu, intid);
    if (vgic_target_oracle(irq) == vcpu) {
      ap_list[kept++] = intid;
    } else {
      irq.vcpu = kVgicNoVcpu;
      vgic_queue_irq(irq, kicks);  // on another vCPU's list: never this one
    }
  }
  ap_list.resize(kept);
}

long Vgic::kvm_vgic_inject_irq(unsigned vcpu, std::uint32_t intid, bool level) {
  if (!state_.dist.initialized) return -kEBUSY;
  if (intid < kVgicNrSgis) return -kEINVAL;
  VgicIrq* irq = vgic_get_irq(vcpu, intid);
  if (irq == nullptr) return -kEINVAL;

  Critical critical(*this, "kvm_vgic_inject_irq");
  const bool changed = irq->line_level != level;
  irq->line_level = level;
  if (irq->config == VgicConfig::kEdge) {
    if (!level) return 0;
    irq->pending_latch = true;
  } else if (!changed) {
    return 0;
  }
  if (level) {
    vgic_queue_irq(*irq, critical.kicks);
  } else {
    kick_if_on_lr(*irq, critical.kicks);  // a line that fell is withdrawn from the list register
  }
  return 0;
}

bool Vgic::kvm_vgic_vcpu_pending_irq(unsigned vcpu) {
  const VgicCpu& cpu = state_.cpus[vcpu];
  if (cpu.ap_list.empty()) return false;
  Critical critical(*this, "kvm_vgic_vcpu_pending_irq");
  const std::uint64_t pmr = (cpu.vmcr >> abi::gic::kVmcrPmrShift) & 0xff;
  return std::any_of(cpu.ap_list.begin(), cpu.ap_list.end(), [&](std::uint16_t intid) {
    const VgicIrq& irq = *vgic_get_irq(vcpu, intid);
    return !irq.active && vgic_target_oracle(irq) == vcpu && irq.priority < pmr && cpu_interface_enabled(cpu, irq);
  });
}

bool Vgic::cpu_interface_enabled(const VgicCpu& cpu, const VgicIrq& irq) {
  return (cpu.vmcr & (irq.group == 0 ? abi::gic::kVmcrEng0 : abi::gic::kVmcrEng1)) != 0;
}

// ICC_SGI1R_EL1: TargetList 15:0, Aff1 23:16, INTID 27:24, Aff2 39:32, IRM 40, RS 47:44, Aff3 55:48. Range selector RS
// shifts the list to Aff0 = 16 * RS + bit.
void Vgic::vgic_v3_dispatch_sgi(unsigned vcpu, std::uint64_t value, bool allow_group1) {
  const unsigned sgi = (value >> 24) & 0xf;
  const std::uint64_t cluster =
      ((value >> 16) & 0xff) << 8 | ((value >> 32) & 0xff) << 16 | ((value >> 48) & 0xff) << 32;
  const unsigned first = static_cast<unsigned>((value >> 44) & 0xf) * 16;
  const bool all_but_self = ((value >> 40) & 1) != 0;

  Critical critical(*this, "vgic_v3_dispatch_sgi");
  for (unsigned target = 0; target < state_.cpus.size(); ++target) {
    const std::uint64_t mpidr = state_.cpus[target].mpidr.value;
    const unsigned bit = static_cast<unsigned>(mpidr & 0xff) - first;
    const bool listed = (mpidr & kVgicAffinityMask & ~0xffULL) == cluster && bit < 16 && ((value >> bit) & 1) != 0;
    if (all_but_self ? target != vcpu : listed) vgic_v3_queue_sgi(target, sgi, allow_group1, critical.kicks);
  }
}

// GICD_CTLR.DS is one: a Group 1 write may raise an SGI of either group, a Group 0 write one of Group 0 only (Arm IHI
// 0069, "SGI generation").
void Vgic::vgic_v3_queue_sgi(unsigned vcpu, unsigned sgi, bool allow_group1, Kicks& kicks) {
  VgicIrq& irq = state_.cpus[vcpu].private_irqs[sgi];
  if (irq.group != 0 && !allow_group1) return;
  irq.pending_latch = true;
  vgic_queue_irq(irq, kicks);
}

// Only EOImode 1 splits deactivation from EOI; with EOImode 0 a write to ICC_DIR is UNPREDICTABLE and ignored here.
void Vgic::vgic_v3_deactivate(unsigned vcpu, std::uint64_t value) {
  if ((state_.cpus[vcpu].vmcr & abi::gic::kVmcrEoim) == 0) return;
  VgicIrq* irq = vgic_get_irq(vcpu, static_cast<std::uint32_t>(value & 0xffffff));
  if (irq == nullptr) return;
  Critical critical(*this, "vgic_v3_deactivate");
  if (irq->active || irq->on_lr) change_active(*irq, false, critical.kicks);
}

bool Vgic::vgic_v3_sysreg_write(unsigned vcpu, abi::SysReg reg, std::uint64_t value) {
  switch (reg) {
    case abi::SysReg::kIccSgi1rEl1: vgic_v3_dispatch_sgi(vcpu, value, true); return true;
    case abi::SysReg::kIccSgi0rEl1:
    case abi::SysReg::kIccAsgi1rEl1: vgic_v3_dispatch_sgi(vcpu, value, false); return true;
    case abi::SysReg::kIccDirEl1: vgic_v3_deactivate(vcpu, value); return true;
    default: return false;
  }
}

}  // namespace host::kvm
