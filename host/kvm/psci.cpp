// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/psci.h"

#include "host/kvm/rmi.h"
#include "host/kvm/vcpu_regs.h"
#include "host/kvm/vcpu_requests.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace host::kvm {
namespace {

using namespace abi::v1_0;
using rmm::port::LockGuard;

constexpr std::uint64_t kAffinityMask = 0xff00ffffffULL;
constexpr std::uint64_t kAffinityInfoOn = 0, kAffinityInfoOff = 1;
constexpr std::uint64_t kMigrateNotNeeded = 2;  // MIGRATE_INFO_TYPE: no trusted OS to migrate

std::uint64_t x0(PsciStatus status) { return static_cast<std::uint64_t>(status); }
bool is_smc64(std::uint32_t fid) { return (fid & 0x40000000U) != 0; }
std::uint64_t argument(Host& host, Vcpu& vcpu, std::uint32_t fid, unsigned n) {
  const std::uint64_t value = vcpu_get_reg(host, vcpu, n);
  return is_smc64(fid) ? value : value & 0xffffffffULL;
}

Vcpu* kvm_mpidr_to_vcpu(Vm& vm, std::uint64_t mpidr) {
  for (auto& vcpu : vm.vcpus) {
    if ((vcpu.mpidr.value & kAffinityMask) == (mpidr & kAffinityMask)) return &vcpu;
  }
  return nullptr;
}

PsciStatus kvm_psci_vcpu_on(Host& host, Vcpu& source, std::uint32_t fid) {
  Vm& vm = vm_of(host, source);
  Vcpu* target = kvm_mpidr_to_vcpu(vm, argument(host, source, fid, 1));
  if (target == nullptr) return PsciStatus::kInvalidParameters;
  LockGuard lock(host.port.sync, target->mp_state_lock, "mp_state_lock",
                 step_object(StepObject::kMpStateLock, *target));
  if (!kvm_arm_vcpu_stopped(*target)) {
    // The RMM thinks the REC is off and the host that it is on: a race that the realm may see as either.
    if (vm.is_realm) realm_psci_complete(host, source, *target, PsciStatus::kSuccess);
    return PsciStatus::kAlreadyOn;
  }
  // The RMM must know the answer before either vCPU runs again, so before RUNNABLE is published (R2, R3).
  if (vm.is_realm) realm_psci_complete(host, source, *target, PsciStatus::kSuccess);
  target->reset_state = {true, argument(host, source, fid, 2), argument(host, source, fid, 3)};
  kvm_make_request(host, *target, KVM_REQ_VCPU_RESET);
  target->mp_state.store(host.port.sync, kMpStateRunnable, "mp_state", step_object(StepObject::kMpState, *target));
  kvm_vcpu_wake_up(host, *target);
  return PsciStatus::kSuccess;
}

std::uint64_t kvm_psci_vcpu_affinity_info(Host& host, Vcpu& source, std::uint32_t fid) {
  Vm& vm = vm_of(host, source);
  const std::uint64_t level = argument(host, source, fid, 2);
  if (vm.is_realm) {
    // The RMM has the real answer; it only needs to know which REC the MPIDR names.
    Vcpu* target = level == 0 ? kvm_mpidr_to_vcpu(vm, argument(host, source, fid, 1)) : nullptr;
    if (target == nullptr) return x0(PsciStatus::kInvalidParameters);
    realm_psci_complete(host, source, *target, PsciStatus::kSuccess);
    return x0(PsciStatus::kSuccess);
  }
  if (level > 3) return x0(PsciStatus::kInvalidParameters);
  const std::uint64_t ignored = level == 3 ? 0xffffffULL : (1ULL << (8 * level)) - 1;
  const std::uint64_t mask = kAffinityMask & ~ignored;
  const std::uint64_t wanted = argument(host, source, fid, 1) & mask;
  bool found = false;
  for (const auto& vcpu : vm.vcpus) {
    if ((vcpu.mpidr.value & mask) != wanted) continue;
    found = true;
    if (!kvm_arm_vcpu_stopped(vcpu)) return kAffinityInfoOn;
  }
  return found ? kAffinityInfoOff : x0(PsciStatus::kInvalidParameters);
}

// The whole VM stops: every vCPU sleeps until user space decides what to do.
void kvm_prepare_system_event(Host& host, Vcpu& vcpu, std::uint32_t type) {
  Vm& vm = vm_of(host, vcpu);
  for (auto& other : vm.vcpus) {
    LockGuard lock(host.port.sync, other.mp_state_lock, "mp_state_lock", step_object(StepObject::kMpStateLock, other));
    other.mp_state.store(host.port.sync, kMpStateStopped, "mp_state", step_object(StepObject::kMpState, other));
  }
  kvm_make_all_cpus_request(host, vm, KVM_REQ_SLEEP);
  vcpu.run.system_event = {.type = type, .flags = 0};
  vcpu.run.exit_reason = ExitReason::KVM_EXIT_SYSTEM_EVENT;
}

std::uint64_t psci_features(std::uint32_t fid) {
  switch (fid) {
    case kPsciVersion:
    case kPsciCpuSuspend32:
    case kPsciCpuSuspend:
    case kPsciCpuOff:
    case kPsciCpuOn32:
    case kPsciCpuOn:
    case kPsciAffinityInfo32:
    case kPsciAffinityInfo:
    case kPsciMigrateInfoType:
    case kPsciSystemOff:
    case kPsciSystemReset:
    case kPsciFeatures:
    case kSmcccVersion: return 0;
    default: return x0(PsciStatus::kNotSupported);
  }
}

}  // namespace

