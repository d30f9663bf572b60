// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/stage2_pgtable.h"

#include "host/kvm/rtt.h"
#include "host/kvm/wire_page.h"

namespace host::kvm {
namespace {

constexpr std::uint64_t kValid = 1ULL << 0;
constexpr std::uint64_t kTable = 1ULL << 1;  // table at levels 0 to 2, page at level 3
constexpr std::uint64_t kAddressMask = 0x0000'ffff'ffff'f000ULL;
// MemAttr 0b0110 (FWB: Normal write-back), S2AP read and write, inner shareable, access flag.
constexpr std::uint64_t kPageAttributes = (0x6ULL << 2) | (0x3ULL << 6) | (0x3ULL << 8) | (1ULL << 10);

std::uint64_t read_entry(Host& host, abi::Pa pa) {
  std::uint64_t value = 0;
  kernel_read(host, pa, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}
void write_entry(Host& host, abi::Pa pa, std::uint64_t value) {
  kernel_write(host, pa, std::as_bytes(std::span(&value, 1)));
}

// Concatenated starting tables are one long table: the index of the starting level is not cut to nine bits.
abi::Pa entry_address(const Stage2Mmu& mmu, abi::GranulePa table, int level, abi::Ipa ipa) {
  std::uint64_t index = ipa.value / rtt_level_mapsize(level);
  if (level > mmu.start_level) index %= 512;
  return table.pa() + index * sizeof(std::uint64_t);
}

std::optional<abi::GranulePa> take_table(Host& host, Vcpu& vcpu) {
  std::optional<abi::GranulePa> page;
  if (vcpu.mmu_page_cache.empty()) {
    page = host.pages.alloc_page(PageUse::kRtt);
  } else {
    page = vcpu.mmu_page_cache.back();
    vcpu.mmu_page_cache.pop_back();
  }
  if (page && !host.port.memory.zero(*page)) panic("granule protection fault on table page {:#x}", page->pa().value);
  return page;
}

void free_tables(Host& host, abi::GranulePa table, int level) {
  for (std::uint64_t i = 0; i < 512 && level < kRttMaxLevel; ++i) {
    const std::uint64_t entry = read_entry(host, table.pa() + i * sizeof(std::uint64_t));
    if ((entry & (kValid | kTable)) != (kValid | kTable)) continue;
    const auto next = abi::GranulePa::containing({entry & kAddressMask});
    free_tables(host, next, level + 1);
    host.pages.free_page(next, PageUse::kRtt);
  }
}

}  // namespace

int kvm_pgtable_stage2_map(Host& host, Vm& vm, Vcpu& vcpu, abi::Ipa ipa, abi::GranulePa page) {
  abi::GranulePa table = vm.mmu.pgd;
  for (int level = vm.mmu.start_level; level < kRttMaxLevel; ++level) {
    const abi::Pa at = entry_address(vm.mmu, table, level, ipa);
    const std::uint64_t entry = read_entry(host, at);
    if ((entry & kValid) != 0) {
      table = abi::GranulePa::containing({entry & kAddressMask});
      continue;
    }
    const auto fresh = take_table(host, vcpu);
    if (!fresh) return -kENOMEM;
    write_entry(host, at, fresh->pa().value | kTable | kValid);
    table = *fresh;
  }
  write_entry(host, entry_address(vm.mmu, table, kRttMaxLevel, ipa),
              page.pa().value | kPageAttributes | kTable | kValid);
  return 0;
}

void kvm_pgtable_stage2_unmap(Host& host, Vm& vm, abi::Ipa start, abi::Ipa end) {
  bool changed = false;
  for (abi::Ipa ipa = start; ipa < end;) {
    abi::GranulePa table = vm.mmu.pgd;
    int level = vm.mmu.start_level;
    std::uint64_t entry = 0;
    abi::Pa at;
    for (;; ++level) {
      at = entry_address(vm.mmu, table, level, ipa);
      entry = read_entry(host, at);
      if (level == kRttMaxLevel || (entry & kValid) == 0) break;
      table = abi::GranulePa::containing({entry & kAddressMask});
    }
    if ((entry & kValid) != 0) {
      write_entry(host, at, 0);
      changed = true;
    }
    const std::uint64_t size = rtt_level_mapsize(level);
    ipa = {abi::align_down(ipa.value, size) + size};
  }
  if (changed) host.port.guests.invalidate_stage2(vm.mmu.vmid, {start, end});
}

void kvm_pgtable_stage2_destroy(Host& host, Vm& vm) {
  for (unsigned i = 0; i < vm.mmu.num_start; ++i) {
    free_tables(host, abi::GranulePa::from_frame(vm.mmu.pgd.frame() + i), vm.mmu.start_level);
  }
  host.port.guests.invalidate_stage2(vm.mmu.vmid, {{0}, {1ULL << vm.mmu.ia_bits}});
  host.pages.free_pages_exact(vm.mmu.pgd, vm.mmu.num_start, PageUse::kStage2Root);
  vm.mmu.has_pgd = false;
}

}  // namespace host::kvm
