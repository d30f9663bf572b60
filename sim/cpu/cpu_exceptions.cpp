// SPDX-License-Identifier: GPL-2.0-or-later
// What a stop of the engine means to the architecture: an exception to EL1, which is entered here, or to EL2, which is
// returned with its exact syndrome. An exception costs one instruction, so that time passes in a guest that does
// nothing but fault.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/sysreg.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/load_store_decode.h"
#include "sim/gic/virtual_cpu_interface.h"

namespace sim {
namespace {

namespace esr = abi::esr;

constexpr std::uint64_t kExceptionCost = 1;
constexpr std::uint64_t kInstructionBytes = 4;

bool is_pmu_access(std::uint64_t syndrome) {
  const esr::SysRegIss access = esr::sysreg_iss(syndrome);
  return Pmu::owns(abi::sysreg_key(access.op0, access.op1, access.crn, access.crm, access.op2));
}

}  // namespace

// An exception to EL1 or EL2 with its preferred return address.
Cpu::Outcome Cpu::take(unsigned target, std::uint64_t syndrome, std::uint64_t return_address,
                       std::optional<std::uint64_t> far) {
  if (target == 2 && outside_ == nullptr) return to_el2(syndrome, far.value_or(0));
  const std::uint64_t pstate = target == 2 ? engine_.pstate() : 0;
  enter_exception(
      engine_,
      {.kind = VectorKind::kSync, .target = target, .return_address = return_address, .esr = syndrome, .far = far},
      has_pan_);
  // SVC and HVC return behind themselves: those are done.
  const bool again = esr::ec(syndrome) != esr::Ec::kSvc64 && esr::ec(syndrome) != esr::Ec::kHvc64;
  loops_at_vector_ = target == 2 && again && engine_.pc() == return_address && engine_.pstate() == pstate;
  const bool for_ever = loops_at_vector_ && !outside_->has_company();
  return {.waits = for_ever ? Wait::kReset : Wait::kNone, .exception = {}, .cost = kExceptionCost};
}

// To EL2 by the instruction at PC. Native code finds what the registers of EL2 would hold.
Cpu::Outcome Cpu::to_el2(std::uint64_t syndrome, std::uint64_t far, std::uint64_t hpfar) {
  if (outside_ != nullptr) {
    engine_.write_system(el2::kHpfar, hpfar);
    return take(2, syndrome, engine_.pc(), far);
  }
  return {.waits = Wait::kNone,
          .exception = abi::Exception{.kind = abi::ExceptionKind::kSync, .esr = syndrome, .far = far, .hpfar = hpfar},
          .cost = kExceptionCost};
}

Cpu::Outcome Cpu::skip_instruction(Wait waits) {
  engine_.set_pc(engine_.pc() + kInstructionBytes);
  return {.waits = waits, .exception = {}, .cost = kExceptionCost, .emulated = 1};
}

// Where a synchronous exception goes that nothing routes elsewhere.
unsigned Cpu::default_target() const {
  const unsigned el = exception_level(engine_.pstate());
  if (el == 0 && outside_ != nullptr && (hcr() & el2::kHcrTge) != 0) return 2;
  return std::max(el, 1U);
}

unsigned Cpu::abort_target(const MmuFault& fault) const {
  if (fault.stage == 2) return 2;
  const unsigned target = default_target();
  if (outside_ == nullptr || target == 2) return target;
  const std::uint64_t routed = fault.kind == FaultKind::kNoMemory            ? el2::kHcrTea
                               : fault.kind == FaultKind::kGranuleProtection ? el2::kHcrGpf
                                                                             : 0;
  return (hcr() & routed) != 0 ? 2 : 1;
}

Cpu::Outcome Cpu::undefined() { return take(default_target(), esr::make(esr::Ec::kUnknown, 0), engine_.pc()); }

Cpu::Outcome Cpu::resolve_exception(unsigned number, const abi::RunControls& controls) {
  // EL3 firmware of a PE takes PC as ELR_EL3, behind the instruction, and has no use for the syndrome.
  if (outside_ != nullptr && number == EngineException::kSmc)
    return {
        .waits = Wait::kNone, .exception = abi::Exception{.kind = abi::ExceptionKind::kSync}, .cost = kExceptionCost};
  const EngineException exception = engine_.exception();
  const unsigned target = outside_ != nullptr ? std::clamp(exception.target_el, 1U, 2U) : 1;
  switch (exception.number) {
    case EngineException::kSvc:
    case EngineException::kBreakpoint: return take(target, exception.syndrome, engine_.pc());
    case EngineException::kHvc:
      if (outside_ != nullptr) return take(2, exception.syndrome, engine_.pc());
      [[fallthrough]];
    case EngineException::kSmc:
      engine_.set_pc(engine_.pc() - kInstructionBytes);  // to native code
      return {.waits = Wait::kNone,
              .exception = abi::Exception{.kind = abi::ExceptionKind::kSync, .esr = exception.syndrome},
              .cost = kExceptionCost};
    case EngineException::kDataAbort: return take(target, exception.syndrome, engine_.pc(), exception.address);
    case EngineException::kUndefined:
    case EngineException::kHypTrap: return resolve_trap(exception, controls);
    default: break;
  }
  std::fprintf(stderr, "ccasim: engine exception %u (syndrome %#x) at pc %#llx has no meaning here\n", exception.number,
               exception.syndrome, static_cast<unsigned long long>(engine_.pc()));
  std::abort();
}

Cpu::Outcome Cpu::resolve_trap(const EngineException& exception, const abi::RunControls& controls) {
  switch (esr::ec(exception.syndrome)) {
    case esr::Ec::kUnknown: return resolve_undefined();
    case esr::Ec::kWfx:
      if (exception.target_el == 1) break;  // SCTLR_EL1.nTWI
      if (wakes(controls)) return skip_instruction();
      if (outside_ != nullptr || controls.trap_wfi) return to_el2(exception.syndrome);
      return skip_instruction(Wait::kInterrupt);
    case esr::Ec::kSysReg:
      if (outside_ != nullptr && !pmu_model_.present && is_pmu_access(exception.syndrome)) return undefined();
      if (exception.target_el == 1) break;
      return exception.target_el == 2 ? to_el2(exception.syndrome) : undefined();
    // Features that the simulated hardware doesn't have (sim/cpu/cpu_model.h).
    case esr::Ec::kPac:
    case esr::Ec::kSve: return undefined();
    default: break;
  }
  return take(exception.target_el == 2 && outside_ != nullptr ? 2 : 1, exception.syndrome, engine_.pc());
}

// A WFE that waits, behind PC. SCTLR_EL1.nTWE and HCR_EL2.TWE trap it.
Cpu::Outcome Cpu::resolve_wait_for_event(const abi::RunControls& controls) {
  constexpr std::uint64_t kConditionAlways = 1U << 24 | 0xeU << 20;  // CV, COND
  constexpr std::uint64_t kSctlrNtwe = 1U << 18;
  const std::uint64_t syndrome =
      esr::make(esr::Ec::kWfx, kConditionAlways | static_cast<std::uint64_t>(esr::Wfx::kWfe));
  const unsigned el = exception_level(engine_.pstate());
  const bool by_el1 =
      el == 0 && default_target() == 1 &&
      (engine_.read_system(static_cast<std::uint32_t>(abi::SysReg::kSctlrEl1)).value_or(0) & kSctlrNtwe) == 0;
  const bool by_el2 = el < 2 && (outside_ != nullptr ? (hcr() & el2::kHcrTwe) != 0 : controls.trap_wfe);
  if ((!by_el1 && !by_el2) || wakes(controls)) return {.waits = Wait::kEvent, .exception = {}, .cost = 0};
  engine_.set_pc(engine_.pc() - kInstructionBytes);
  Outcome outcome = by_el1 ? take(1, syndrome, engine_.pc()) : to_el2(syndrome);
  outcome.cost = 0;  // the engine has counted the WFE
  return outcome;
}

// An instruction unknown to the engine. The GIC CPU interface is, whose registers are served by sim/gic, and so are
// some counters of the PMU.
Cpu::Outcome Cpu::resolve_undefined() {
  constexpr std::uint32_t kMsrMrsMask = 0xffd00000, kMsrMrs = 0xd5100000;
  const auto instruction = instruction_at(engine_.pc());
  if (!instruction || (*instruction & kMsrMrsMask) != kMsrMrs) return undefined();
  const auto bits = [&](unsigned high, unsigned low) {
    return static_cast<std::uint8_t>((*instruction >> low) & ((1U << (high - low + 1)) - 1));
  };
  const esr::SysRegIss access{.op0 = bits(20, 19),
                              .op1 = bits(18, 16),
                              .crn = bits(15, 12),
                              .crm = bits(11, 8),
                              .op2 = bits(7, 5),
                              .rt = bits(4, 0),
                              .is_read = bits(21, 21) != 0};
  if (const auto done = pmu_access(access)) return *done;
  return at_el0() ? undefined() : interrupt_controller_access(access);
}

Cpu::Outcome Cpu::interrupt_controller_access(const abi::esr::SysRegIss& access) {
  const abi::SysReg reg{abi::sysreg_key(access.op0, access.op1, access.crn, access.crm, access.op2)};
  if (outside_ != nullptr) {
    if (const auto done = redirected_access(static_cast<std::uint32_t>(reg), access)) return *done;
    const bool virtualised = exception_level(engine_.pstate()) == 1 && (hcr() & el2::kHcrImo) != 0;
    if (!virtualised) return physical_interface_access(reg, access);
  }
  if (!VirtualCpuInterface::owns(reg)) return undefined();
  VirtualCpuInterface interface(pe_->ich());
  IccAccess result = IccAccess::kUndefined;
  if (access.is_read) {
    const IccRead read = interface.read(reg);
    result = read.access;
    if (result == IccAccess::kDone && access.rt != 31) engine_.set_x(access.rt, read.value);
  } else {
    result = interface.write(reg, access.rt == 31 ? 0 : engine_.x(access.rt));
  }
  switch (result) {
    case IccAccess::kDone: return skip_instruction();
    case IccAccess::kTrap: return to_el2(esr::make(esr::Ec::kSysReg, esr::make_sysreg_iss(access)));
    case IccAccess::kUndefined: break;
  }
  return undefined();
}

Cpu::Outcome Cpu::resolve_fault() {
  const MmuFault& fault = refused_.fault;
  if (!fault) {
    drop_stale_code();
    return {};
  }
  const bool data = refused_.kind != AccessKind::kFetch;
  return data && fault.kind == FaultKind::kNoMemory && !fault.on_walk ? device_access(fault) : abort(fault);
}

Cpu::Outcome Cpu::abort(const MmuFault& fault) {
  report_fault();
  const bool fetch = refused_.kind == AccessKind::kFetch;
  const unsigned target = abort_target(fault);
  const bool lower = target != exception_level(engine_.pstate());
  const std::uint64_t pc = engine_.pc();
  std::uint64_t far = pc;
  std::uint64_t access = 0;
  if (!fetch) far = fault_address(access);
  std::uint64_t iss = fault_status_code(fault) | (fault.s1ptw ? esr::kS1ptw : 0);
  if (!fetch && !fault.s1ptw && refused_.kind == AccessKind::kWrite) iss |= esr::kWnr;
  const auto ec = fetch ? (lower ? esr::Ec::kInstructionAbortLower : esr::Ec::kInstructionAbortSame)
                        : (lower ? esr::Ec::kDataAbortLower : esr::Ec::kDataAbortSame);
  if (fault.stage == 1) return take(target, esr::make(ec, iss), pc, far);
  // The description of the access is valid for stage 2 faults of the access itself.
  if (!fault.s1ptw) iss |= access;
  return to_el2(esr::make(ec, iss), far, esr::hpfar_from_ipa(fault.ipa.value));
}

// FAR of the refused data access. The engine tells its page only: the address comes from the instruction. `iss`
// receives the syndrome bits of the access where they are valid.
std::uint64_t Cpu::fault_address(std::uint64_t& iss) const {
  const std::uint64_t page = refused_.page.value;
  const std::uint64_t pc = engine_.pc();
  auto& self = const_cast<Cpu&>(*this);
  const auto access = self.access_at(pc);
  if (!access) return page;
  iss = access->iss;
  const Stage1Controls& controls = self.stage1_controls();
  if (without_tag(controls, access->address) / abi::kGranuleSize != without_tag(controls, page) / abi::kGranuleSize)
    return page;  // the access crossed into the page that faults
  return access->address;
}

void Cpu::report_fault() {
  if (!owner_.walk_observer_) return;
  WalkLog log;
  look(refused_.page, refused_.kind, refused_.who, log);
  owner_.walk_observer_({.cpu = id_,
                         .stage2 = mmu_.stage2(),
                         .va = refused_.page,
                         .kind = refused_.kind,
                         .fault = refused_.fault,
                         .steps = log.steps()});
}

std::optional<MemoryAccess> Cpu::access_at(std::uint64_t pc) {
  const auto instruction = instruction_at(pc);
  if (!instruction) return std::nullopt;
  const RegisterReader read = [&](unsigned n, bool base) {
    if (n == 31) return base ? engine_.sp() : std::uint64_t{0};
    return engine_.x(n);
  };
  return decode_memory_access(*instruction, pc, read);
}

std::optional<std::uint32_t> Cpu::instruction_at(std::uint64_t pc) noexcept {
  const std::uint64_t page = abi::align_down(pc, abi::kGranuleSize);
  FetchedPage& entry = fetched(page);
  const std::uint64_t tag = page | static_cast<std::uint64_t>(regime());
  if (entry.page != tag) {
    const auto translation =
        mmu_.translate(stage1_controls(), {page}, AccessKind::kFetch, {.el0 = at_el0(), .pan = false});
    if (translation.fault) return std::nullopt;
    entry = {.page = tag, .bytes = owner_.dram_.bytes(abi::GranulePa::containing(translation.pa))};
  }
  std::uint32_t word = 0;
  std::memcpy(&word, entry.bytes + (pc - page), sizeof word);
  return word;
}

}  // namespace sim
