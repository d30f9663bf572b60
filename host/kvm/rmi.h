// SPDX-License-Identifier: GPL-2.0-or-later
// The life of a realm from the host's side (docs/host-series.md).
#pragma once

#include "host/kvm/host.h"

namespace host::kvm {

// Probes the RMM once: version 1.0 and feature register 0. Without an answer there are no realms.
void kvm_init_rmi(Host& host);
abi::v1_0::FeatureRegister0 rmm_features(const Host& host);

// Creates the RD if there is none yet. v12 calls it without a lock from POPULATE (R28). 0 in state NEW; -ENXIO dead;
// -EBUSY active or dying; -ENOMEM.
int realm_ensure_created(Host& host, Vm& vm);
// Whether the VMM brings realms to life (explicit_life_cycle.h); otherwise the next function does.
bool explicit_life_cycle(const Host& host);
// The first run: RECs in vCPU order, RIPAS of all guest memory, REALM_ACTIVATE. 0, or the error that leaves the VM
// dead.
int kvm_activate_realm(Host& host, Vm& vm);
// What RTT_INIT_RIPAS does with an entry that is ASSIGNED: with images populated first it is RAM already and stepped
// over (v12); with INIT_RIPAS first there is none, and one is an error of the VMM (v9; R29).
enum class OnAssigned : std::uint8_t { kStepOver, kRefuse };
// Makes [ipa, end) RAM by RTT_INIT_RIPAS, building the tables it needs. 0, -EINVAL (kRefuse), -ENOMEM, -ENXIO.
int realm_init_ipa_state(Host& host, Vm& vm, abi::Ipa ipa, abi::Ipa end, OnAssigned on_assigned);
// KVM_ARM_RMI_POPULATE: bytes populated, or -errno when there were none.
long kvm_arm_rmi_populate(Host& host, Vm& vm, const ArmRmiPopulate& args);
// POPULATE_REALM of the explicit life cycle: the contents are those of the slot's user mapping at the same addresses.
// All or an error: -EPERM (no realm in state NEW, slot without guest_memfd), -EINVAL, -EFAULT (no slot), -ENOMEM,
// -ENXIO.
int kvm_populate_realm(Host& host, Vm& vm, const ArmRmePopulateRealm& args);
// After the vCPUs are gone: tables, realm, root tables, RD. What the RMM does not give back is leaked and recorded.
void kvm_destroy_realm(Host& host, Vm& vm);

// REC of one vCPU. 0, -ENOENT (no NEW realm), -EBUSY (has one), -EINVAL (no PSCI 0.2), -ENOMEM, -ENXIO.
int kvm_create_rec(Host& host, Vcpu& vcpu);
void kvm_destroy_rec(Host& host, Vcpu& vcpu);

// RSI_IPA_STATE_SET's completion before the next entry; safe to call again for the same exit (R10).
void kvm_complete_ripas_change(Host& host, Vcpu& vcpu);
// RMI_PSCI_COMPLETE for a request of `source` that named `target`.
RmiReturn realm_psci_complete(Host& host, Vcpu& source, Vcpu& target, abi::v1_0::PsciStatus status);

}  // namespace host::kvm
