// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/user_memory.h"

#include <algorithm>

#include "host/kvm/mmu.h"
#include "host/kvm/panic.h"

namespace host::kvm {
namespace {

// The area that holds `address`, or end().
auto find_vma(UserMemory& user, std::uint64_t address) {
  auto it = user.areas.upper_bound(address);
  if (it == user.areas.begin()) return user.areas.end();
  --it;
  return address - it->first < it->second.size ? it : user.areas.end();
}

long to_errno(Gup result) { return result == Gup::kOk ? 0 : result == Gup::kNoMemory ? -kENOMEM : -kEFAULT; }

// Calls copy(page address, bytes done so far, bytes now) page by page.
template <class Copy>
long for_each_page(Host& host, Hva start, std::uint64_t size, Copy&& copy) {
  for (std::uint64_t done = 0; done < size;) {
    const Hva hva = start + done;
    const std::uint64_t offset = hva.value % abi::kGranuleSize;
    const std::uint64_t n = std::min(size - done, abi::kGranuleSize - offset);
    const auto page = get_user_page(host, hva);
    if (page.result != Gup::kOk) return to_errno(page.result);
    if (!copy(page.page.pa() + offset, done, n)) return -kEFAULT;
    done += n;
  }
  return 0;
}

}  // namespace

Hva user_mmap(Host& host, std::uint64_t size) {
  auto& user = host.state.user;
  const std::uint64_t base = user.next_base;
  const std::uint64_t bytes = abi::align_up(std::max<std::uint64_t>(size, 1), abi::kGranuleSize);
  // 2 MiB alignment, as the kernel gives large anonymous areas.
  user.next_base = abi::align_up(base + bytes + abi::kGranuleSize, 2ULL << 20);
  user.areas[base].size = bytes;
  return {base};
}

UserPage get_user_page(Host& host, Hva hva) {
  const auto vma = find_vma(host.state.user, hva.value);
  if (vma == host.state.user.areas.end()) return {Gup::kFault, {}};
  const std::uint64_t index = (hva.value - vma->first) / abi::kGranuleSize;
  if (const auto page = vma->second.pages.find(index)) return {Gup::kOk, *page};
  const auto page = host.pages.alloc_page(PageUse::kUserMemory);
  if (!page) return {Gup::kNoMemory, {}};
  if (!host.port.memory.zero(*page)) panic("granule protection fault clearing user page {:#x}", page->pa().value);
  vma->second.pages.insert(index, *page);
  return {Gup::kOk, *page};
}

void user_discard(Host& host, Hva base, std::uint64_t size) {
  const std::uint64_t start = abi::align_up(base.value, abi::kGranuleSize);
  const std::uint64_t end = abi::align_down(base.value + size, abi::kGranuleSize);
  if (start >= end) return;
  kvm_unmap_hva_range(host, start, end);
  for (auto& [area_base, vma] : host.state.user.areas) {
    const std::uint64_t from = std::max(start, area_base), to = std::min(end, area_base + vma.size);
    if (from >= to) continue;
    vma.pages.take((from - area_base) / abi::kGranuleSize, (to - area_base) / abi::kGranuleSize,
                   [&](std::uint64_t, abi::GranulePa page) { host.pages.free_page(page, PageUse::kUserMemory); });
  }
}

void user_munmap(Host& host, Hva base, std::uint64_t size) {
  user_discard(host, base, abi::align_up(size, abi::kGranuleSize));
  host.state.user.areas.erase(base.value);
}

long user_write(Host& host, Hva to, std::span<const std::byte> data) {
  return for_each_page(host, to, data.size(), [&](abi::Pa pa, std::uint64_t done, std::uint64_t n) {
    return host.port.memory.write(pa, data.subspan(done, n)).has_value();
  });
}

long user_read(Host& host, Hva from, std::span<std::byte> data) {
  return for_each_page(host, from, data.size(), [&](abi::Pa pa, std::uint64_t done, std::uint64_t n) {
    return host.port.memory.read(pa, data.subspan(done, n)).has_value();
  });
}

}  // namespace host::kvm
