// SPDX-License-Identifier: GPL-2.0-or-later
// The run loop of a vCPU (docs/host-series.md).
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// KVM_RUN, with vcpu->mutex held. 0: see run.exit_reason; -errno.
long kvm_vcpu_run(Host& host, Vcpu& vcpu);

}  // namespace host::kvm
