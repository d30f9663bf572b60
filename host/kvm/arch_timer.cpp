// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/arch_timer.h"

#include <limits>

namespace host::kvm {
namespace {

bool can_fire(const ArchTimer& timer) {
  return (timer.ctl & (abi::kTimerEnable | abi::kTimerImask)) == abi::kTimerEnable;
}

void kvm_timer_update_irq(ArchTimer& timer, Vgic& vgic, unsigned vcpu, std::uint32_t intid) {
  const bool level = can_fire(timer) && (timer.ctl & abi::kTimerIstatus) != 0;
  if (level == timer.level) return;
  timer.level = level;
  vgic.kvm_vgic_inject_irq(vcpu, intid, level);
}

void sample(ArchTimer& timer, std::uint64_t now_ns) {
  const bool met = (timer.ctl & abi::kTimerEnable) != 0 && timer.cval <= now_ns / kTimerNsPerCount;
  timer.ctl = (timer.ctl & ~abi::kTimerIstatus) | (met ? abi::kTimerIstatus : 0);
}

// The first nanosecond at which the count has reached CVAL. A value beyond the clock's range never fires.
std::optional<std::uint64_t> deadline(const ArchTimer& timer) {
  if (!can_fire(timer) || timer.level) return {};
  if (timer.cval > std::numeric_limits<std::uint64_t>::max() / kTimerNsPerCount) return {};
  return timer.cval * kTimerNsPerCount;
}

}  // namespace

void kvm_timer_update_from_exit(VcpuTimers& timers, Vgic& vgic, unsigned vcpu, const TimerRegisters& exit) {
  timers.virt.ctl = exit.cntv_ctl;
  timers.virt.cval = exit.cntv_cval;
  timers.phys.ctl = exit.cntp_ctl;
  timers.phys.cval = exit.cntp_cval;
  kvm_timer_update_irq(timers.virt, vgic, vcpu, kVtimerIntid);
  kvm_timer_update_irq(timers.phys, vgic, vcpu, kPtimerIntid);
}

void kvm_timer_update_blocked(VcpuTimers& timers, Vgic& vgic, unsigned vcpu, std::uint64_t now_ns) {
  sample(timers.virt, now_ns);
  sample(timers.phys, now_ns);
  kvm_timer_update_irq(timers.virt, vgic, vcpu, kVtimerIntid);
  kvm_timer_update_irq(timers.phys, vgic, vcpu, kPtimerIntid);
}

std::optional<std::uint64_t> kvm_timer_earliest(const VcpuTimers& timers) {
  const std::optional<std::uint64_t> virt = deadline(timers.virt), phys = deadline(timers.phys);
  if (!virt) return phys;
  if (!phys) return virt;
  return *virt < *phys ? virt : phys;
}

void kvm_timer_vcpu_reset(VcpuTimers& timers, Vgic& vgic, unsigned vcpu) {
  kvm_timer_update_from_exit(timers, vgic, vcpu, {});
}

}  // namespace host::kvm
