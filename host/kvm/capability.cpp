// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/capability.h"

#include <algorithm>
#include <array>

#include "host/kvm/create_vm.h"
#include "host/kvm/explicit_life_cycle.h"
#include "host/kvm/rmi.h"

namespace host::kvm {
namespace {

// What a realm VM may know of (docs/host-series.md). A list of what is allowed, never of what is not (R71).
constexpr std::array kRealmCaps = {Cap::KVM_CAP_IRQCHIP,
                                   Cap::KVM_CAP_ARM_PSCI,
                                   Cap::KVM_CAP_ARM_PSCI_0_2,
                                   Cap::KVM_CAP_NR_VCPUS,
                                   Cap::KVM_CAP_MAX_VCPUS,
                                   Cap::KVM_CAP_MAX_VCPU_ID,
                                   Cap::KVM_CAP_MSI_DEVID,
                                   Cap::KVM_CAP_ARM_VM_IPA_SIZE,
                                   Cap::KVM_CAP_ARM_PMU_V3,
                                   Cap::KVM_CAP_ARM_PTRAUTH_ADDRESS,
                                   Cap::KVM_CAP_ARM_PTRAUTH_GENERIC,
                                   Cap::KVM_CAP_ARM_RMI};

bool kvm_realm_ext_allowed(Cap cap) { return std::find(kRealmCaps.begin(), kRealmCaps.end(), cap) != kRealmCaps.end(); }

long max_vcpus(Host& host, const Vm* vm) {
  if (vm == nullptr || !vm->is_realm) return kVgicMaxVcpus;
  const long recs = (1L << rmm_features(host).max_recs_order) - 1;
  return std::min<long>(recs, kVgicMaxVcpus);
}

}  // namespace

long kvm_vm_ioctl_check_extension(Host& host, const Vm* vm, std::uint64_t number) {
  const auto cap = static_cast<Cap>(number);
  if (vm != nullptr && vm->is_realm && !kvm_realm_ext_allowed(cap)) return 0;
  switch (cap) {
    case Cap::KVM_CAP_IRQCHIP:
    case Cap::KVM_CAP_USER_MEMORY:
    case Cap::KVM_CAP_USER_MEMORY2:
    case Cap::KVM_CAP_SYNC_MMU:
    case Cap::KVM_CAP_MP_STATE:
    case Cap::KVM_CAP_ONE_REG:
    case Cap::KVM_CAP_ARM_PSCI:
    case Cap::KVM_CAP_ARM_PSCI_0_2:
    case Cap::KVM_CAP_DEVICE_CTRL:
    case Cap::KVM_CAP_IMMEDIATE_EXIT:
    case Cap::KVM_CAP_VCPU_EVENTS:
    case Cap::KVM_CAP_MEMORY_FAULT_INFO:
    case Cap::KVM_CAP_ARM_PTRAUTH_ADDRESS:
    case Cap::KVM_CAP_ARM_PTRAUTH_GENERIC: return 1;
    case Cap::KVM_CAP_NR_MEMSLOTS: return 32767;
    case Cap::KVM_CAP_NR_VCPUS: return std::min<long>(max_vcpus(host, vm), kVgicMaxVcpus);
    case Cap::KVM_CAP_MAX_VCPUS:
    case Cap::KVM_CAP_MAX_VCPU_ID: return max_vcpus(host, vm);
    case Cap::KVM_CAP_ARM_VM_IPA_SIZE: return kvm_ipa_limit(host, vm != nullptr && vm->is_realm);
    // Realms have the RMM's; plain VMs have none here.
    case Cap::KVM_CAP_ARM_PMU_V3: return vm != nullptr && vm->is_realm && rmm_features(host).pmu ? 1 : 0;
    case Cap::KVM_CAP_ARM_RMI: return host.state.rmi.available ? 1 : 0;
    case Cap::KVM_CAP_MEMORY_ATTRIBUTES:
      return host.state.rmi.available && vm == nullptr ? static_cast<long>(kMemoryAttributePrivate) : 0;
    case Cap::KVM_CAP_GUEST_MEMFD: return host.state.rmi.available && vm == nullptr ? 1 : 0;
    default: return 0;
  }
}

long kvm_vm_ioctl_enable_cap(Host& host, Vm& vm, const EnableCap& cap) {
  if (cap.flags != 0 || !vm.is_realm || !explicit_life_cycle(host)) return -kEINVAL;
  return static_cast<Cap>(cap.cap) == Cap::KVM_CAP_ARM_RME ? kvm_realm_enable_cap(host, vm, cap) : -kEINVAL;
}

}  // namespace host::kvm
