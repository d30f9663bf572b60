// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/vcpu_init.h"

#include "host/kvm/file_table.h"
#include "host/kvm/inject_fault.h"
#include "host/kvm/mmu.h"
#include "host/kvm/rec_run.h"
#include "host/kvm/reset.h"
#include "host/kvm/rmi.h"
#include "host/kvm/vcpu_requests.h"

namespace host::kvm {
namespace {

using rmm::port::LockGuard;

constexpr std::uint32_t kTargetGenericV8 = 5;  // KVM_ARM_TARGET_GENERIC_V8

// Aff0 counts to 16 (SGI target lists), Aff1 and Aff2 take the rest: reset_mpidr.
abi::Mpidr vcpu_mpidr(std::uint64_t id) { return {(id & 0x0f) | ((id >> 4) & 0xff) << 8 | ((id >> 12) & 0xff) << 16}; }

constexpr std::uint32_t bit(unsigned n) { return 1U << n; }

// What KVM_ARM_VCPU_INIT accepts. A PMU if it is a realm's and the RMM has it; no SVE, 32-bit EL1 or nested
// virtualisation; pointer authentication of a plain VM is its user's choice, a realm's the monitor's.
std::uint32_t valid_features(const Host& host, const Vm& vm) {
  const bool rec = explicit_life_cycle(host) && host.state.rmi.available;
  return bit(kVcpuPowerOff) | bit(kVcpuPsci02) | bit(kVcpuPtrauthAddress) | bit(kVcpuPtrauthGeneric) |
         (rec ? bit(kVcpuRec) : 0) | (vm.is_realm && rmm_features(host).pmu ? bit(kVcpuPmuV3) : 0);
}

long check_features(const Host& host, const Vm& vm, std::uint32_t features) {
  if ((features & ~valid_features(host, vm)) != 0) return -kEINVAL;
  const bool address = (features & bit(kVcpuPtrauthAddress)) != 0, generic = (features & bit(kVcpuPtrauthGeneric)) != 0;
  return address == generic ? 0 : -kEINVAL;  // both or none, as Linux wants it
}

}  // namespace

long kvm_vm_ioctl_create_vcpu(Host& host, Vm& vm, std::uint64_t id) {
  if (id >= kVgicMaxVcpus) return -kEINVAL;
  if (id < vm.vcpus.size()) return -kEEXIST;
  if (id != vm.vcpus.size()) return -kEINVAL;
  // R44: RECs exist for the vCPUs present at activation only.
  if (vm.vgic.dist.initialized || vm.realm.state >= RealmState::kActive) return -kEBUSY;
  if (vm.is_realm && vm.vcpus.size() >= (1ULL << rmm_features(host).max_recs_order) - 1) return -kE2BIG;
  const abi::Mpidr mpidr = vcpu_mpidr(id);
  if (const long e = VmVgic(host, vm)->kvm_vgic_vcpu_init(static_cast<unsigned>(id), mpidr); e != 0) return e;
  auto& vcpu = vm.vcpus.emplace_back();
  vcpu.vm = vm.index;
  vcpu.vcpu_id = static_cast<std::uint32_t>(id);
  vcpu.mpidr = mpidr;
  if (!vm.is_realm) vcpu.guest_cpu = host.port.guests.create_guest();
  ++vm.users;
  return install_fd(host, {FdKind::kVcpu, vm.index, vcpu.vcpu_id}).value;
}

void kvm_vcpu_destroy(Host& host, Vcpu& vcpu) {
  kvm_destroy_rec(host, vcpu);
  kvm_mmu_free_memory_cache(host, vcpu);
  if (vcpu.guest_cpu != port::GuestCpuId{}) host.port.guests.destroy_guest(vcpu.guest_cpu);
  vcpu.guest_cpu = {};
}

long kvm_arm_preferred_target(VcpuInit& init) {
  init = {};
  init.target = kTargetGenericV8;
  return 0;
}

long kvm_arch_vcpu_ioctl_vcpu_init(Host& host, Vcpu& vcpu, const VcpuInit& init) {
  if (init.target != kTargetGenericV8) return -kEINVAL;
  for (std::size_t i = 1; i < init.features.size(); ++i) {
    if (init.features[i] != 0) return -kEINVAL;
  }
  const std::uint32_t features = init.features[0];
  if (const long e = check_features(host, vm_of(host, vcpu), features); e != 0) return e;
  const std::uint32_t lasting = features & ~bit(kVcpuPowerOff);
  if (vcpu.initialized && lasting != vcpu.features) return -kEINVAL;
  if (!vcpu.initialized && (lasting & bit(kVcpuPmuV3)) != 0) vm_of(host, vcpu).pmcr_n = rmm_features(host).pmu_num_ctrs;
  vcpu.features = lasting;
  vcpu.initialized = true;
  vcpu.power_off_at_init = (features & bit(kVcpuPowerOff)) != 0;
  kvm_reset_vcpu(host, vcpu);
  if (vcpu.power_off_at_init) {
    kvm_arm_vcpu_power_off(host, vcpu);
  } else {
    vcpu.mp_state.store(host.port.sync, kMpStateRunnable, "mp_state", step_object(StepObject::kMpState, vcpu));
  }
  return 0;
}

long kvm_arch_vcpu_ioctl_get_mpstate(Host& host, Vcpu& vcpu, MpState& mp_state) {
  mp_state.mp_state = vcpu.mp_state.load(host.port.sync, "mp_state", step_object(StepObject::kMpState, vcpu));
  return 0;
}

long kvm_arch_vcpu_ioctl_set_mpstate(Host& host, Vcpu& vcpu, const MpState& mp_state) {
  switch (mp_state.mp_state) {
    case kMpStateRunnable: {
      LockGuard lock(host.port.sync, vcpu.mp_state_lock, "mp_state_lock", step_object(StepObject::kMpStateLock, vcpu));
      vcpu.mp_state.store(host.port.sync, kMpStateRunnable, "mp_state", step_object(StepObject::kMpState, vcpu));
      return 0;
    }
    case kMpStateStopped: kvm_arm_vcpu_power_off(host, vcpu); return 0;
    case kMpStateSuspended: kvm_arm_vcpu_suspend(host, vcpu); return 0;
    default: return -kEINVAL;
  }
}

long kvm_arm_vcpu_get_events(Host&, Vcpu& vcpu, VcpuEvents& events) {
  events = {};
  events.ext_dabt_pending = vcpu.ext_dabt_pending ? 1 : 0;
  return 0;
}

long kvm_arm_vcpu_set_events(Host& host, Vcpu& vcpu, const VcpuEvents& events) {
  if (!vcpu_is_rec(host, vcpu)) {
    // This machine has no SErrors to give to a guest.
    if (events.serror_pending != 0 || events.serror_has_esr != 0) return -kEINVAL;
    if (events.ext_dabt_pending != 0) {
      vcpu.mmio_needed = false;
      kvm_inject_sea(host, vcpu, false, vcpu.fault.far_el2);
    }
    return 0;
  }
  if (events.serror_pending != 0) return -kEINVAL;
  if (events.ext_dabt_pending == 0) return 0;
  if (!vcpu.rec.created) return -kEINVAL;
  // Only an access that waits for its emulation can end in an abort, whether or not the next KVM_RUN has already
  // completed it (R17); the two answers exclude each other.
  RecRunPage run(host, vcpu.rec);
  const std::uint64_t flags = run.enter_flags();
  if (!vcpu.mmio_needed && (flags & abi::v1_0::kEnterEmulMmio) == 0) return -kEINVAL;
  vcpu.mmio_needed = false;
  run.set_enter_flags((flags & ~abi::v1_0::kEnterEmulMmio) | abi::v1_0::kEnterInjectSea);
  return 0;
}

}  // namespace host::kvm
