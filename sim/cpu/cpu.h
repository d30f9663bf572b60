// SPDX-License-Identifier: GPL-2.0-or-later
// One CPU context: the registers of a REC, of a plain VM's vCPU, or of a PE whose EL2 is simulated code too, and the
// act of running it. The engine executes instructions; everything the architecture does around them and the library
// leaves out is here: exception entry, trapped and unknown registers, timers, WFI, the MMU.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "host/port/guest_cpu.h"
#include "rmm/abi/arch/esr.h"
#include "rmm/port/realm_cpu.h"
#include "sim/cpu/cpu_state.h"
#include "sim/cpu/cpus.h"
#include "sim/cpu/el2_registers.h"
#include "sim/cpu/exception_entry.h"
#include "sim/cpu/interconnect.h"
#include "sim/cpu/load_store_decode.h"
#include "sim/cpu/pmu.h"
#include "sim/cpu/unicorn/engine.h"
#include "sim/mem/granule_bits.h"
#include "sim/mem/granule_map.h"
#include "sim/mmu/mmu.h"

namespace sim {

// Why a PE came back to EL3.
enum class PeStop : std::uint8_t {
  kSmc,    // PC is behind the instruction
  kLeave,  // Interconnect::must_leave()
};

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

  // X0 to X17.
  std::array<std::uint64_t, 18> smc_registers() const { return engine_.smc_registers(); }

  // From now on EL2 of this context is simulated code, and `outside` what it reaches. reset() then leads to EL2.
  void attach(Interconnect& outside);
  // Precondition: attached. Runs as the PE `pe` until EL3 has something to do.
  PeStop run_pe(rmm::port::Pe& pe);
  // Precondition: attached. Waits as a WFI of EL3 would: until an interrupt is signalled, or must_leave().
  void standby(rmm::port::Pe& pe);
  // EL2 took its last exception by the first instruction of the vector that leads to, and all is as before: while no
  // one else changes memory, it takes the same one for ever.
  bool loops_at_vector() const { return loops_at_vector_; }
  // ESR_EL2 and FAR_EL2.
  std::pair<std::uint64_t, std::uint64_t> el2_syndrome() const;
  // Levels of the interrupt outputs of the context's timers, and the next time after `now_ns` at which one rises.
  struct TimerLines {
    bool virtual_timer = false, physical = false, el2_physical = false, el2_virtual = false;
  };
  TimerLines timer_lines(std::uint64_t now_ns) const;
  std::optional<std::uint64_t> next_timer_ns(std::uint64_t now_ns) const;

  void save(CpuState& state) const;
  void restore(const CpuState& state);
  bool in_use() const { return in_use_; }
  void set_in_use(bool value) { in_use_ = value; }
  // Before the next start: TLBs and what was derived from them are dropped.
  void request_flush() {
    flush_pending_ = true;
    hcr_.reset();
  }
  const abi::Stage2& stage2() const { return mmu_.stage2(); }
  Mmu& mmu() { return mmu_; }
  // A look at `va` with the walk recorded; changes nothing but the host's own caches.
  Translation look(abi::Va va, AccessKind kind, Privilege who, WalkLog& log);
  // TLB fills so far (for tests and statistics).
  std::uint64_t fills() const { return engine_.fills(); }

 private:
  struct FetchedPage {
    std::uint64_t page = 0xfff;  // virtual, in the low bits the regime
    const std::byte* bytes = nullptr;
  };
  // What one stop of the engine leads to: nothing (run on), a wait, or an exception to a native EL2 or EL3.
  enum class Wait : std::uint8_t { kNone, kInterrupt, kEvent, kReset };
  struct Outcome {
    Wait waits = Wait::kNone;
    std::optional<abi::Exception> exception;
    std::uint64_t cost = 0;      // instructions, beyond those retired
    std::uint64_t emulated = 0;  // of these, those that were executed here
  };

