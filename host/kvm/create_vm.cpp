// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/create_vm.h"

#include <algorithm>

#include "host/kvm/file_table.h"
#include "host/kvm/guest_memfd.h"
#include "host/kvm/mmu.h"
#include "host/kvm/rmi.h"
#include "host/kvm/vcpu_init.h"

namespace host::kvm {
namespace {

constexpr std::uint8_t kHostIpaLimit = 48;  // 48-bit physical addresses, no LPA2
constexpr std::uint8_t kDefaultIpaBits = 40;
constexpr std::uint8_t kMinIpaBits = 32;

void kvm_destroy_vm(Host& host, Vm& vm) {
  // mm goes first: stage 2 is unmapped while the vCPUs still exist but can no longer run.
  kvm_uninit_stage2_mmu(host, vm);
  for (auto& vcpu : vm.vcpus) kvm_vcpu_destroy(host, vcpu);
  if (vm.is_realm) kvm_destroy_realm(host, vm);
  for (auto& [id, slot] : vm.memslots) kvm_gmem_unbind(host, vm, slot);
  vm.memslots.clear();
  VmVgic(host, vm)->kvm_vgic_destroy();
  if (vm.mmu.has_pgd) {
    host.pages.free_pages_exact(vm.mmu.pgd, vm.mmu.num_start, PageUse::kStage2Root);
    vm.mmu.has_pgd = false;
  }
}

}  // namespace

std::uint8_t kvm_ipa_limit(const Host& host, bool realm) {
  return realm ? std::min(kHostIpaLimit, rmm_features(host).s2sz) : kHostIpaLimit;
}

long kvm_dev_ioctl_create_vm(Host& host, std::uint64_t type) {
  if ((type & ~(kVmTypeIpaMask | kVmTypeRealm | kVmTypeProtected)) != 0) return -kEINVAL;
  const bool realm = (type & kVmTypeRealm) != 0;
  if ((type & kVmTypeProtected) != 0) return -kEINVAL;  // with REALM always; alone: no pKVM on this host
  if (realm && !host.state.rmi.available) return -kEPERM;
  auto ia_bits = static_cast<std::uint8_t>(type & kVmTypeIpaMask);
  if (ia_bits == 0) ia_bits = kDefaultIpaBits;
  if (ia_bits < kMinIpaBits || ia_bits > kvm_ipa_limit(host, realm)) return -kEINVAL;

  auto& vm = host.state.vms.emplace_back();
  vm.index = static_cast<std::uint32_t>(host.state.vms.size() - 1);
  vm.is_realm = realm;
  if (const int e = kvm_init_stage2_mmu(host, vm, ia_bits); e != 0) {
    host.state.vms.pop_back();
    return e;
  }
  if (realm) {
    vm.num_bps = std::min<std::uint8_t>(rmm_features(host).num_bps, 15);
    vm.num_wps = std::min<std::uint8_t>(rmm_features(host).num_wps, 15);
  }
  vm.users = 1;
  return install_fd(host, {FdKind::kVm, vm.index, 0}).value;
}

void kvm_put_kvm(Host& host, Vm& vm) {
  if (--vm.users == 0) kvm_destroy_vm(host, vm);
}

}  // namespace host::kvm
