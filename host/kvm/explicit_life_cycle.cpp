// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/explicit_life_cycle.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "host/kvm/log.h"
#include "host/kvm/rmi.h"
#include "host/kvm/user_memory.h"

namespace host::kvm {
namespace {

using abi::v1_0::HashAlgorithm;

template <class T>
long copy_from_user(Host& host, std::uint64_t address, T& to) {
  return user_read(host, Hva{address}, std::as_writable_bytes(std::span(&to, 1)));
}

int config_realm_hash_algo(Host& host, Realm& realm, const ArmRmeConfig& config) {
  std::uint32_t algorithm = 0;
  std::memcpy(&algorithm, config.value.data(), sizeof(algorithm));
  const auto features = rmm_features(host);
  switch (algorithm) {
    case kArmRmeConfigHashAlgoSha256:
      if (!features.hash_sha_256) return -kEINVAL;
      realm.hash_algo = HashAlgorithm::kSha256;
      return 0;
    case kArmRmeConfigHashAlgoSha512:
      if (!features.hash_sha_512) return -kEINVAL;
      realm.hash_algo = HashAlgorithm::kSha512;
      return 0;
    default: return -kEINVAL;
  }
}

int kvm_rme_config_realm(Host& host, Vm& vm, std::uint64_t address) {
  if (vm.realm.state != RealmState::kNone) return -kEBUSY;
  ArmRmeConfig config;
  if (const long e = copy_from_user(host, address, config); e != 0) return static_cast<int>(e);
  switch (config.cfg) {
    case kArmRmeConfigRpv: std::copy_n(config.value.begin(), kArmRmeConfigRpvSize, vm.realm.rpv.begin()); return 0;
    case kArmRmeConfigHashAlgo: return config_realm_hash_algo(host, vm.realm, config);
    default: return -kEINVAL;
  }
}

int kvm_create_realm(Host& host, Vm& vm) {
  // Any state but NONE: "created" holds for a realm that is active, dying or dead, too.
  return vm.realm.state != RealmState::kNone ? -kEEXIST : realm_ensure_created(host, vm);
}

int kvm_init_ipa_range_realm(Host& host, Vm& vm, std::uint64_t address) {
  ArmRmeInitRipas args;
  if (const long e = copy_from_user(host, address, args); e != 0) return static_cast<int>(e);
  if (args.base + args.size < args.base) return -kEINVAL;
  if (vm.realm.state != RealmState::kNew) return -kEPERM;
  // An empty range ends here: the RMM would call it an error (R30).
  return realm_init_ipa_state(host, vm, {args.base}, {args.base + args.size}, OnAssigned::kRefuse);
}

int kvm_populate_realm_from(Host& host, Vm& vm, std::uint64_t address) {
  ArmRmePopulateRealm args;
  if (const long e = copy_from_user(host, address, args); e != 0) return static_cast<int>(e);
  return kvm_populate_realm(host, vm, args);
}

int activate_realm(Host& host, Vm& vm) {
  if (vm.realm.state != RealmState::kNew) return -kEINVAL;
  const auto r = host.rmi.rmi_realm_activate(vm.realm.rd);
  if (!ok(r)) {
    warn(host, "REALM_ACTIVATE failed: status {:#x}", r.raw());
    return -kENXIO;
  }
  host.port.sync.step({"kvm_activate_realm", step_object(StepObject::kRealmState, vm), rmm::port::Access::kWrite});
  vm.realm.state = RealmState::kActive;
  return 0;
}

bool has_rec_feature(const Vcpu& vcpu) { return (vcpu.features & (1U << kVcpuRec)) != 0; }

}  // namespace

int kvm_realm_enable_cap(Host& host, Vm& vm, const EnableCap& cap) {
  rmm::port::LockGuard lock(host.port.sync, vm.lock, "kvm->lock", step_object(StepObject::kVmLock, vm));
  const std::uint64_t address = cap.args[1];
  switch (static_cast<RmeAction>(cap.args[0])) {
    case RmeAction::KVM_CAP_ARM_RME_CONFIG_REALM: return kvm_rme_config_realm(host, vm, address);
    case RmeAction::KVM_CAP_ARM_RME_CREATE_REALM: return kvm_create_realm(host, vm);
    case RmeAction::KVM_CAP_ARM_RME_INIT_RIPAS_REALM: return kvm_init_ipa_range_realm(host, vm, address);
    case RmeAction::KVM_CAP_ARM_RME_POPULATE_REALM: return kvm_populate_realm_from(host, vm, address);
    case RmeAction::KVM_CAP_ARM_RME_ACTIVATE_REALM: return activate_realm(host, vm);
  }
  return -kEINVAL;
}

long kvm_arm_vcpu_finalize(Host& host, Vcpu& vcpu, int feature) {
  if (!vcpu.initialized) return -kENOEXEC;
  if (feature != static_cast<int>(kVcpuRec)) return -kEINVAL;
  const Vm& vm = vm_of(host, vcpu);
  if (!vm.is_realm || !has_rec_feature(vcpu)) return -kEINVAL;
  if (vm.realm.state != RealmState::kNew) return -kENOENT;
  return kvm_create_rec(host, vcpu);
}

bool kvm_arm_vcpu_is_finalized(Host& host, const Vcpu& vcpu) {
  const Vm& vm = vm_of(host, vcpu);
  if (!vm.is_realm || !explicit_life_cycle(host)) return true;
  host.port.sync.step(
      {"kvm_arm_vcpu_is_finalized", step_object(StepObject::kRealmState, vm), rmm::port::Access::kRead});
  return vcpu.rec.created && vm.realm.state == RealmState::kActive;
}

}  // namespace host::kvm
