// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/rmi.h"

#include <algorithm>

#include "host/kvm/log.h"
#include "host/kvm/mmu.h"
#include "host/kvm/pmu.h"
#include "host/kvm/rtt.h"
#include "host/kvm/wire_page.h"
#include "rmm/abi/v1_0/structures.h"

namespace host::kvm {
namespace {

using rmm::port::LockGuard;
using rmm::port::WriteGuard;

// Delegates the first `count` pages from `first`; on a refusal takes back exactly those it delegated (R31).
bool delegate_pages(Host& host, abi::GranulePa first, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    if (ok(host.rmi.rmi_granule_delegate(abi::GranulePa::from_frame(first.frame() + i)))) continue;
    while (i-- > 0) {
      const auto page = abi::GranulePa::from_frame(first.frame() + i);
      undelegate_or_lose(host, page);
    }
    return false;
  }
  return true;
}

// Takes the root tables back from the RMM. Pages that it keeps are lost; the table is then never walked or freed whole.
void undelegate_pgd(Host& host, Vm& vm) {
  for (unsigned i = 0; i < vm.mmu.num_start; ++i) {
    free_delegated_page(host, abi::GranulePa::from_frame(vm.mmu.pgd.frame() + i), PageUse::kStage2Root);
  }
  vm.mmu.has_pgd = false;
}

abi::v1_0::RealmParams realm_params(Vm& vm) {
  abi::v1_0::RealmParams p;
  p.s2sz = vm.mmu.ia_bits;
  p.num_bps = vm.num_bps;
  p.num_wps = vm.num_wps;
  if (std::any_of(vm.vcpus.begin(), vm.vcpus.end(), kvm_vcpu_has_pmu)) {
    p.flags |= abi::v1_0::kRealmFlagPmu;
    p.pmu_num_ctrs = vm.pmcr_n;
  }
  p.hash_algo = static_cast<std::uint8_t>(vm.realm.hash_algo);
  p.rpv = vm.realm.rpv;
  p.vmid = vm.realm.vmid.value;
  p.rtt_base = vm.mmu.pgd.pa().value;
  p.rtt_level_start = std::int64_t{vm.mmu.start_level};
  p.rtt_num_start = vm.mmu.num_start;
  return p;
}

int realm_create_rd(Host& host, Vm& vm) {
  const auto params = host.pages.alloc_page(PageUse::kParams);
  if (!params) return -kENOMEM;
  int result = -kENXIO;
  const auto rd = alloc_delegated_page(host, PageUse::kRd);
  if (!rd) {
    result = rd.error();
  } else if (!delegate_pages(host, vm.mmu.pgd, vm.mmu.num_start)) {
    free_delegated_page(host, *rd, PageUse::kRd);
  } else {
    write_wire_page(host, *params, realm_params(vm));
    const auto r = host.rmi.rmi_realm_create(*rd, *params);
    if (ok(r)) {
      vm.realm.rd = *rd;
      vm.realm.has_rd = true;
      result = 0;
    } else {
      warn(host, "REALM_CREATE failed: status {:#x}", r.raw());
      undelegate_pgd(host, vm);
      free_delegated_page(host, *rd, PageUse::kRd);
    }
  }
  host.pages.free_page(*params, PageUse::kParams);
  return result;
}

int set_ripas_of_protected_regions(Host& host, Vm& vm) {
  // A copy: slots_lock is not held here (R40), so the walk sees the slots as they were at its start, as under SRCU.
  const auto memslots = vm.memslots;
  for (const auto& [id, slot] : memslots) {
    if (!slot.has_gmem()) continue;
    const abi::Ipa base{slot.base_gfn << abi::kGranuleShift};
    const abi::Ipa end = base + (slot.npages << abi::kGranuleShift);
    if (const int e = realm_init_ipa_state(host, vm, base, end, OnAssigned::kStepOver); e != 0) return e;
  }
  return 0;
}

}  // namespace

int realm_init_ipa_state(Host& host, Vm& vm, abi::Ipa ipa, abi::Ipa end, OnAssigned on_assigned) {
  while (ipa < end) {
    const auto r = host.rmi.rmi_rtt_init_ripas(vm.realm.rd, ipa, end);
    if (ok(r.result)) {
      if (r.top <= ipa) return -kENXIO;
      ipa = r.top;
      continue;
    }
    if (!is_rtt_error(r.result)) {
      warn(host, "RTT_INIT_RIPAS at {:#x} failed: status {:#x}", ipa.value, r.result.raw());
      return -kENXIO;
    }
    const int reached = r.result.index;
    const std::uint64_t entry = rtt_level_mapsize(reached);
    if (reached < kRttMaxLevel && (!abi::is_aligned(ipa.value, entry) || end - ipa < entry)) {
      if (const int e = realm_create_rtt_levels(host, vm, nullptr, ipa, reached, find_map_level(vm, ipa, end)); e != 0)
        return e;
      continue;
    }
    if (on_assigned == OnAssigned::kRefuse) return -kEINVAL;
    ipa = {abi::align_down(ipa.value, entry) + entry};
  }
  return 0;
}

