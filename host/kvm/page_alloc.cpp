// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/page_alloc.h"

#include <algorithm>
#include <bit>

#include "host/kvm/panic.h"

namespace host::kvm {
namespace {

bool is_used(const PageBank& bank, std::uint64_t i) { return (bank.used[i / 64] >> (i % 64)) & 1; }
void set_used(PageBank& bank, std::uint64_t i) { bank.used[i / 64] |= 1ULL << (i % 64); }
void clear_used(PageBank& bank, std::uint64_t i) { bank.used[i / 64] &= ~(1ULL << (i % 64)); }

// The lowest free page at or after bank.hint, or num_pages.
std::uint64_t first_free(const PageBank& bank) {
  for (std::uint64_t word = bank.hint / 64; word < bank.used.size(); ++word) {
    if (bank.used[word] != ~0ULL)
      return std::min<std::uint64_t>(bank.num_pages,
                                     word * 64 + static_cast<unsigned>(std::countr_one(bank.used[word])));
  }
  return bank.num_pages;
}

std::optional<std::uint64_t> first_free_run(const PageBank& bank, std::uint64_t count) {
  const std::uint64_t skew = bank.first_frame % count;
  std::uint64_t i = bank.hint;
  if (const std::uint64_t off = (i + skew) % count; off != 0) i += count - off;
  for (; i + count <= bank.num_pages; i += count) {
    bool free = true;
    for (std::uint64_t k = 0; k < count && free; ++k) free = !is_used(bank, i + k);
    if (free) return i;
  }
  return std::nullopt;
}

}  // namespace

std::string_view page_use_name(PageUse use) {
  static constexpr std::array<std::string_view, kNumPageUses> kNames = {
      "user memory", "guest_memfd", "RD", "stage 2 root", "RTT", "REC", "REC_AUX", "RecRun", "parameters"};
  return kNames[static_cast<std::size_t>(use)];
}

void PageAllocator::add_banks(std::span<const port::MemoryBank> banks) {
  for (const auto& bank : banks) {
    PageBank b;
    b.first_frame = abi::align_up(bank.base.value, abi::kGranuleSize) >> abi::kGranuleShift;
    const std::uint64_t end = (bank.base.value + bank.size) >> abi::kGranuleShift;
    b.num_pages = end > b.first_frame ? end - b.first_frame : 0;
    b.used.assign((b.num_pages + 63) / 64, 0);
    if (b.num_pages % 64 != 0) b.used.back() = ~0ULL << (b.num_pages % 64);  // beyond the bank
    state_.banks.push_back(std::move(b));
  }
}

std::optional<abi::GranulePa> PageAllocator::alloc_pages_exact(std::uint64_t count, PageUse use) {
  const std::uint64_t number = state_.allocations++;
  if (failure_ && failure_(use, number)) return std::nullopt;
  for (auto& bank : state_.banks) {
    std::optional<std::uint64_t> found;
    if (count == 1) {
      bank.hint = first_free(bank);
      if (bank.hint < bank.num_pages) found = bank.hint;
    } else {
      found = first_free_run(bank, count);
    }
    if (!found) continue;
    for (std::uint64_t k = 0; k < count; ++k) set_used(bank, *found + k);
    state_.in_use[static_cast<std::size_t>(use)] += count;
    return abi::GranulePa::from_frame(bank.first_frame + *found);
  }
  return std::nullopt;
}

PageBank& PageAllocator::bank_of(abi::GranulePa page) {
  for (auto& bank : state_.banks) {
    if (page.frame() >= bank.first_frame && page.frame() < bank.first_frame + bank.num_pages) return bank;
  }
  panic("page allocator: {:#x} is not host memory", page.pa().value);
}

void PageAllocator::free_page(abi::GranulePa page, PageUse use) {
  auto& bank = bank_of(page);
  const std::uint64_t i = page.frame() - bank.first_frame;
  if (!is_used(bank, i)) panic("page allocator: {:#x} is freed twice", page.pa().value);
  --state_.in_use[static_cast<std::size_t>(use)];
  if (state_.lost.contains(page.frame())) {
    state_.leaked.push_back({page, use});
    return;
  }
  clear_used(bank, i);
  bank.hint = std::min(bank.hint, i);
}

void PageAllocator::free_pages_exact(abi::GranulePa first, std::uint64_t count, PageUse use) {
  for (std::uint64_t k = 0; k < count; ++k) free_page(abi::GranulePa::from_frame(first.frame() + k), use);
}

void PageAllocator::leak_page(abi::GranulePa page, PageUse use) {
  mark_lost(page);
  free_page(page, use);
}

}  // namespace host::kvm
