// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/pmu.h"

#include "host/kvm/rmi.h"

namespace host::kvm {
namespace {

constexpr std::uint64_t kFirstPpi = 16, kFirstSpi = 32;

// A PPI is the same for all vCPUs, an SPI differs for each (pmu_irq_is_valid).
bool pmu_irq_is_valid(const Vm& vm, std::uint64_t irq) {
  for (const Vcpu& vcpu : vm.vcpus) {
    if (vcpu.pmu.irq_num == 0) continue;
    if ((irq < kFirstSpi) != (vcpu.pmu.irq_num == irq)) return false;
  }
  return true;
}

long set_irq(const Vm& vm, VcpuPmu& pmu, std::uint64_t irq) {
  if (!vm.vgic.dist.created || irq < kFirstPpi || irq >= kFirstSpi + vm.vgic.dist.nr_spis) return -kEINVAL;
  if (!pmu_irq_is_valid(vm, irq)) return -kEINVAL;
  if (pmu.irq_num != 0) return -kEBUSY;
  pmu.irq_num = static_cast<std::uint32_t>(irq);
  return 0;
}

long init(const Vm& vm, VcpuPmu& pmu) {
  if (!vm.vgic.dist.initialized) return -kENODEV;
  if (pmu.irq_num == 0) return -kENXIO;
  pmu.created = true;
  return 0;
}

// PMCR_EL0.N of the whole VM; a parameter of the realm.
long set_nr_counters(const Host& host, Vm& vm, std::uint64_t n) {
  if (n > rmm_features(host).pmu_num_ctrs) return -kEINVAL;
  if (vm.has_ran_once || vm.realm.state != RealmState::kNone) return -kEBUSY;
  vm.pmcr_n = static_cast<std::uint8_t>(n);
  return 0;
}

}  // namespace

bool kvm_vcpu_has_pmu(const Vcpu& vcpu) { return (vcpu.features & (1U << kVcpuPmuV3)) != 0; }

long kvm_arm_pmu_v3_has_attr(const Vcpu& vcpu, const DeviceAttr& attr) {
  const bool known = attr.attr == kVcpuPmuV3Irq || attr.attr == kVcpuPmuV3Init || attr.attr == kVcpuPmuV3SetNrCounters;
  return known && kvm_vcpu_has_pmu(vcpu) ? 0 : -kENXIO;
}

long kvm_arm_pmu_v3_set_attr(Host& host, Vcpu& vcpu, const DeviceAttr& attr) {
  if (!kvm_vcpu_has_pmu(vcpu)) return -kENODEV;
  if (vcpu.pmu.created) return -kEBUSY;
  Vm& vm = vm_of(host, vcpu);
  if (attr.attr == kVcpuPmuV3Init) return init(vm, vcpu.pmu);
  if (attr.attr != kVcpuPmuV3Irq && attr.attr != kVcpuPmuV3SetNrCounters) return -kENXIO;
  if (attr.value == nullptr) return -kEFAULT;
  return attr.attr == kVcpuPmuV3Irq ? set_irq(vm, vcpu.pmu, *attr.value) : set_nr_counters(host, vm, *attr.value);
}

long kvm_arm_pmu_v3_get_attr(const Host& host, const Vcpu& vcpu, const DeviceAttr& attr) {
  if (attr.attr != kVcpuPmuV3Irq) return -kENXIO;
  if (!host.state.vms.at(vcpu.vm).vgic.dist.created) return -kEINVAL;
  if (!kvm_vcpu_has_pmu(vcpu)) return -kENODEV;
  if (vcpu.pmu.irq_num == 0) return -kENXIO;
  if (attr.value == nullptr) return -kEFAULT;
  *attr.value = vcpu.pmu.irq_num;
  return 0;
}

int kvm_arm_pmu_v3_enable(const Vcpu& vcpu) { return kvm_vcpu_has_pmu(vcpu) && !vcpu.pmu.created ? -kEINVAL : 0; }

// R56: while the level is up the host masks the physical interrupt, else the next entry would be left at once. Here the
// monitor does so.
void kvm_pmu_update_from_exit(Host& host, Vcpu& vcpu, bool overflow) {
  if (!vcpu.pmu.created || overflow == vcpu.pmu.irq_level) return;
  vcpu.pmu.irq_level = overflow;
  VmVgic(host, vm_of(host, vcpu))->kvm_vgic_inject_irq(vcpu.vcpu_id, vcpu.pmu.irq_num, overflow);
}

}  // namespace host::kvm