int kvm_psci_call(Host& host, Vcpu& vcpu) {
  const auto fid = static_cast<std::uint32_t>(vcpu_get_reg(host, vcpu, 0));
  std::uint64_t result = x0(PsciStatus::kNotSupported);
  int ret = 1;
  switch (fid) {
    case kPsciVersion: result = kPsciVersion11; break;
    case kPsciFeatures: result = psci_features(static_cast<std::uint32_t>(vcpu_get_reg(host, vcpu, 1))); break;
    case kPsciMigrateInfoType: result = kMigrateNotNeeded; break;
    case kPsciCpuSuspend32:
    case kPsciCpuSuspend:
      // Any power state is a wait for interrupt: the registers survive.
      kvm_vcpu_wfi(host, vcpu);
      result = x0(PsciStatus::kSuccess);
      break;
    case kPsciCpuOff:
      kvm_arm_vcpu_power_off(host, vcpu);
      result = x0(PsciStatus::kSuccess);
      break;
    case kPsciCpuOn32:
    case kPsciCpuOn: result = x0(kvm_psci_vcpu_on(host, vcpu, fid)); break;
    case kPsciAffinityInfo32:
    case kPsciAffinityInfo: result = kvm_psci_vcpu_affinity_info(host, vcpu, fid); break;
    case kPsciSystemOff:
    case kPsciSystemReset:
      kvm_prepare_system_event(host, vcpu, fid == kPsciSystemOff ? kSystemEventShutdown : kSystemEventReset);
      // What the guest would see if user space ran it again (PSCI 5.10: the call does not return).
      result = x0(PsciStatus::kInternalFailure);
      ret = 0;
      break;
    default: break;
  }
  vcpu_set_reg(host, vcpu, 0, result);
  return ret;
}

long kvm_arm_vcpu_rmi_psci_complete(Host& host, Vcpu& vcpu, const RmiPsciComplete* args) {
  Vm& vm = vm_of(host, vcpu);
  if (!vm.is_realm) return -kEPERM;
  if (args == nullptr) return -kEFAULT;
  for (const auto word : args->padding) {
    if (word != 0) return -kEINVAL;
  }
  Vcpu* target = kvm_mpidr_to_vcpu(vm, args->target_mpidr);
  if (target == nullptr || !target->rec.created || !vcpu.rec.created) return -kEINVAL;
  // Which status is permitted is the RMM's to say.
  const auto status = static_cast<PsciStatus>(static_cast<std::int32_t>(args->psci_status));
  return ok(realm_psci_complete(host, vcpu, *target, status)) ? 0 : -kEINVAL;
}

}  // namespace host::kvm