  // EngineClient
  bool fill(abi::Va page, AccessKind kind, FillGrant& grant) noexcept override;
  bool read_register(std::uint32_t key, std::uint64_t& value) noexcept override;
  bool write_register(std::uint32_t key, std::uint64_t value) noexcept override;
  bool system_operation(std::uint32_t key, std::uint64_t operand) noexcept override;
  bool ends_in_wait(std::uint64_t begin, std::uint64_t end) noexcept override;

  // cpu.cpp: the loop
  void advance_platform();
  abi::Exception run_until_exception(const abi::RunControls& controls);
  void prepare(rmm::port::Pe& pe, const abi::RunControls& controls);
  std::optional<abi::Exception> physical_interrupt(const abi::RunControls& controls) const;
  std::uint64_t deliver_virtual_interrupts();
  EngineStop run_slice(const abi::RunControls& controls, std::uint64_t watch_mask, bool stop_at_wfe);
  std::optional<std::uint64_t> timer_deadline(const abi::RunControls& controls, std::uint64_t now_ns) const;
  bool wakes(const abi::RunControls& controls);
  void wait_for_interrupt(const abi::RunControls& controls);
  void wait_for_event();
  void wait_for_reset();
  void flush();
  Outcome resolve(const EngineStop& stop, const abi::RunControls& controls);

  // cpu_exceptions.cpp: what a stop means
  Outcome resolve_exception(unsigned number, const abi::RunControls& controls);
  Outcome resolve_trap(const EngineException& exception, const abi::RunControls& controls);
  Outcome resolve_wait_for_event(const abi::RunControls& controls);
  Outcome resolve_fault();
  Outcome abort(const MmuFault& fault);
  Outcome resolve_undefined();
  Outcome interrupt_controller_access(const abi::esr::SysRegIss& access);
  Outcome take(unsigned target, std::uint64_t esr, std::uint64_t return_address, std::optional<std::uint64_t> far = {});
  Outcome undefined();
  Outcome to_el2(std::uint64_t esr, std::uint64_t far = 0, std::uint64_t hpfar = 0);
  Outcome skip_instruction(Wait waits = Wait::kNone);
  unsigned default_target() const;
  unsigned abort_target(const MmuFault& fault) const;
  std::uint64_t fault_address(std::uint64_t& iss) const;
  void report_fault();
  std::optional<std::uint32_t> instruction_at(std::uint64_t pc) noexcept;
  std::optional<MemoryAccess> access_at(std::uint64_t pc);

  // cpu_pe.cpp: a PE whose EL2 is simulated code
  std::uint64_t take_interrupt();
  std::uint64_t hcr() const noexcept {
    if (!hcr_) hcr_ = engine_.read_system(el2::kHcr).value_or(0);
    return *hcr_;
  }
  Outcome device_access(const MmuFault& fault);
  bool move_registers(const RegisterTransfer& transfer, abi::Pa pa);
  Outcome physical_interface_access(abi::SysReg reg, const abi::esr::SysRegIss& access);
  void el2_register_written(std::uint32_t key) noexcept;
  std::optional<std::uint32_t> redirected(std::uint32_t key) const noexcept;
  std::optional<Outcome> redirected_access(std::uint32_t key, const abi::esr::SysRegIss& access);
  void write_redirected(std::uint32_t key, std::uint64_t value) noexcept;
  // cpu_fill.cpp: the MMU's side of the engine
  Privilege privilege(AccessKind kind) noexcept;
  Regime regime() const noexcept;
  const Stage1Controls& stage1_controls() noexcept { return stage1_controls(regime()); }
  const Stage1Controls& stage1_controls(Regime regime) noexcept;
  Stage1Controls read_controls(Regime regime) noexcept;
  abi::Stage2 own_stage2() const noexcept;
  bool grant_fetch(abi::Va page, const Translation& translation, FillGrant& grant) noexcept;
  bool grant_constant(const MmuFault& fault, AccessKind kind, FillGrant& grant) noexcept;
  void grant_data(const Translation& translation, AccessKind kind, FillGrant& grant) noexcept;
  void drop_stale_code();
  void note_leaf(abi::Va va, unsigned shift) noexcept;
  void forget_controls() noexcept;
  FetchedPage& fetched(std::uint64_t page) noexcept { return fetched_[(page / abi::kGranuleSize) % fetched_.size()]; }

