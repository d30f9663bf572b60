// SPDX-License-Identifier: GPL-2.0-or-later
// The loop of one CPU context. See cpu_exceptions.cpp, cpu_fill.cpp and cpu_registers.cpp for what happens around it.
#include "sim/cpu/cpu.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/pmu.h"
#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/el2_registers.h"
#include "sim/cpu/unicorn/host_time.h"
#include "sim/gic/virtual_cpu_interface.h"

namespace sim {
namespace {

constexpr std::uint32_t kSpEl0 = abi::sysreg_key(3, 0, 4, 1, 0);
constexpr std::uint32_t kIdAa64Mmfr1 = abi::sysreg_key(3, 0, 0, 7, 1);
constexpr unsigned kMmfr1HafdbsShift = 0, kMmfr1HpdsShift = 12, kMmfr1PanShift = 20;
constexpr std::uint64_t kMpidrRes1 = 1ULL << 31;
constexpr std::uint64_t kLongestSlice = 1ULL << 40;

constexpr std::uint32_t key(abi::SysReg reg) { return static_cast<std::uint32_t>(reg); }

[[noreturn]] void no_such_register(std::uint32_t reg) {
  std::fprintf(stderr, "ccasim: the CPU model has no writable register op0=%u op1=%u CRn=%u CRm=%u op2=%u\n",
               (reg >> 14) & 3, (reg >> 11) & 7, (reg >> 7) & 15, (reg >> 3) & 15, reg & 7);
  std::abort();
}

void outside_engine() {
  if (!Engine::running()) return;
  std::fputs("ccasim: scheduling was asked for from inside the engine\n", stderr);
  std::abort();
}

}  // namespace

Cpu::Cpu(Cpus& owner, std::uint32_t id)
    : owner_(owner),
      id_(id),
      counter_(owner.config_.counter),
      pmu_model_(owner.config_.pmu()),
      mmu_(owner.dram_, owner.gpt_),
      engine_(owner.config_, owner.dram_, *this),
      translated_code_(owner.dram_.granule_count()),
      code_version_(owner.dram_.granule_count()) {
  const auto mmfr1 = id_register(kIdAa64Mmfr1);
  has_pan_ = ((mmfr1 >> kMmfr1PanShift) & 0xf) != 0;
  has_haf_ = ((mmfr1 >> kMmfr1HafdbsShift) & 0xf) != 0;
  has_hpds_ = ((mmfr1 >> kMmfr1HpdsShift) & 0xf) != 0;
  const std::uint64_t pmcr = engine_.read_system(key(abi::pmu::kPmcrEl0)).value_or(0);
  engine_pmu_counters_ = (pmcr >> abi::pmu::kPmcrNShift) & abi::pmu::kMaxCounters;
}

std::uint64_t Cpu::x(unsigned n) const { return engine_.x(n); }
void Cpu::set_x(unsigned n, std::uint64_t value) { engine_.set_x(n, value); }
std::uint64_t Cpu::pc() const { return engine_.pc(); }
void Cpu::set_pc(std::uint64_t value) { engine_.set_pc(value); }
std::uint64_t Cpu::pstate() const { return engine_.pstate(); }
void Cpu::set_pstate(std::uint64_t value) { change_pstate(engine_, value); }

std::uint64_t Cpu::sysreg(abi::SysReg reg) const {
  const auto count = [&] { return counter_.at(owner_.execution_.now_ns()); };
  switch (reg) {
    case abi::SysReg::kMpidrEl1: return mpidr_ | kMpidrRes1;
    case abi::SysReg::kMidrEl1: return engine_.read_system(el2::kVpidr).value_or(0);
    case abi::SysReg::kCntvCtlEl0: return virtual_timer_.read_ctl(count());
    case abi::SysReg::kCntvCvalEl0: return virtual_timer_.cval;
    case abi::SysReg::kCntpCtlEl0: return physical_timer_.read_ctl(count());
    case abi::SysReg::kCntpCvalEl0: return physical_timer_.cval;
    default: break;
  }
  if (Pmu::owns(key(reg))) {
    std::uint64_t value = 0;
    if (!pmu_model_.present || !pmu_.read(key(reg), pmu_model_, pmu_place_of_el2(), value)) no_such_register(key(reg));
    return value;
  }
  if (key(reg) == kSpEl0) return stack_pointer(engine_, 0);
  if (key(reg) == el2::kSpEl1) return stack_pointer(engine_, 1);
  const auto value = engine_.read_system(key(reg));
  if (!value) no_such_register(key(reg));
  return *value;
}

void Cpu::set_sysreg(abi::SysReg reg, std::uint64_t value) {
  switch (reg) {
    case abi::SysReg::kMpidrEl1:
      mpidr_ = value & ~kMpidrRes1;
      engine_.write_system(el2::kVmpidr, mpidr_ | kMpidrRes1);
      return;
    case abi::SysReg::kCntvCtlEl0: return virtual_timer_.write_ctl(value);
    case abi::SysReg::kCntvCvalEl0: virtual_timer_.cval = value; return;
    case abi::SysReg::kCntpCtlEl0: return physical_timer_.write_ctl(value);
    case abi::SysReg::kCntpCvalEl0: physical_timer_.cval = value; return;
    default: break;
  }
  if (Pmu::owns(key(reg))) {
    if (!pmu_model_.present || !pmu_.write(key(reg), pmu_model_, pmu_place_of_el2(), value)) no_such_register(key(reg));
    if (reg == abi::pmu::kPmuserenrEl0) engine_.write_system(key(reg), value);
    return;
  }
  if (key(reg) == kSpEl0) return set_stack_pointer(engine_, 0, value);
  if (key(reg) == el2::kSpEl1) return set_stack_pointer(engine_, 1, value);
  // A write to a constant register would hit some other one in the engine library.
  constexpr std::uint32_t kIdSpaceEnd = abi::sysreg_key(3, 0, 1, 0, 0);
  constexpr std::uint32_t kIdSpace = abi::sysreg_key(3, 0, 0, 0, 0);
  const bool constant = key(reg) >= kIdSpace && key(reg) < kIdSpaceEnd;
  if (constant || !engine_.write_system(key(reg), value)) no_such_register(key(reg));
  request_flush();  // it may control translation
}

std::uint64_t Cpu::id_register(std::uint32_t reg) const {
  return hardware_id_value(owner_.config_, reg, engine_.read_system(reg).value_or(0));
}

void Cpu::reset(abi::Mpidr mpidr) {
  if (outside_ != nullptr)
    engine_.restore_reset_at_el2();
  else
    engine_.restore_reset();
  set_sysreg(abi::SysReg::kMpidrEl1, mpidr.value);
  virtual_timer_ = {};
  physical_timer_ = {};
  el2_timers_ = {};
  reset_pmu();
  request_flush();
}

void Cpu::save(CpuState& state) const {
  state = {.in_use = in_use_,
           .mpidr = mpidr_,
           .virtual_timer = virtual_timer_,
           .physical_timer = physical_timer_,
           .el2_timers = el2_timers_,
           .pmu = pmu_,
           .registers = engine_.save()};
}

void Cpu::restore(const CpuState& state) {
  in_use_ = state.in_use;
  mpidr_ = state.mpidr;
  virtual_timer_ = state.virtual_timer;
  physical_timer_ = state.physical_timer;
  el2_timers_ = state.el2_timers;
  pmu_ = state.pmu;
  engine_.restore(state.registers);
  request_flush();
}

abi::Exception Cpu::run_guest(const abi::RunControls& controls) { return run(owner_.current_pe_(), controls); }

abi::Exception Cpu::run(rmm::port::Pe& pe, const abi::RunControls& controls) {
  prepare(pe, controls);
  const abi::Exception exception = run_until_exception(controls);
  drive_pmu_line(false);
  return exception;
}

abi::Exception Cpu::run_until_exception(const abi::RunControls& controls) {
  for (;;) {
    advance_platform();
    drive_pmu_line(true);
    if (const auto exception = physical_interrupt(controls)) return *exception;
    const std::uint64_t masked = deliver_virtual_interrupts();
    const EngineStop stop = run_slice(controls, masked, controls.trap_wfe);
    // Before others run: they may change the tables that explain the stop.
    unaccounted_ = stop.retired;
    const Outcome outcome = resolve(stop, controls);
    outside_engine();
    pmu_.count(pmu_model_, slice_place_, outcome.cost, outcome.emulated);
    owner_.execution_.retired(std::exchange(unaccounted_, 0) + outcome.cost);
    if (outcome.waits == Wait::kInterrupt) wait_for_interrupt(controls);
    if (outcome.exception) return *outcome.exception;
  }
}

PeStop Cpu::run_pe(rmm::port::Pe& pe) {
  const abi::RunControls controls;
  pe_ = &pe;
  for (;;) {
    advance_platform();
    drive_pmu_line(true);
    if (outside_->must_leave()) return PeStop::kLeave;
    const std::uint64_t masked = take_interrupt();
    // A PE that is alone would wait for an event of nobody's.
    const bool stop_at_wfe = outside_->has_company() || (hcr() & el2::kHcrTwe) != 0;
    const EngineStop stop = run_slice(controls, masked, stop_at_wfe);
    unaccounted_ = stop.retired;
    loops_at_vector_ = false;
    const Outcome outcome = resolve(stop, controls);
    outside_engine();
    pmu_.count(pmu_model_, slice_place_, outcome.cost, outcome.emulated);
    owner_.execution_.retired(std::exchange(unaccounted_, 0) + outcome.cost);
    if (outcome.waits == Wait::kInterrupt) wait_for_interrupt(controls);
    if (outcome.waits == Wait::kEvent) wait_for_event();
    if (outcome.waits == Wait::kReset) wait_for_reset();
    if (outcome.exception) return PeStop::kSmc;
  }
}

void Cpu::standby(rmm::port::Pe& pe) {
  pe_ = &pe;
  advance_platform();
  wait_for_interrupt({});
}

void Cpu::advance_platform() {
  if (owner_.platform_time_ != nullptr) owner_.platform_time_->advance(owner_.execution_.now_ns());
}

void Cpu::prepare(rmm::port::Pe& pe, const abi::RunControls& controls) {
  pe_ = &pe;
  VirtualCpuInterface(pe.ich()).settle();
  if (mmu_.enter(controls.stage2, pe.id())) request_flush();
  grant_pmu(controls);
}

std::optional<abi::Exception> Cpu::physical_interrupt(const abi::RunControls& controls) const {
  if (pe_->fiq_pending()) return abi::Exception{.kind = abi::ExceptionKind::kFiq};
  const std::uint64_t count = counter_.at(owner_.execution_.now_ns());
  // The GIC's maintenance interrupt is one of the PE's physical interrupts. On a platform it is a line to the interrupt
  // controller, which the host may have disabled.
  const bool wired = owner_.platform_time_ != nullptr;
  if (pe_->irq_pending() || (!wired && VirtualCpuInterface(pe_->ich()).maintenance_asserted()) ||
      (controls.vtimer_irq && virtual_timer_.asserted(count)) ||
      (controls.ptimer_irq && physical_timer_.asserted(count)) ||
      (!wired && controls.pmu_irq && pmu_counters_ && pmu_.interrupt(pmu_place())))
    return abi::Exception{.kind = abi::ExceptionKind::kIrq};
  return std::nullopt;
}

// Takes a virtual interrupt that is asserted and not masked. Returns the PSTATE mask bits of those that stay asserted.
std::uint64_t Cpu::deliver_virtual_interrupts() {
  const VirtualCpuInterface interface(pe_->ich());
  const std::uint64_t asserted =
      (interface.irq_asserted() ? abi::pstate::kI : 0) | (interface.fiq_asserted() ? abi::pstate::kF : 0);
  if (asserted == 0) return 0;
  const std::uint64_t deliverable = asserted & ~engine_.pstate();
  if (deliverable != 0) {
    const auto kind = (deliverable & abi::pstate::kF) != 0 ? VectorKind::kFiq : VectorKind::kIrq;
    enter_exception(engine_, {.kind = kind, .target = 1, .return_address = engine_.pc()}, has_pan_);
  }
  return asserted;
}

EngineStop Cpu::run_slice(const abi::RunControls& controls, std::uint64_t watch_mask, bool stop_at_wfe) {
  owner_.settle();
  if (flush_pending_) flush();
  slice_start_ns_ = owner_.execution_.now_ns();
  EngineScope::set_time(slice_start_ns_);
  running_pes_ = std::max<std::uint64_t>(owner_.execution_.running_pes(), 1);
  instruction_ns_ = owner_.execution_.instruction_ns();
  std::uint64_t budget = std::clamp<std::uint64_t>(owner_.execution_.slice(), 1, kLongestSlice);
  if (const auto deadline = timer_deadline(controls, slice_start_ns_)) {
    const std::uint64_t ns = std::min(*deadline - std::min(*deadline, slice_start_ns_), kLongestSlice);
    budget = std::min(budget, std::max<std::uint64_t>((ns * running_pes_ + instruction_ns_ - 1) / instruction_ns_, 1));
  }
  if (!pmu_model_.present) return engine_.run(budget, watch_mask, stop_at_wfe);
  begin_pmu_slice(budget, watch_mask);
  const EngineStop stop = engine_.run(budget, watch_mask, stop_at_wfe);
  end_pmu_slice(stop.retired);
  return stop;
}

// When something interrupts this CPU or the machine around it acts, at the earliest.
std::optional<std::uint64_t> Cpu::timer_deadline(const abi::RunControls& controls, std::uint64_t now_ns) const {
  std::optional<std::uint64_t> first;
  if (owner_.platform_time_ != nullptr) first = owner_.platform_time_->next_event_ns();
  if (outside_ != nullptr) return first;
  const auto consider = [&](bool enabled, const GenericTimer& timer) {
    if (!enabled) return;
    const auto deadline = timer.deadline_ns(now_ns, counter_);
    if (deadline && (!first || *deadline < *first)) first = deadline;
  };
  consider(controls.vtimer_irq, virtual_timer_);
  consider(controls.ptimer_irq, physical_timer_);
  return first;
}

// What ends WFI: an interrupt for any exception level, masked or not.
bool Cpu::wakes(const abi::RunControls& controls) {
  const VirtualCpuInterface interface(pe_->ich());
  if (outside_ != nullptr)
    return outside_->irq_pending() || outside_->must_leave() ||
           ((hcr() & el2::kHcrImo) != 0 && (interface.irq_asserted() || (hcr() & el2::kHcrVi) != 0));
  return interface.irq_asserted() || interface.fiq_asserted() || physical_interrupt(controls).has_value();
}

void Cpu::wait_for_interrupt(const abi::RunControls& controls) {
  outside_engine();
  while (!wakes(controls)) {
    owner_.execution_.idle(timer_deadline(controls, owner_.execution_.now_ns()));
    advance_platform();
  }
}

// The engine doesn't tell of SEV. A WFE may complete without a reason (Arm ARM D1.6.3): it lets the others run for a
// while that is short to software.
void Cpu::wait_for_event() {
  constexpr std::uint64_t kPatienceNs = 10'000;
  const std::uint64_t now = owner_.execution_.now_ns();
  owner_.execution_.idle(std::min(timer_deadline({}, now).value_or(~0ULL), now + kPatienceNs));
}

// Alone and with all interrupts masked: no more than the platform can end it.
void Cpu::wait_for_reset() { owner_.execution_.idle(timer_deadline({}, owner_.execution_.now_ns())); }

void Cpu::flush() {
  engine_.flush_tlb();
  mmu_.invalidate();
  fetched_.fill({});
  large_leaves_.reset();
  forget_controls();
  flush_pending_ = false;
}

Translation Cpu::look(abi::Va va, AccessKind kind, Privilege who, WalkLog& log) {
  return mmu_.translate(stage1_controls(), va, kind, who, &log);
}

Cpu::Outcome Cpu::resolve(const EngineStop& stop, const abi::RunControls& controls) {
  switch (stop.kind) {
    case StopKind::kBoundary: return {};
    case StopKind::kPcAlignment: {
      const std::uint64_t pc = engine_.pc();
      return take(default_target(), abi::esr::make(abi::esr::Ec::kPcAlignment, 0), pc, pc);
    }
    case StopKind::kWaitForInterrupt: return {.waits = Wait::kInterrupt, .exception = {}, .cost = 0};
    case StopKind::kWaitForEvent: return resolve_wait_for_event(controls);
    case StopKind::kFault: return resolve_fault();
    case StopKind::kException: return resolve_exception(stop.exception_number, controls);
  }
  return {};
}

}  // namespace sim
