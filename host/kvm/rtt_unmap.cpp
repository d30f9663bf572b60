// SPDX-License-Identifier: GPL-2.0-or-later
// Taking pages away from a realm: unmap, fold, tear down.
#include <algorithm>

#include "host/kvm/log.h"
#include "host/kvm/rtt.h"

namespace host::kvm {
namespace {

using rmm::port::Access;

// cond_resched_rwlock_write: whoever waits for mmu_lock gets it between two steps (R24).
void maybe_drop_lock(Host& host, Vm& vm, bool may_block) {
  if (!may_block) return;
  const auto object = step_object(StepObject::kMmuLock, vm);
  host.port.sync.release_write(vm.mmu_lock, {"cond_resched_rwlock_write", object, Access::kRelease});
  host.port.sync.acquire_write(vm.mmu_lock, {"cond_resched_rwlock_write", object, Access::kAcquire});
}

// One step of the private unmap. Returns where to go on; `ipa` itself when nothing more can be done.
abi::Ipa realm_unmap_private_page(Host& host, Vm& vm, abi::Ipa ipa) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto d = host.rmi.rmi_data_destroy(vm.realm.rd, ipa);
    if (ok(d.result)) {
      // The page stays with its guest_memfd, which frees it; one that the RMM keeps must never be used again.
      if (!ok(host.rmi.rmi_granule_undelegate(d.granule))) {
        host.pages.mark_lost(d.granule);
        warn(host, "granule {:#x} cannot be undelegated and is lost", d.granule.pa().value);
      }
      return ipa + abi::kGranuleSize;
    }
    if (!is_rtt_error(d.result)) {
      warn(host, "DATA_DESTROY at {:#x} failed: status {:#x}", ipa.value, d.result.raw());
      return ipa;
    }
    if (d.top > ipa) return d.top;  // a hole
    // A block covers the page: split it and try again. Without memory for the table nothing can be done (R33).
    if (realm_create_rtt_levels(host, vm, nullptr, ipa, d.result.index, kRttMaxLevel) != 0) return ipa;
  }
  return ipa;
}

// Recursive by level, as entries of the shared alias may be blocks.
void realm_unmap_shared_range(Host& host, Vm& vm, int level, abi::Ipa start, abi::Ipa end, bool may_block) {
  const std::uint64_t map_size = rtt_level_mapsize(level);
  abi::Ipa next;
  for (abi::Ipa addr = start; addr < end; addr = next) {
    const abi::Ipa align_addr{abi::align_up(addr.value, map_size)};
    next = {abi::align_up(addr.value + 1, map_size)};
    if (align_addr != addr || next > end) {
      // The entry reaches beyond the range: only finer ones may go.
      if (level < kRttMaxLevel) realm_unmap_shared_range(host, vm, level + 1, addr, std::min(next, end), may_block);
      continue;
    }
    const auto r = host.rmi.rmi_rtt_unmap_unprotected(vm.realm.rd, addr, level);
    if (ok(r.result)) {
      if (r.top > next) next = r.top;
    } else if (is_rtt_error(r.result)) {
      if (r.top == addr && level < kRttMaxLevel) {
        realm_unmap_shared_range(host, vm, level + 1, addr, next, may_block);
      } else if (r.top > next) {
        next = r.top;
      }
    } else {
      warn(host, "RTT_UNMAP_UNPROTECTED at {:#x} failed: status {:#x}", addr.value, r.result.raw());
      return;
    }
    maybe_drop_lock(host, vm, may_block);
  }
}

