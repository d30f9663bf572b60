// SPDX-License-Identifier: GPL-2.0-or-later
// The life cycle of v5 to v11: the VMM configures, creates, populates and activates a realm itself, and creates its
// RECs by finalizing vCPUs (docs/host-series.md). KvmBehaviour::life_cycle chooses it.
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// KVM_ENABLE_CAP(KVM_CAP_ARM_RME) of a realm VM. 0 or -errno, action by action:
//   CONFIG_REALM   -EBUSY (created already), -EFAULT, -EINVAL (unknown, or a hash algorithm that the RMM lacks)
//   CREATE_REALM   -EEXIST (created already), -ENOMEM, -ENXIO
//   INIT_RIPAS     -EFAULT, -EINVAL (base + size wraps, or a page is populated), -EPERM (state is not NEW), -ENOMEM,
//                  -ENXIO; a size of 0 succeeds and asks the RMM for nothing
//   POPULATE       -EFAULT, and kvm_populate_realm's
//   ACTIVATE       -EINVAL (state is not NEW), -ENXIO
//   anything else  -EINVAL
int kvm_realm_enable_cap(Host& host, Vm& vm, const EnableCap& cap);

// KVM_ARM_VCPU_FINALIZE. KVM_ARM_VCPU_REC creates the REC: -EINVAL (no realm, feature not chosen, or another feature),
// -ENOEXEC (before KVM_ARM_VCPU_INIT), -ENOENT (no realm in state NEW), -EBUSY (has its REC), -ENOMEM, -ENXIO.
long kvm_arm_vcpu_finalize(Host& host, Vcpu& vcpu, int feature);
// False: KVM_RUN is refused with -EPERM. A realm's vCPU needs its REC and an active realm; in the implicit life cycle
// and for a plain VM nothing is missing.
bool kvm_arm_vcpu_is_finalized(Host& host, const Vcpu& vcpu);

}  // namespace host::kvm
