// SPDX-License-Identifier: GPL-2.0-or-later
// One CPU context: the EL1 and EL0 registers of a REC or of a plain VM's vCPU, and the act of running it. The engine
// executes instructions; everything the architecture does around them and the library leaves out is here: exception
// entry, trapped and unknown registers, timers, WFI, the MMU.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>

#include "host/port/guest_cpu.h"
#include "rmm/port/realm_cpu.h"
#include "sim/cpu/cpu_state.h"
#include "sim/cpu/cpus.h"
#include "sim/cpu/exception_entry.h"
#include "sim/cpu/unicorn/engine.h"
#include "sim/mem/granule_bits.h"
#include "sim/mem/granule_map.h"
#include "sim/mmu/mmu.h"

namespace sim {

class Cpu final : public rmm::port::RealmCpu, public host::port::GuestCpu, private EngineClient {
 public:
  Cpu(Cpus& owner, std::uint32_t id);

  // Both ports have these methods with the same meaning.
  std::uint64_t x(unsigned n) const override;
  void set_x(unsigned n, std::uint64_t value) override;
  std::uint64_t pc() const override;
  void set_pc(std::uint64_t value) override;
  std::uint64_t pstate() const override;
  void set_pstate(std::uint64_t value) override;
  std::uint64_t sysreg(abi::SysReg reg) const override;
  void set_sysreg(abi::SysReg reg, std::uint64_t value) override;
  std::uint64_t id_register(std::uint32_t key) const override;
  void reset(abi::Mpidr mpidr) override;
  abi::Exception run(rmm::port::Pe& pe, const abi::RunControls& controls) override;
  abi::Exception run_guest(const abi::RunControls& controls) override;

  void save(CpuState& state) const;
  void restore(const CpuState& state);
  bool in_use() const { return in_use_; }
  void set_in_use(bool value) { in_use_ = value; }
  // Before the next start: TLBs and what was derived from them are dropped.
  void request_flush() { flush_pending_ = true; }
  const abi::Stage2& stage2() const { return mmu_.stage2(); }
  Mmu& mmu() { return mmu_; }
  // A look at `va` with the walk recorded; changes nothing but the host's own caches.
  Translation look(abi::Va va, AccessKind kind, Privilege who, WalkLog& log);
  // TLB fills so far (for tests and statistics).
  std::uint64_t fills() const { return engine_.fills(); }

 private:
  // What one stop of the engine leads to: nothing (run on), a wait for an interrupt, or an exception to EL2.
  struct Outcome {
    bool waits = false;
    std::optional<abi::Exception> exception;
    std::uint64_t cost = 0;  // instructions, beyond those retired
  };

  // EngineClient
  bool fill(abi::Va page, AccessKind kind, FillGrant& grant) noexcept override;
  bool read_register(std::uint32_t key, std::uint64_t& value) noexcept override;
  bool write_register(std::uint32_t key, std::uint64_t value) noexcept override;
  bool system_operation(std::uint32_t key, std::uint64_t operand) noexcept override;

  // cpu.cpp: the loop
  void prepare(rmm::port::Pe& pe, const abi::RunControls& controls);
  std::optional<abi::Exception> physical_interrupt(const abi::RunControls& controls) const;
  std::uint64_t deliver_virtual_interrupts();
  EngineStop run_slice(const abi::RunControls& controls, std::uint64_t watch_mask);
  std::optional<std::uint64_t> timer_deadline(const abi::RunControls& controls, std::uint64_t now_ns) const;
  bool wakes(const abi::RunControls& controls) const;
  void wait_for_interrupt(const abi::RunControls& controls);
  void flush();
  Outcome resolve(const EngineStop& stop, const abi::RunControls& controls);

  // cpu_exceptions.cpp: what a stop means
  Outcome resolve_exception(const EngineException& exception, const abi::RunControls& controls);
  Outcome resolve_trap(const EngineException& exception, const abi::RunControls& controls);
  Outcome resolve_fault();
  Outcome resolve_undefined();
  Outcome interrupt_controller_access(std::uint32_t instruction);
  Outcome to_el1(std::uint64_t esr, std::uint64_t return_address, std::optional<std::uint64_t> far = {});
  Outcome undefined();
  Outcome to_el2(std::uint64_t esr, std::uint64_t far = 0, std::uint64_t hpfar = 0) const;
  std::uint64_t fault_address(std::uint64_t& iss) const;
  void report_fault();
  std::optional<std::uint32_t> instruction_at(std::uint64_t pc) noexcept;

  // cpu_fill.cpp: the MMU's side of the engine
  Privilege privilege(AccessKind kind) noexcept;
  const Stage1Controls& stage1_controls() noexcept;
  bool grant_fetch(abi::Va page, const Translation& translation, FillGrant& grant) noexcept;
  void grant_data(const Translation& translation, AccessKind kind, FillGrant& grant) noexcept;
  void drop_stale_code();
  void note_leaf(abi::Va va, unsigned shift) noexcept;

  // cpu_registers.cpp: MRS, MSR and SYS that the engine doesn't do right
  bool at_el0() const noexcept;
  bool timer_permitted(std::uint32_t key) const noexcept;
  std::uint64_t count_now() const noexcept;
  void tlb_maintenance(std::uint32_t key, std::uint64_t operand) noexcept;
  void instruction_cache_maintenance(std::uint32_t key, std::uint64_t operand) noexcept;
  void address_translate(std::uint32_t key, std::uint64_t operand) noexcept;

  Cpus& owner_;
  std::uint32_t id_;
  bool in_use_ = false;
  std::uint64_t mpidr_ = 0;
  GenericTimer virtual_timer_;
  GenericTimer physical_timer_;
  Mmu mmu_;
  Engine engine_;
  bool has_pan_ = false;
  bool has_hpds_ = false;

  // Valid during run().
  rmm::port::Pe* pe_ = nullptr;
  std::uint64_t slice_start_ns_ = 0;
  std::uint64_t running_pes_ = 1;

  // The fill that was refused last.
  struct RefusedFill {
    abi::Va page;
    AccessKind kind = AccessKind::kRead;
    Privilege who;
    MmuFault fault;  // kNone: the code at `stale_code` must be dropped first
    abi::GranulePa stale_code;
  } refused_;

  // Caches, dropped by flush().
  bool flush_pending_ = true;
  bool controls_known_ = false;
  Stage1Controls controls_;
  struct FetchedPage {
    std::uint64_t page = 1;  // virtual; never page aligned while empty
    const std::byte* bytes = nullptr;
  };
  std::array<FetchedPage, 64> fetched_{};
  // Virtual addresses (hashed, in units of 2 MiB and 1 GiB) that were filled from a leaf larger than 4 KiB.
  std::bitset<65536> large_leaves_;
  // Granules from which this engine translated code, and the version of CodePages that it translated.
  GranuleBits translated_code_;
  GranuleMap<std::uint32_t> code_version_;
};

}  // namespace sim
