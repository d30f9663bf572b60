// SPDX-License-Identifier: GPL-2.0-or-later
// Entering a REC and what its exits mean.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// Before each entry, while the thread may still sleep: finishes what the previous exit began. May run more than once
// for one exit. 1 or -EINVAL (realm not active).
int kvm_rec_pre_enter(Host& host, Vcpu& vcpu);
// The vgic's list registers to the enter page, and to the exit page in case the entry is abandoned (R50).
void vgic_flush_rec(Host& host, Vcpu& vcpu);
// The exit page's list registers back to the vgic; exactly one per flush, entered or not.
void vgic_sync_rec(Host& host, Vcpu& vcpu);
// REC_ENTER.
RmiReturn kvm_rec_enter(Host& host, Vcpu& vcpu);
// 1: run on; 0: see run.exit_reason; -errno.
int handle_rec_exit(Host& host, Vcpu& vcpu, RmiReturn entered);

}  // namespace host::kvm
