// SPDX-License-Identifier: GPL-2.0-or-later
// Per-interrupt fields. All run in the vgic's critical section; the accessing vCPU's own list registers are folded
// already, those of others may be in flight.
#include "host/kvm/vgic/vgic_mmio.h"

namespace host::kvm {

std::uint64_t VgicMmio::read(const Range& range, Access& a, unsigned first_intid) {
  if (range.bits_per_irq == 0) return range.read != nullptr ? range.read(a) : 0;
  if (range.irq_read == nullptr) return 0;
  const unsigned bits = range.bits_per_irq;
  const auto first = static_cast<unsigned>(a.offset * 8 / bits);
  std::uint64_t value = 0;
  for (unsigned i = 0; i < a.len * 8 / bits; ++i) {
    const VgicIrq* irq = first + i >= first_intid ? a.vgic.vgic_get_irq(a.vcpu, first + i) : nullptr;
    if (irq != nullptr) value |= range.irq_read(*irq) << (i * bits);
  }
  return value;
}

void VgicMmio::write(const Range& range, Access& a, unsigned first_intid, std::uint64_t value) {
  if (range.bits_per_irq == 0) {
    if (range.write != nullptr) range.write(a, value);
    return;
  }
  if (range.irq_write == nullptr) return;
  const unsigned bits = range.bits_per_irq;
  const auto first = static_cast<unsigned>(a.offset * 8 / bits);
  for (unsigned i = 0; i < a.len * 8 / bits; ++i) {
    VgicIrq* irq = first + i >= first_intid ? a.vgic.vgic_get_irq(a.vcpu, first + i) : nullptr;
    if (irq != nullptr) range.irq_write(a, *irq, value >> (i * bits) & ((1U << bits) - 1));
  }
}

std::uint64_t VgicMmio::read_group(const VgicIrq& irq) { return irq.group; }
std::uint64_t VgicMmio::read_enable(const VgicIrq& irq) { return irq.enabled ? 1 : 0; }
std::uint64_t VgicMmio::read_pending(const VgicIrq& irq) { return Vgic::irq_is_pending(irq) || irq.lr_latched ? 1 : 0; }
std::uint64_t VgicMmio::read_priority(const VgicIrq& irq) { return irq.priority; }
std::uint64_t VgicMmio::read_config(const VgicIrq& irq) { return irq.config == VgicConfig::kEdge ? 2 : 0; }

std::uint64_t VgicMmio::read_active(const VgicIrq& irq) {
  if (irq.active_write != VgicActiveWrite::kNone) return irq.active_write == VgicActiveWrite::kSet ? 1 : 0;
  return irq.active ? 1 : 0;
}

void VgicMmio::write_group(Access& a, VgicIrq& irq, std::uint64_t value) {
  irq.group = static_cast<std::uint8_t>(value);
  a.vgic.vgic_reroute_irq(irq, a.kicks);
}

void VgicMmio::write_senable(Access& a, VgicIrq& irq, std::uint64_t value) {
  if (value == 0) return;
  irq.enabled = true;
  a.vgic.vgic_reroute_irq(irq, a.kicks);
}

void VgicMmio::write_cenable(Access& a, VgicIrq& irq, std::uint64_t value) {
  if (value == 0) return;
  irq.enabled = false;
  a.vgic.vgic_reroute_irq(irq, a.kicks);
}

void VgicMmio::write_spending(Access& a, VgicIrq& irq, std::uint64_t value) {
  if (value == 0) return;
  irq.pending_latch = true;
  a.vgic.vgic_reroute_irq(irq, a.kicks);
}

void VgicMmio::write_cpending(Access& a, VgicIrq& irq, std::uint64_t value) {
  if (value == 0) return;
  irq.pending_latch = false;
  irq.lr_latched = false;
  a.vgic.vgic_reroute_irq(irq, a.kicks);
}

void VgicMmio::write_sactive(Access& a, VgicIrq& irq, std::uint64_t value) {
  if (value != 0) a.vgic.change_active(irq, true, a.kicks);
}

void VgicMmio::write_cactive(Access& a, VgicIrq& irq, std::uint64_t value) {
  if (value != 0) a.vgic.change_active(irq, false, a.kicks);
}

void VgicMmio::write_priority(Access& a, VgicIrq& irq, std::uint64_t value) {
  irq.priority = static_cast<std::uint8_t>(value & kVgicPriorityMask);
  a.vgic.kick_if_on_lr(irq, a.kicks);
}

// SGIs are edges by architecture; PPIs are fixed as levels, which the timers depend on.
void VgicMmio::write_config(Access& a, VgicIrq& irq, std::uint64_t value) {
  if (irq.intid < kVgicNrPrivateIrqs) return;
  irq.config = (value & 2) != 0 ? VgicConfig::kEdge : VgicConfig::kLevel;
  a.vgic.vgic_reroute_irq(irq, a.kicks);
}

}  // namespace host::kvm
