// SPDX-License-Identifier: GPL-2.0-or-later
// The virtual and physical generic timer of a vCPU as the host sees them: from the values an exit reports to the level
// of PPI 27 and PPI 30, and from a programmed timer to the moment a blocked vCPU must wake.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "host/kvm/vgic/vgic.h"

namespace host::kvm {

inline constexpr std::uint32_t kVtimerIntid = 27;
inline constexpr std::uint32_t kPtimerIntid = 30;
inline constexpr std::uint64_t kTimerNsPerCount = 16;  // 62.5 MHz, as CNTFRQ_EL0 says; CNTVOFF is 0 for every guest

struct ArchTimer {
  std::uint64_t ctl = 0;   // CNTx_CTL_EL0, ISTATUS as of the last update
  std::uint64_t cval = 0;  // CNTx_CVAL_EL0
  bool level = false;      // what the vgic was told last
  auto members() { return std::tie(ctl, cval, level); }
};

struct VcpuTimers {
  ArchTimer virt;
  ArchTimer phys;
  auto members() { return std::tie(virt, phys); }
};

// The timer registers an exit reports (RmiRecExit cntv_*, cntp_*; for a plain VM read from its CPU).
struct TimerRegisters {
  std::uint64_t cntv_ctl = 0, cntv_cval = 0, cntp_ctl = 0, cntp_cval = 0;
};

// After each successful entry: level = ISTATUS, enabled and not masked (docs/host-series.md); a change is
// injected. Never after a failed entry, whose exit page is stale (R67). Before or after kvm_vgic_sync_hwstate.
void kvm_timer_update_from_exit(VcpuTimers& timers, Vgic& vgic, unsigned vcpu, const TimerRegisters& exit);

// Time passed while the vCPU was not running: levels follow from the compare values. Used when a block ends or its
// deadline came. now_ns is virtual time.
void kvm_timer_update_blocked(VcpuTimers& timers, Vgic& vgic, unsigned vcpu, std::uint64_t now_ns);

// Virtual time (ns) at which the first enabled, unmasked timer that is not yet asserted fires; nothing: none will.
// This is the deadline of a blocked vCPU's background timer.
std::optional<std::uint64_t> kvm_timer_earliest(const VcpuTimers& timers);

// A plain VM leaves the physical timer interrupt unmasked only while its level has not been shown: an asserted timer
// would otherwise exit for ever. (RunControls::vtimer_irq, ptimer_irq.) The monitor does this itself for RECs.
inline bool kvm_timer_irq_unmasked(const ArchTimer& timer) { return !timer.level; }

// vCPU reset: both timers off; a level that was up goes down.
void kvm_timer_vcpu_reset(VcpuTimers& timers, Vgic& vgic, unsigned vcpu);

}  // namespace host::kvm