void kvm_init_rmi(Host& host) {
  auto& rmi = host.state.rmi;
  if (rmi.probed) return;
  rmi.probed = true;
  const auto version = host.rmi.rmi_version(abi::v1_0::kInterfaceVersion10);
  if (!ok(version.result)) return;
  const auto features = host.rmi.rmi_features(0);
  if (!ok(features.result)) return;
  rmi.feat_reg0 = features.value;
  rmi.available = true;
}

abi::v1_0::FeatureRegister0 rmm_features(const Host& host) {
  return abi::v1_0::FeatureRegister0::from_raw(host.state.rmi.feat_reg0);
}

int realm_ensure_created(Host& host, Vm& vm) {
  switch (vm.realm.state) {
    case RealmState::kNew: return 0;
    case RealmState::kDead: return -kENXIO;
    case RealmState::kActive:
    case RealmState::kDying: return -kEBUSY;
    case RealmState::kNone: break;
  }
  if (!vm.mmu.has_pgd) return -kENXIO;  // lost with an earlier attempt
  if (!vm.realm.has_vmid) {
    vm.realm.vmid = vmid_reserve(host.state);
    if (vm.realm.vmid.value == 0) return -kENOMEM;
    vm.realm.has_vmid = true;
  }
  if (const int e = realm_create_rd(host, vm); e != 0) {
    vmid_release(host.state, vm.realm.vmid);
    vm.realm.has_vmid = false;
    return e;
  }
  vm.realm.state = RealmState::kNew;
  return 0;
}

bool explicit_life_cycle(const Host& host) { return host.state.behaviour.life_cycle == LifeCycle::kExplicit; }

int kvm_activate_realm(Host& host, Vm& vm) {
  auto& sync = host.port.sync;
  const auto state_object = step_object(StepObject::kRealmState, vm);
  // R27: equality, not order: the state is DEAD while another vCPU is still activating.
  sync.step({"kvm_activate_realm", state_object, rmm::port::Access::kRead});
  if (vm.realm.state == RealmState::kActive) return 0;
  LockGuard config(sync, vm.config_lock, "config_lock", step_object(StepObject::kConfigLock, vm));
  if (vm.realm.state == RealmState::kActive) return 0;
  if (const int e = realm_ensure_created(host, vm); e != 0) return e;
  // Any failure from here on sticks.
  vm.realm.state = RealmState::kDead;
  for (auto& vcpu : vm.vcpus) {
    if (const int e = kvm_create_rec(host, vcpu); e != 0) return e;
  }
  if (host.state.behaviour.init_ripas_at_activation) {
    if (const int e = set_ripas_of_protected_regions(host, vm); e != 0) return e;
  }
  const auto r = host.rmi.rmi_realm_activate(vm.realm.rd);
  if (!ok(r)) {
    warn(host, "REALM_ACTIVATE failed: status {:#x}", r.raw());
    return -kENXIO;
  }
  sync.step({"kvm_activate_realm", state_object, rmm::port::Access::kWrite});
  vm.realm.state = RealmState::kActive;
  return 0;
}

void kvm_destroy_realm(Host& host, Vm& vm) {
  if (vm.realm.state == RealmState::kNone) return;
  vm.realm.state = RealmState::kDying;
  {
    WriteGuard lock(host.port.sync, vm.mmu_lock, "mmu_lock", step_object(StepObject::kMmuLock, vm));
    kvm_realm_unmap_range(host, vm, 0, shared_bit(vm.mmu), kFilterAll, true);
    kvm_realm_destroy_rtts(host, vm);
  }
  const auto r = host.rmi.rmi_realm_destroy(vm.realm.rd);
  if (ok(r)) {
    undelegate_pgd(host, vm);
    free_delegated_page(host, vm.realm.rd, PageUse::kRd);
    vmid_release(host.state, vm.realm.vmid);
    vm.realm.has_vmid = false;
  } else {
    // The RMM keeps the RD and the root tables, and the VMID with them.
    warn(host, "REALM_DESTROY failed: status {:#x}", r.raw());
    host.pages.leak_page(vm.realm.rd, PageUse::kRd);
    for (unsigned i = 0; i < vm.mmu.num_start; ++i)
      host.pages.leak_page(abi::GranulePa::from_frame(vm.mmu.pgd.frame() + i), PageUse::kStage2Root);
    vm.mmu.has_pgd = false;
  }
  vm.realm.has_rd = false;
  vm.realm.state = RealmState::kDead;
}

}  // namespace host::kvm