// Folds tables of `level` that lie wholly in [start, end). Returns how many could not be folded, or -ENXIO.
int realm_fold_rtt_level(Host& host, Vm& vm, int level, abi::Ipa start, abi::Ipa end) {
  const std::uint64_t map_size = rtt_level_mapsize(level - 1);
  int not_folded = 0;
  abi::Ipa next;
  for (abi::Ipa addr = start; addr < end; addr = next) {
    const abi::Ipa align_addr{abi::align_up(addr.value, map_size)};
    next = {abi::align_up(addr.value + 1, map_size)};
    if (align_addr != addr || next > end) {
      if (level < kRttMaxLevel) {
        const int r = realm_fold_rtt_level(host, vm, level + 1, addr, std::min(next, end));
        if (r < 0) return r;
      }
      ++not_folded;
      continue;
    }
    bool folded_below = false;
    for (;;) {
      const auto f = host.rmi.rmi_rtt_fold(vm.realm.rd, addr, level);
      if (ok(f.result)) {
        free_delegated_page(host, f.granule, PageUse::kRtt);
        break;
      }
      if (!is_rtt_error(f.result)) {
        warn(host, "RTT_FOLD at {:#x} level {} failed: status {:#x}", addr.value, level, f.result.raw());
        return -kENXIO;
      }
      if (f.result.index < level) break;  // there is no table here
      if (level == kRttMaxLevel || folded_below) {
        ++not_folded;
        break;
      }
      // Entries differ, or some are tables: fold those first and try this level once more.
      const int r = realm_fold_rtt_level(host, vm, level + 1, addr, next);
      if (r < 0) return r;
      if (r > 0) {
        ++not_folded;
        break;
      }
      folded_below = true;
    }
  }
  return not_folded;
}

void realm_tear_down_rtt_level(Host& host, Vm& vm, int level, abi::Ipa start, abi::Ipa end) {
  const std::uint64_t map_size = rtt_level_mapsize(level - 1);
  abi::Ipa next;
  for (abi::Ipa addr = start; addr < end; addr = next) {
    next = addr + map_size;
    bool went_deeper = false;
    for (;;) {
      const auto d = host.rmi.rmi_rtt_destroy(vm.realm.rd, addr, level);
      if (ok(d.result)) {
        free_delegated_page(host, d.granule, PageUse::kRtt);
        break;
      }
      if (!is_rtt_error(d.result)) {
        warn(host, "RTT_DESTROY at {:#x} level {} failed: status {:#x}", addr.value, level, d.result.raw());
        return;
      }
      if (d.top > addr) {  // no table here: skip the hole
        if (d.top > next) next = {abi::align_down(d.top.value, map_size)};
        break;
      }
      if (level == kRttMaxLevel || went_deeper) {
        warn(host, "RTT at {:#x} level {} is live and stays", addr.value, level);
        break;
      }
      realm_tear_down_rtt_level(host, vm, level + 1, addr, next);
      went_deeper = true;
    }
  }
}

// Everything goes: the tables are about to be destroyed, so folding them first (as Linux does) would be thousands of
// calls for nothing.
bool is_whole_half(const Vm& vm, std::uint64_t start, std::uint64_t end) {
  return start == 0 && end >= shared_bit(vm.mmu);
}

}  // namespace

void realm_unmap_private_range(Host& host, Vm& vm, std::uint64_t start, std::uint64_t end, bool may_block) {
  const abi::Ipa top{end};
  for (abi::Ipa ipa{start}; ipa < top;) {
    const abi::Ipa next = realm_unmap_private_page(host, vm, ipa);
    if (next == ipa) break;
    ipa = next;
    maybe_drop_lock(host, vm, may_block);
  }
  if (!is_whole_half(vm, start, end)) realm_fold_rtt_level(host, vm, vm.mmu.start_level + 1, {start}, top);
}

void kvm_realm_unmap_range(Host& host, Vm& vm, std::uint64_t start, std::uint64_t end, unsigned filter,
                           bool may_block) {
  if (vm.realm.state == RealmState::kNone || !vm.realm.has_rd) return;
  const std::uint64_t bit = shared_bit(vm.mmu);
  end = std::min(end, bit);
  if (start >= end) return;
  // Added, not or-ed: `end` may be the whole half (R36).
  const abi::Ipa shared_start{start + bit}, shared_end{end + bit};
  realm_unmap_shared_range(host, vm, find_map_level(vm, shared_start, shared_end), shared_start, shared_end, may_block);
  if (!is_whole_half(vm, start, end)) {
    realm_fold_rtt_level(host, vm, vm.mmu.start_level + 1, shared_start, shared_end);
  }
  if ((filter & kFilterPrivate) != 0) realm_unmap_private_range(host, vm, start, end, may_block);
}

void kvm_realm_destroy_rtts(Host& host, Vm& vm) {
  realm_tear_down_rtt_level(host, vm, vm.mmu.start_level + 1, {0}, {1ULL << vm.mmu.ia_bits});
}

}  // namespace host::kvm
