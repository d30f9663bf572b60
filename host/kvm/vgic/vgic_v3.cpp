// SPDX-License-Identifier: GPL-2.0-or-later
// List registers: filled before a guest entry, folded back after it.
//
// While everything fits, each active or pending interrupt has a list register and the virtual CPU interface does the
// rest. When it does not, pending interrupts come first, by priority, and active ones are pushed out: the interface
// holds their running priority in the active priority registers anyway, and counts their EOIs in EOIcount, which sync
// replays. Maintenance interrupts tell when to come back:
//   UIE      something waits and at most one list register is in use
//   NPIE     something pending waits and none is presented
//   VGrpnxIE something pending waits and the guest changed a group enable: another order may be right
//   LRENPIE  an active one outside the list registers was EOIed
//   TDIR     deactivation by ICC_DIR (EOImode 1) of one outside the list registers must be seen by number
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "host/kvm/vgic/vgic.h"
#include "host/kvm/vgic/vgic_critical.h"

namespace host::kvm {

namespace gic = abi::gic;

// Encodes the interrupt and marks it as in flight. What is latched moves into the list register, so that a new edge in
// the meantime is another one; a line is presented while it is high.
std::uint64_t Vgic::vgic_v3_populate_lr(VgicIrq& irq) {
  bool pending = irq_is_pending(irq) && irq.enabled && group_enabled(irq);
  std::uint64_t lr = irq.intid | std::uint64_t{irq.priority} << gic::kLrPriorityShift;
  if (irq.group != 0) lr |= gic::kLrGroup1;
  if (irq.config == VgicConfig::kLevel) {
    // The EOI must exit, so that the line is sampled again; until then the interrupt is active only, for a pending and
    // active list register would deliver it once more after the device let go.
    lr |= gic::kLrEoi;
    if (irq.active) pending = false;
  }
  if (irq.active) lr |= gic::kLrActive;
  if (pending) lr |= gic::kLrPending;
  irq.on_lr = true;
  irq.lr_pending = pending;
  irq.lr_latched = pending && irq.pending_latch;
  if (pending) irq.pending_latch = false;
  irq.active_write = VgicActiveWrite::kNone;
  return lr;
}

// The inverse of populate: with the list register unchanged, the interrupt is as it was (late back-out).
void Vgic::vgic_v3_fold_lr(unsigned vcpu, VgicIrq& irq, bool pending, bool active) {
  const bool was_active = irq.active;
  irq.active = active;
  if (irq.active_write != VgicActiveWrite::kNone) irq.active = irq.active_write == VgicActiveWrite::kSet;
  // A latch that is still pending comes back; acknowledging consumed it, ICPENDR withdrew it.
  if (pending && irq.lr_latched) irq.pending_latch = true;
  if (irq.lr_pending && !pending) host_.vgic_irq_event(vcpu, irq.intid, "acknowledged");
  if (!irq.active && (was_active || (irq.lr_pending && !pending))) {
    host_.vgic_irq_event(vcpu, irq.intid, "deactivated");
  }
  irq.on_lr = false;
  irq.lr_pending = false;
  irq.lr_latched = false;
  irq.active_write = VgicActiveWrite::kNone;
}

// Most deserving first: pending before active; pending of an enabled group before others; then priority; INTID makes
// it a total order. Active ones are in priority order too, which is the order their EOIs will come in (EOImode 0).
void Vgic::vgic_sort_ap_list(VgicCpu& cpu, unsigned vcpu) {
  const auto key = [&](std::uint16_t intid) {
    const VgicIrq& irq = *vgic_get_irq(vcpu, intid);
    const int rank = vgic_target_oracle(irq) != vcpu ? 3 : irq.active ? 2 : cpu_interface_enabled(cpu, irq) ? 0 : 1;
    return std::tuple(rank, irq.priority, irq.intid);
  };
  std::sort(cpu.ap_list.begin(), cpu.ap_list.end(), [&](std::uint16_t a, std::uint16_t b) { return key(a) < key(b); });
}

void Vgic::kvm_vgic_flush_hwstate(unsigned vcpu, gic::IchState& ich, unsigned nr_lr) {
  VgicCpu& cpu = state_.cpus[vcpu];
  if (nr_lr == 0 || nr_lr > gic::kNumListRegisters || cpu.used_lrs != 0) {
    std::fprintf(stderr, "vgic: flush of vCPU %u with %u list registers while %u are in flight\n", vcpu, nr_lr,
                 unsigned{cpu.used_lrs});
    std::abort();
  }
  ich.lr.fill(0);
  ich.hcr = gic::kHcrEn;
  // With EOImode 1 an SPI may be deactivated on another vCPU than the one that acknowledged it: every ICC_DIR must
  // trap, for that vCPU's list registers don't have it.
  if ((cpu.vmcr & gic::kVmcrEoim) != 0 && state_.cpus.size() > 1) ich.hcr |= gic::kHcrTdir;
  // Unlocked, as in Linux: who queues after this look also kicks, and the kick reaches a vCPU about to enter.
  if (cpu.ap_list.empty()) return;

  Critical critical(*this, "kvm_vgic_flush_hwstate");
  const auto wanted = [&](std::uint16_t intid) { return vgic_target_oracle(*vgic_get_irq(vcpu, intid)) == vcpu; };
  if (cpu.ap_list.size() > nr_lr && std::count_if(cpu.ap_list.begin(), cpu.ap_list.end(), wanted) > nr_lr) {
    vgic_sort_ap_list(cpu, vcpu);
  }
  bool pending_outside = false, active_outside = false;
  for (const std::uint16_t intid : cpu.ap_list) {
    if (!wanted(intid)) continue;
    VgicIrq& irq = *vgic_get_irq(vcpu, intid);
    if (cpu.used_lrs < nr_lr) {
      cpu.lr_intid[cpu.used_lrs] = intid;
      ich.lr[cpu.used_lrs++] = vgic_v3_populate_lr(irq);
    } else {
      (irq.active ? active_outside : pending_outside) = true;
    }
  }
  // With a single list register, underflow would be signalled for ever; NPIE and LRENPIE then serve alone.
  if ((pending_outside || active_outside) && nr_lr > 1) ich.hcr |= gic::kHcrUie;
  if (active_outside) ich.hcr |= gic::kHcrLrenpie | gic::kHcrTdir;
  if (pending_outside) {
    ich.hcr |= gic::kHcrNpie;
    ich.hcr |= (cpu.vmcr & gic::kVmcrEng0) != 0 ? gic::kHcrVgrp0Die : gic::kHcrVgrp0Eie;
    ich.hcr |= (cpu.vmcr & gic::kVmcrEng1) != 0 ? gic::kHcrVgrp1Die : gic::kHcrVgrp1Eie;
  }
}

void Vgic::vgic_v3_fold_lr_state(unsigned vcpu, const gic::IchState& ich) {
  VgicCpu& cpu = state_.cpus[vcpu];
  // EOIcount says how many active interrupts without a list register were deactivated, not which. With EOImode 0 EOIs
  // come innermost first, and the ap_list was sorted by priority when these were left outside.
  std::uint64_t eoi_count = (ich.hcr & gic::kHcrEoiCountMask) >> gic::kHcrEoiCountShift;
  for (const std::uint16_t intid : cpu.ap_list) {
    if (eoi_count == 0) break;
    VgicIrq& irq = *vgic_get_irq(vcpu, intid);
    if (irq.on_lr || !irq.active) continue;
    irq.active = false;
    host_.vgic_irq_event(vcpu, intid, "deactivated");
    --eoi_count;
  }
  // By our own record of what was put where: a list register that became inactive may come back as zero.
  for (unsigned i = 0; i < cpu.used_lrs; ++i) {
    VgicIrq& irq = *vgic_get_irq(vcpu, cpu.lr_intid[i]);
    vgic_v3_fold_lr(vcpu, irq, (ich.lr[i] & gic::kLrPending) != 0, (ich.lr[i] & gic::kLrActive) != 0);
  }
  cpu.used_lrs = 0;
}

void Vgic::kvm_vgic_sync_hwstate(unsigned vcpu, const gic::IchState& ich) {
  VgicCpu& cpu = state_.cpus[vcpu];
  cpu.vmcr = ich.vmcr;
  if (cpu.ap_list.empty()) return;
  Critical critical(*this, "kvm_vgic_sync_hwstate");
  vgic_v3_fold_lr_state(vcpu, ich);
  vgic_prune_ap_list(vcpu, critical.kicks);
}

}  // namespace host::kvm
