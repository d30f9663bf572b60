// SPDX-License-Identifier: GPL-2.0-or-later
// One instance of the engine library, serving one CPU context: executes AArch64 code at EL2, EL1 and EL0 out of DRAM. A
// thin
// wrapper: set-up order, hooks that only record and stop, exact retired-instruction counts. What the architecture does
// at an exception is the caller's business (sim/cpu/cpu.h).
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rmm/abi/addr.h"
#include "sim/cpu/cpu_model.h"
#include "sim/mem/dram.h"
#include "sim/mmu/walk.h"

struct uc_struct;
struct uc_context;

namespace sim {

// What a TLB fill grants for one page of 4 KiB.
struct FillGrant {
  abi::Pa page;
  bool read = false;
  bool write = false;
  bool execute = false;
};

// The CPU around the engine, called from inside it: no call may throw, switch fibers, or run the engine.
class EngineClient {
 public:
  virtual ~EngineClient() = default;
  // False: the access faults; the engine stops at the instruction, which has had no effect.
  virtual bool fill(abi::Va page, AccessKind kind, FillGrant& grant) noexcept = 0;
  // MRS, before the engine's own register. True: `value` is the answer.
  virtual bool read_register(std::uint32_t key, std::uint64_t& value) noexcept = 0;
  // MSR, before the engine's own register. True: done.
  virtual bool write_register(std::uint32_t key, std::uint64_t value) noexcept = 0;
  // SYS (TLBI, IC, DC, AT), before the engine acts. True: done.
  virtual bool system_operation(std::uint32_t key, std::uint64_t operand) noexcept = 0;
  // A block [begin, end) was executed in a run that stops at WFE. True: it ended in one that waits.
  virtual bool ends_in_wait(std::uint64_t begin, std::uint64_t end) noexcept = 0;
};

enum class StopKind : std::uint8_t {
  kBoundary,          // between two blocks: budget used up, slice ended by the client, or an interrupt became unmasked
  kPcAlignment,       // PC is not a multiple of 4
  kFault,             // the client refused a fill
  kException,         // the engine raised one, see `exception_number` and Engine::exception()
  kWaitForInterrupt,  // a WFI that nothing traps; `pc()` is behind it
  kWaitForEvent,      // a WFE, only if asked for; `pc()` is behind it
};

// What the library calls an exception. `pc()` is that of the instruction for kUndefined, kBreakpoint and kHypTrap and
// already behind it for SVC, HVC and SMC.
struct EngineException {
  static constexpr unsigned kUndefined = 1;  // also every trap: the syndrome tells
  static constexpr unsigned kSvc = 2;
  static constexpr unsigned kDataAbort = 4;  // alignment of exclusives and atomics
  static constexpr unsigned kBreakpoint = 7;
  static constexpr unsigned kHvc = 11;
  static constexpr unsigned kHypTrap = 12;
  static constexpr unsigned kSmc = 13;
  unsigned number = 0;
  std::uint32_t syndrome = 0;
  std::uint64_t address = 0;
  std::uint32_t target_el = 0;
};

struct EngineStop {
  StopKind kind = StopKind::kBoundary;
  std::uint64_t retired = 0;  // instructions
  unsigned exception_number = 0;
};

class Engine {
 public:
  // Maps every bank of `dram`. `client` outlives the engine.
  Engine(const CpuConfig& config, Dram& dram, EngineClient& client);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The granule at `page`, beside DRAM, may be granted for reading: every byte of it is `byte`.
  void map_constant(abi::Pa page, std::uint8_t byte);

