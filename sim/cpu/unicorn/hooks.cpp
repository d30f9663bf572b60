// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/hooks.h"

#include <cstdio>
#include <cstdlib>

#include "rmm/abi/arch/sysreg.h"

namespace sim {
namespace {

struct AddressRange {
  std::uint64_t first, last;
};
constexpr AddressRange kEverywhere{1, 0};  // begin > end says so

void add(uc_engine* uc, int type, auto* callback, void* user, int instruction = 0, AddressRange range = kEverywhere) {
  uc_hook handle = 0;
  const uc_err error =
      uc_hook_add(uc, &handle, type, reinterpret_cast<void*>(callback), user, range.first, range.last, instruction);
  if (error == UC_ERR_OK) return;
  std::fprintf(stderr, "ccasim: engine: hook %d: %s\n", type, uc_strerror(error));
  std::abort();
}

std::uint32_t key_of(const uc_arm64_cp_reg& reg) {
  return abi::sysreg_key(reg.op0, reg.op1, reg.crn, reg.crm, reg.op2);
}

}  // namespace

void Engine::Hooks::install(uc_engine* uc, Engine& engine) {
  add(uc, UC_HOOK_BLOCK, &Hooks::block, &engine);
  add(uc, UC_HOOK_INTR, &Hooks::interrupt, &engine);
  add(uc, UC_HOOK_TLB_FILL, &Hooks::fill, &engine);
  add(uc, UC_HOOK_INSN, &Hooks::mrs, &engine, UC_ARM64_INS_MRS);
  add(uc, UC_HOOK_INSN, &Hooks::msr, &engine, UC_ARM64_INS_MSR);
  add(uc, UC_HOOK_INSN, &Hooks::sys, &engine, UC_ARM64_INS_SYS);
}

// The library leaves the search out where a memory hook is installed at the block's virtual address. The hook itself is
// one that never fires (every mapping may be executed) and spares the physical addresses of DRAM, where the library
// would take it for a reason to watch every store.
void Engine::Hooks::skip_store_search(uc_engine* uc, const Dram& dram) {
  const auto never = +[](uc_engine*, uc_mem_type, std::uint64_t, int, std::int64_t, void*) { return false; };
  const MemoryBank& lowest = dram.banks().front();
  const MemoryBank& highest = dram.banks().back();
  add(uc, UC_HOOK_MEM_FETCH_PROT, never, nullptr, 0, {highest.base.value + highest.size, ~0ULL});
  if (lowest.base.value != 0) add(uc, UC_HOOK_MEM_FETCH_PROT, never, nullptr, 0, {0, lowest.base.value - 1});
}

// Before each block. Blocks are whole or not at all: a budget of one instruction runs one block, for "stop if the block
// is longer than the budget" would never get past a long one. The usual way through is a few instructions without a
// frame: it is taken tens of millions of times in a boot.
void Engine::Hooks::block(uc_engine* uc, std::uint64_t address, std::uint32_t size, void* user) noexcept {
  auto& engine = *static_cast<Engine*>(user);
  if (engine.remaining_ <= 0 || ((address & 3) | engine.watch_mask_) != 0) [[unlikely]]
    return watched_block(uc, address, size, engine);
  count_block(engine, address, size);
}

inline void Engine::Hooks::count_block(Engine& engine, std::uint64_t address, std::uint32_t size) noexcept {
  engine.remaining_ -= size >> 2;
  engine.block_end_ = address + size;
}

void Engine::Hooks::watched_block(uc_engine* uc, std::uint64_t address, std::uint32_t size, Engine& engine) noexcept {
  engine.unaligned_ = (address & 3) != 0;
  if ((engine.watch_mask_ & kWatchWfe) != 0) {
    // The library executes WFE as nothing, but ends a block with it.
    engine.waits_ = engine.block_begin_ != 0 && engine.wfe_pages_.test(wfe_index(engine.block_end_ - 4)) &&
                    engine.client_.ends_in_wait(engine.block_begin_, engine.block_end_);
    engine.block_begin_ = address;
  }
  const std::uint64_t pstate_mask = engine.watch_mask_ & ~kWatchWfe;
  const bool unmasked = pstate_mask != 0 && (pstate_mask & ~engine.pstate()) != 0;
  if (engine.remaining_ > 0 && !engine.unaligned_ && !unmasked && !engine.waits_)
    return count_block(engine, address, size);
  engine.stopped_ = true;
  uc_emu_stop(uc);
}

void Engine::Hooks::interrupt(uc_engine* uc, std::uint32_t number, void* user) noexcept {
  auto& engine = *static_cast<Engine*>(user);
  engine.exception_number_ = static_cast<int>(number);
  uc_emu_stop(uc);
}

bool Engine::Hooks::fill(uc_engine*, std::uint64_t page, uc_mem_type type, uc_tlb_entry* entry, void* user) noexcept {
  auto& engine = *static_cast<Engine*>(user);
  FillGrant grant;
  if (engine.dropping_code_) [[unlikely]] {
    grant = {.page = {page & ~kDropWindow}, .read = false, .write = false, .execute = true};
  } else {
    const AccessKind kind = type == UC_MEM_WRITE   ? AccessKind::kWrite
                            : type == UC_MEM_FETCH ? AccessKind::kFetch
                                                   : AccessKind::kRead;
    ++engine.fills_;
    if (!engine.client_.fill({page}, kind, grant)) {
      engine.fill_refused_ = true;
      engine.refused_kind_ = kind;
      return false;
    }
  }
  entry->paddr = grant.page.value;
  const int perms =
      (grant.read ? UC_PROT_READ : 0) | (grant.write ? UC_PROT_WRITE : 0) | (grant.execute ? UC_PROT_EXEC : 0);
  entry->perms = static_cast<uc_prot>(perms);
  return true;
}

std::uint32_t Engine::Hooks::mrs(uc_engine* uc, uc_arm64_reg rt, const uc_arm64_cp_reg* reg, void* user) noexcept {
  auto& engine = *static_cast<Engine*>(user);
  std::uint64_t value = 0;
  if (!engine.client_.read_register(key_of(*reg), value)) return 0;
  if (rt != UC_ARM64_REG_XZR) uc_reg_write(uc, rt, &value);
  return 1;
}

std::uint32_t Engine::Hooks::msr(uc_engine*, uc_arm64_reg, const uc_arm64_cp_reg* reg, void* user) noexcept {
  return static_cast<Engine*>(user)->client_.write_register(key_of(*reg), reg->val) ? 1 : 0;
}

std::uint32_t Engine::Hooks::sys(uc_engine*, uc_arm64_reg, const uc_arm64_cp_reg* reg, void* user) noexcept {
  return static_cast<Engine*>(user)->client_.system_operation(key_of(*reg), reg->val) ? 1 : 0;
}

}  // namespace sim
