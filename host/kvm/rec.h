// SPDX-License-Identifier: GPL-2.0-or-later
// Entering a REC and what its exits mean.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// Before each entry, while the thread may still sleep: finishes what the previous exit began. May run more than once
// for one exit. 1 or -EINVAL (realm not active).
int kvm_rec_pre_enter(Host& host, Vcpu& vcpu);
// Puts the vCPU's registers, the answer to a host call or PSCI call, on the enter page, if this is the moment at which
// the series does it (KvmBehaviour::gpr_write_back).
void rec_call_answer(Host& host, Vcpu& vcpu, GprWriteBack moment);
// The vgic's list registers to the enter page, and to the exit page in case the entry is abandoned (R50).
void vgic_flush_rec(Host& host, Vcpu& vcpu);
// The exit page's list registers back to the vgic; exactly one per flush, entered or not.
void vgic_sync_rec(Host& host, Vcpu& vcpu);
// REC_ENTER.
RmiReturn kvm_rec_enter(Host& host, Vcpu& vcpu);
// The last exit was RMI_EXIT_IRQ. Precondition: the entry succeeded.
bool rec_exit_is_irq(Host& host, const Vcpu& vcpu);
// 1: run on; 0: see run.exit_reason; -errno.
int handle_rec_exit(Host& host, Vcpu& vcpu, RmiReturn entered);

}  // namespace host::kvm
