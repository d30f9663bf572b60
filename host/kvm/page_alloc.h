// SPDX-License-Identifier: GPL-2.0-or-later
// The host's page allocator: one for everything, over the DRAM banks, lowest free page first. It counts pages by use
// and keeps the pages that are lost for good (a granule that the RMM did not give back).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "host/port/ns_memory.h"
#include "rmm/abi/addr.h"

namespace host::kvm {

enum class PageUse : std::uint8_t {
  kUserMemory,
  kGuestMemfd,
  kRd,
  kStage2Root,  // starting level tables: delegated for a realm, plain tables for a VM
  kRtt,         // tables below the root, of a realm or a VM: the kernel's page table counter
  kRec,
  kRecAux,
  kRecRun,
  kParams,  // realm_params and rec_params, for the time of one call
};
inline constexpr std::size_t kNumPageUses = 9;
std::string_view page_use_name(PageUse use);

struct LeakedPage {
  abi::GranulePa page;
  PageUse use = PageUse::kUserMemory;
  auto members() { return std::tie(page, use); }
};

struct PageBank {
  std::uint64_t first_frame = 0;
  std::uint64_t num_pages = 0;
  std::uint64_t hint = 0;           // no free page below this index
  std::vector<std::uint64_t> used;  // one bit a page
  auto members() { return std::tie(first_frame, num_pages, hint, used); }
};

struct PageAllocState {
  std::vector<PageBank> banks;
  std::array<std::uint64_t, kNumPageUses> in_use{};
  std::set<std::uint64_t> lost;    // frames with a reference that nobody will drop (get_page on a lost granule)
  std::vector<LeakedPage> leaked;  // in order of loss
  std::uint64_t allocations = 0;
  auto members() { return std::tie(banks, in_use, lost, leaked, allocations); }
};

// Asked before each allocation; true makes it fail.
using AllocationFailure = std::function<bool(PageUse use, std::uint64_t allocation)>;

class PageAllocator {
 public:
  // `failure` is asked at each allocation and may be empty. Both references must outlive the allocator.
  PageAllocator(PageAllocState& state, const AllocationFailure& failure) : state_(state), failure_(failure) {}

  // Takes the machine's DRAM; once, before any allocation.
  void add_banks(std::span<const port::MemoryBank> banks);
  std::optional<abi::GranulePa> alloc_page(PageUse use) { return alloc_pages_exact(1, use); }
  // `count` contiguous pages (a power of two), aligned to their size.
  std::optional<abi::GranulePa> alloc_pages_exact(std::uint64_t count, PageUse use);
  // Gives a page back. A lost page stays allocated and is recorded as leaked instead.
  void free_page(abi::GranulePa page, PageUse use);
  void free_pages_exact(abi::GranulePa first, std::uint64_t count, PageUse use);
  // The RMM still owns this page: its owner may go on to free it, but it will never be used again.
  void mark_lost(abi::GranulePa page) { state_.lost.insert(page.frame()); }
  // mark_lost and free_page in one.
  void leak_page(abi::GranulePa page, PageUse use);

 private:
  PageBank& bank_of(abi::GranulePa page);
  PageAllocState& state_;
  const AllocationFailure& failure_;
};

}  // namespace host::kvm