  // cpu_pmu.cpp: the Performance Monitors
  enum class PmuBar : std::uint8_t { kNone, kEl1, kEl2 };  // who traps an access
  void reset_pmu();
  void grant_pmu(const abi::RunControls& controls);
  PmuPlace pmu_place() const noexcept;
  PmuPlace pmu_place_of_el2() const noexcept;  // as EL2 sees it from outside
  bool is_pmu_register(std::uint32_t key) const noexcept;
  bool engine_has_pmu_register(std::uint32_t key) const noexcept;
  PmuBar pmu_bar(std::uint32_t key, bool is_read) const noexcept;
  bool read_pmu(std::uint32_t key, std::uint64_t& value) noexcept;
  bool write_pmu(std::uint32_t key, std::uint64_t value) noexcept;
  std::optional<Outcome> pmu_access(const abi::esr::SysRegIss& access);
  void count_pmu_so_far() noexcept;
  void begin_pmu_slice(std::uint64_t& budget, std::uint64_t& watch_mask);
  void end_pmu_slice(std::uint64_t retired);
  void drive_pmu_line(bool runs);

  // cpu_registers.cpp: MRS, MSR and SYS that the engine doesn't do right
  bool at_el0() const noexcept;
  bool read_id_register(std::uint32_t key, std::uint64_t& value) const noexcept;
  bool timer_permitted(std::uint32_t key) const noexcept;
  std::uint64_t count_now() const noexcept;
  // The timer that a register belongs to and what its counter is behind CNTPCT_EL0. timer == nullptr: of none.
  struct TimerAt {
    GenericTimer* timer = nullptr;
    std::uint64_t offset = 0;
  };
  TimerAt timer_at(std::uint32_t key) noexcept;
  void tlb_maintenance(std::uint32_t key, std::uint64_t operand) noexcept;
  void instruction_cache_maintenance(std::uint32_t key, std::uint64_t operand) noexcept;
  void address_translate(std::uint32_t key, std::uint64_t operand) noexcept;

  Cpus& owner_;
  Interconnect* outside_ = nullptr;       // null: EL2 is native code
  std::vector<ConstantBytes> constants_;  // whole pages beside DRAM that the engine reads by itself
  std::uint32_t id_;
  Counter counter_;
  bool in_use_ = false;
  bool loops_at_vector_ = false;
  std::uint64_t mpidr_ = 0;
  GenericTimer virtual_timer_;
  GenericTimer physical_timer_;
  El2Timers el2_timers_;
  PmuModel pmu_model_;
  Pmu pmu_;
  Mmu mmu_;
  Engine engine_;
  unsigned engine_pmu_counters_ = 0;
  bool has_pan_ = false;
  bool has_hpds_ = false, has_haf_ = false;

  // Valid during run().
  rmm::port::Pe* pe_ = nullptr;
  std::uint64_t slice_start_ns_ = 0;
  std::uint64_t unaccounted_ = 0;  // instructions of the slice whose time has not passed yet
  std::uint64_t running_pes_ = 1;
  std::uint64_t instruction_ns_ = 1;
  std::optional<std::uint8_t> pmu_counters_;  // under a native EL2: what it grants
  PmuPlace slice_place_;
  std::uint64_t pmu_counted_ = 0;  // instructions of the slice

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
  struct KnownControls {
    bool known = false;
    Stage1Controls controls;
  };
  std::array<KnownControls, 2> controls_;     // of EL1&0, and of the regime of EL2
  mutable std::optional<std::uint64_t> hcr_;  // HCR_EL2
  std::array<FetchedPage, 64> fetched_{};
  // Virtual addresses (hashed, in units of 2 MiB and 1 GiB) that were filled from a leaf larger than 4 KiB.
  std::bitset<65536> large_leaves_;
  // Granules from which this engine translated code, and the version of CodePages that it translated.
  GranuleBits translated_code_;
  GranuleMap<std::uint32_t> code_version_;
};

}  // namespace sim