  // Runs until the budget (instructions, >= 1) is used up or something stops it earlier. A block runs whole whenever
  // budget is left, so up to one block more than the budget retires. `watch_mask`: PSTATE bits of interrupts that are
  // pending but masked (or of the exception level that masks them); the engine stops at the first block at which one of
  // them is clear. `stop_at_wfe` costs a look at every block; it finds what lies in pages that note_wfe_page() named.
  EngineStop run(std::uint64_t budget, std::uint64_t watch_mask, bool stop_at_wfe = false);
  // There may be a WFE in this page, from now on.
  void note_wfe_page(abi::Va page) { wfe_pages_.set(wfe_index(page.value)); }
  // From inside a client call: stop at the next block.
  void end_slice();
  // From inside a client call: instructions retired in this run before the current one.
  std::uint64_t retired_so_far() const;

  // The exception that ended the last run. Costs a copy of all registers.
  EngineException exception() const;

  std::uint64_t x(unsigned n) const;
  void set_x(unsigned n, std::uint64_t value);
  // X0 to X17: what an SMC passes (DEN0028).
  std::array<std::uint64_t, 18> smc_registers() const;
  std::uint64_t pc() const;
  void set_pc(std::uint64_t value);
  std::uint64_t sp() const;  // of the current exception level and SPSel
  void set_sp(std::uint64_t value);
  std::uint64_t banked_sp(unsigned el) const;  // SP_EL0 to SP_EL2; stale for the one that is current
  void set_banked_sp(unsigned el, std::uint64_t value);
  std::array<std::uint64_t, 2> q(unsigned n) const;  // V0 to V31, low half first
  void set_q(unsigned n, const std::array<std::uint64_t, 2>& value);
  std::uint64_t pstate() const;
  void set_pstate(std::uint64_t value);  // no banking of SP
  // A system register by its key (abi::sysreg_key); nullopt: the model has none.
  std::optional<std::uint64_t> read_system(std::uint32_t key) const;
  // False: the model has no such register. Constant (ID) registers must not be written.
  bool write_system(std::uint32_t key, std::uint64_t value);

  void flush_tlb();
  // Drops the code translated from [pa, pa + size), which lies in one granule. Flushes the TLB.
  void drop_code(abi::Pa pa, std::uint64_t size);

  // The registers as bytes: what restore() of an engine of the same model takes.
  std::vector<std::byte> save() const;
  void restore(std::span<const std::byte> bytes);
  // Reset: at EL1 under a native EL2, or at EL2 as EL3 firmware hands a PE over.
  void restore_reset() { restore(reset_); }
  void restore_reset_at_el2();

  // Fills asked for so far (for tests and statistics).
  std::uint64_t fills() const { return fills_; }
  // True while the engine runs; nothing that may switch fibers may be called then.
  static bool running();

 private:
  static constexpr std::size_t wfe_index(std::uint64_t va) { return (va >> abi::kGranuleShift) % 4096; }
  struct Hooks;
  friend struct Hooks;

  void set_up(const CpuConfig& config, Dram& dram);
  void set_reset_state(const CpuConfig& config);
  [[noreturn]] void unexpected(int error) const;

  uc_struct* uc_ = nullptr;
  uc_context* context_ = nullptr;
  std::size_t context_header_ = 0;
  std::size_t context_size_ = 0;
  EngineClient& client_;
  std::vector<std::byte> reset_;
  std::vector<std::unique_ptr<GranuleBytes>> constants_;

  // The block hook's state, together in one cache line.
  std::int64_t remaining_ = 0;
  std::uint64_t block_end_ = 0;
  std::uint64_t watch_mask_ = 0;  // and Hooks::kWatchWfe
  std::int64_t slice_ = 0;
  bool stopped_ = false;

  bool unaligned_ = false;
  bool waits_ = false;             // the block before ended in WFE
  std::uint64_t block_begin_ = 0;  // kept only while WFE is watched for; 0: none yet
  std::bitset<4096> wfe_pages_;    // by virtual address
  bool fill_refused_ = false;
  AccessKind refused_kind_ = AccessKind::kRead;
  int exception_number_ = -1;
  bool dropping_code_ = false;
  std::uint64_t fills_ = 0;
};

}  // namespace sim
