// SPDX-License-Identifier: GPL-2.0-or-later
// The library's callbacks. They only record, answer and stop: they run on frames of translated code, through which no
// exception and no fiber switch may pass.
#pragma once

#include <unicorn/unicorn.h>

#include "sim/cpu/unicorn/engine.h"

namespace sim {

struct Engine::Hooks {
  // Virtual addresses (not canonical, no guest reaches them) at which code is dropped by physical address.
  static constexpr std::uint64_t kDropWindow = 1ULL << 56;
  // In Engine::watch_mask_: no bit of PSTATE.
  static constexpr std::uint64_t kWatchWfe = 1ULL << 63;

  // Each kind once: a single block hook is called without the library's dispatcher.
  static void install(uc_engine* uc, Engine& engine);
  // Keeps the library from searching all its TLBs at every translated block, for stores to the block's page that it
  // would no longer notice. Fetch fills and IC find changed code here (sim/cpu/code_pages.h), so nothing is lost.
  static void skip_store_search(uc_engine* uc, const Dram& dram);

 private:
  static void block(uc_engine* uc, std::uint64_t address, std::uint32_t size, void* user) noexcept;
  static void interrupt(uc_engine* uc, std::uint32_t number, void* user) noexcept;
  static bool fill(uc_engine* uc, std::uint64_t page, uc_mem_type type, uc_tlb_entry* entry, void* user) noexcept;
  static std::uint32_t mrs(uc_engine* uc, uc_arm64_reg rt, const uc_arm64_cp_reg* reg, void* user) noexcept;
  static std::uint32_t msr(uc_engine* uc, uc_arm64_reg rt, const uc_arm64_cp_reg* reg, void* user) noexcept;
  static std::uint32_t sys(uc_engine* uc, uc_arm64_reg rt, const uc_arm64_cp_reg* reg, void* user) noexcept;
  // A block before which there may be a reason to stop.
  static void watched_block(uc_engine* uc, std::uint64_t address, std::uint32_t size, Engine& engine) noexcept;
  static void count_block(Engine& engine, std::uint64_t address, std::uint32_t size) noexcept;
};

}  // namespace sim
