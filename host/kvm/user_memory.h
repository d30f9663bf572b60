// SPDX-License-Identifier: GPL-2.0-or-later
// The VMM process's anonymous memory: areas, and the host pages behind the addresses touched so far.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>

#include "host/kvm/sparse_pages.h"
#include "host/kvm/uapi.h"

namespace host::kvm {

struct Host;

struct Vma {
  std::uint64_t size = 0;  // bytes, page aligned
  SparsePages pages;
  auto members() { return std::tie(size, pages); }
};

struct UserMemory {
  std::map<std::uint64_t, Vma> areas;  // by base address
  std::uint64_t next_base = 0x7f00'0000'0000;
  auto members() { return std::tie(areas, next_base); }
};

enum class Gup : std::uint8_t { kOk, kFault, kNoMemory };

struct UserPage {
  Gup result = Gup::kFault;
  abi::GranulePa page;
};

// A new area of at least `size` bytes, separated from the others by an unmapped page.
Hva user_mmap(Host& host, std::uint64_t size);
// The host page behind `hva`, allocated and zeroed on first touch.
UserPage get_user_page(Host& host, Hva hva);
// Drops the pages of [base, base + size), after every stage 2 alias of them is gone (the MMU notifier of mm).
void user_discard(Host& host, Hva base, std::uint64_t size);
// user_discard and the area itself: whole areas only, as the VMM maps them.
void user_munmap(Host& host, Hva base, std::uint64_t size);
// copy_to_user and copy_from_user: 0, -ENOMEM, -EFAULT.
long user_write(Host& host, Hva to, std::span<const std::byte> data);
long user_read(Host& host, Hva from, std::span<std::byte> data);

}  // namespace host::kvm
