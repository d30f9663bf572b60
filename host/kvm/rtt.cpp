// SPDX-License-Identifier: GPL-2.0-or-later
// Building and mapping. The other half is rtt_unmap.cpp.
#include "host/kvm/rtt.h"

#include "host/kvm/log.h"

namespace host::kvm {
namespace {

// DEN0137 1.0-rel0 A5.5.11: the host chooses MemAttr[2:0] (FWB: 0b110, Normal write-back) and S2AP (0b11, read and
// write).
constexpr std::uint64_t kUnprotectedAttributes = (0b110ULL << 2) | (0b11ULL << 6);

tl::expected<abi::GranulePa, int> alloc_rtt(Host& host, Vcpu* vcpu) {
  if (vcpu == nullptr || vcpu->mmu_page_cache.empty()) return alloc_delegated_page(host, PageUse::kRtt);
  const auto page = vcpu->mmu_page_cache.back();
  vcpu->mmu_page_cache.pop_back();
  if (ok(host.rmi.rmi_granule_delegate(page))) return page;
  host.pages.free_page(page, PageUse::kRtt);
  return tl::unexpected(-kENXIO);
}

}  // namespace

tl::expected<abi::GranulePa, int> alloc_delegated_page(Host& host, PageUse use) {
  const auto page = host.pages.alloc_page(use);
  if (!page) return tl::unexpected(-kENOMEM);
  if (ok(host.rmi.rmi_granule_delegate(*page))) return *page;
  host.pages.free_page(*page, use);
  return tl::unexpected(-kENXIO);
}

void free_delegated_page(Host& host, abi::GranulePa page, PageUse use) {
  if (ok(host.rmi.rmi_granule_undelegate(page))) {
    host.pages.free_page(page, use);
    return;
  }
  host.pages.leak_page(page, use);
  warn(host, "granule {:#x} ({}) cannot be undelegated and is lost", page.pa().value, page_use_name(use));
}

void undelegate_or_lose(Host& host, abi::GranulePa page) {
  if (ok(host.rmi.rmi_granule_undelegate(page))) return;
  host.pages.mark_lost(page);
  warn(host, "granule {:#x} cannot be undelegated and is lost", page.pa().value);
}

int find_map_level(const Vm& vm, abi::Ipa start, abi::Ipa end) {
  int level = kRttMaxLevel;
  while (level > vm.mmu.start_level + 1) {
    const std::uint64_t map_size = rtt_level_mapsize(level - 1);
    if (!abi::is_aligned(start.value, map_size) || start.value + map_size > end.value) break;
    --level;
  }
  return level;
}

int realm_create_rtt_levels(Host& host, Vm& vm, Vcpu* vcpu, abi::Ipa ipa, int level, int max_level) {
  while (level++ < max_level) {
    const auto rtt = alloc_rtt(host, vcpu);
    if (!rtt) return -kENOMEM;  // as Linux: it does not tell a refused delegation apart
    const abi::Ipa base{abi::align_down(ipa.value, rtt_level_mapsize(level - 1))};
    const auto r = host.rmi.rmi_rtt_create(vm.realm.rd, *rtt, base, level);
    if (ok(r)) continue;
    free_delegated_page(host, *rtt, PageUse::kRtt);
    // Somebody else built this level between the failed walk and now (R21): go on below it.
    if (is_rtt_error(r) && r.index == level - 1) continue;
    warn(host, "RTT_CREATE {:#x} level {} failed: status {:#x}", base.value, level, r.raw());
    return -kENXIO;
  }
  return 0;
}

int realm_map_protected(Host& host, Vm& vm, Vcpu& vcpu, abi::Ipa ipa, abi::GranulePa page) {
  // A refused delegation most likely means that another vCPU handled the same fault: let the guest try again.
  if (!ok(host.rmi.rmi_granule_delegate(page))) return 0;
  auto r = host.rmi.rmi_data_create_unknown(vm.realm.rd, page, ipa);
  if (is_rtt_error(r)) {
    if (const int e = realm_create_rtt_levels(host, vm, &vcpu, ipa, r.index, kRttMaxLevel); e != 0) {
      undelegate_or_lose(host, page);
      return e;
    }
    r = host.rmi.rmi_data_create_unknown(vm.realm.rd, page, ipa);
  }
  if (ok(r)) return 0;
  undelegate_or_lose(host, page);
  warn(host, "DATA_CREATE_UNKNOWN at {:#x} failed: status {:#x}", ipa.value, r.raw());
  return -kENXIO;
}

int realm_map_non_secure(Host& host, Vm& vm, Vcpu& vcpu, abi::Ipa ipa, abi::GranulePa page) {
  const std::uint64_t desc = page.pa().value | kUnprotectedAttributes;
  auto r = host.rmi.rmi_rtt_map_unprotected(vm.realm.rd, ipa, kRttMaxLevel, desc);
  if (is_rtt_error(r)) {
    if (const int e = realm_create_rtt_levels(host, vm, &vcpu, ipa, r.index, kRttMaxLevel); e != 0) return e;
    r = host.rmi.rmi_rtt_map_unprotected(vm.realm.rd, ipa, kRttMaxLevel, desc);
  }
  // The tables are there now, so a second RTT error says that the entry was already mapped: by another vCPU.
  if (ok(r) || is_rtt_error(r)) return 0;
  warn(host, "RTT_MAP_UNPROTECTED at {:#x} failed: status {:#x}", ipa.value, r.raw());
  return -kENXIO;
}

}  // namespace host::kvm
