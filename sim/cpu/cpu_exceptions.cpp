// SPDX-License-Identifier: GPL-2.0-or-later
// What a stop of the engine means to the architecture: an exception to EL1, which is entered here, or to EL2, which is
// returned with its exact syndrome. An exception costs one instruction, so that time passes in a guest that does
// nothing but fault.
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

}  // namespace

Cpu::Outcome Cpu::to_el1(std::uint64_t syndrome, std::uint64_t return_address, std::optional<std::uint64_t> far) {
  enter_el1(engine_, {.kind = VectorKind::kSync, .return_address = return_address, .esr = syndrome, .far = far},
            has_pan_);
  return {.waits = false, .exception = {}, .cost = kExceptionCost};
}

Cpu::Outcome Cpu::to_el2(std::uint64_t syndrome, std::uint64_t far, std::uint64_t hpfar) const {
  return {.waits = false,
          .exception = abi::Exception{.kind = abi::ExceptionKind::kSync, .esr = syndrome, .far = far, .hpfar = hpfar},
          .cost = kExceptionCost};
}

Cpu::Outcome Cpu::undefined() { return to_el1(esr::make(esr::Ec::kUnknown, 0), engine_.pc()); }

Cpu::Outcome Cpu::resolve_exception(const EngineException& exception, const abi::RunControls& controls) {
  switch (exception.number) {
    case EngineException::kSvc:
    case EngineException::kBreakpoint: return to_el1(exception.syndrome, engine_.pc());
    case EngineException::kHvc:
    case EngineException::kSmc: engine_.set_pc(engine_.pc() - kInstructionBytes); return to_el2(exception.syndrome);
    case EngineException::kDataAbort: return to_el1(exception.syndrome, engine_.pc(), exception.address);
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
      if (wakes(controls)) {
        engine_.set_pc(engine_.pc() + kInstructionBytes);
        return {.waits = false, .exception = {}, .cost = kExceptionCost};
      }
      if (controls.trap_wfi) return to_el2(exception.syndrome);
      engine_.set_pc(engine_.pc() + kInstructionBytes);
      return {.waits = true, .exception = {}, .cost = kExceptionCost};
    case esr::Ec::kSysReg:
      if (exception.target_el == 1) break;
      return exception.target_el == 2 ? to_el2(exception.syndrome) : undefined();
    // Features that the simulated hardware doesn't have (sim/cpu/cpu_model.h).
    case esr::Ec::kPac:
    case esr::Ec::kSve: return undefined();
    default: break;
  }
  return to_el1(exception.syndrome, engine_.pc());
}

// An instruction unknown to the engine. The GIC CPU interface is: its registers are served by sim/gic.
Cpu::Outcome Cpu::resolve_undefined() {
  constexpr std::uint32_t kMsrMrsMask = 0xffd00000, kMsrMrs = 0xd5100000;
  const auto instruction = instruction_at(engine_.pc());
  if (instruction && (*instruction & kMsrMrsMask) == kMsrMrs && !at_el0())
    return interrupt_controller_access(*instruction);
  return undefined();
}

Cpu::Outcome Cpu::interrupt_controller_access(std::uint32_t instruction) {
  const auto bits = [&](unsigned high, unsigned low) {
    return static_cast<std::uint8_t>((instruction >> low) & ((1U << (high - low + 1)) - 1));
  };
  const esr::SysRegIss access{.op0 = bits(20, 19),
                              .op1 = bits(18, 16),
                              .crn = bits(15, 12),
                              .crm = bits(11, 8),
                              .op2 = bits(7, 5),
                              .rt = bits(4, 0),
                              .is_read = bits(21, 21) != 0};
  const abi::SysReg reg{abi::sysreg_key(access.op0, access.op1, access.crn, access.crm, access.op2)};
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
    case IccAccess::kDone:
      engine_.set_pc(engine_.pc() + kInstructionBytes);
      return {.waits = false, .exception = {}, .cost = kExceptionCost};
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
  report_fault();
  const bool fetch = refused_.kind == AccessKind::kFetch;
  const bool lower = fault.stage == 2 || at_el0();
  const std::uint64_t pc = engine_.pc();
  std::uint64_t far = pc;
  std::uint64_t access = 0;
  if (!fetch) far = fault_address(access);
  std::uint64_t iss = fault_status_code(fault) | (fault.s1ptw ? esr::kS1ptw : 0);
  if (!fetch && !fault.s1ptw && refused_.kind == AccessKind::kWrite) iss |= esr::kWnr;
  const auto ec = fetch ? (lower ? esr::Ec::kInstructionAbortLower : esr::Ec::kInstructionAbortSame)
                        : (lower ? esr::Ec::kDataAbortLower : esr::Ec::kDataAbortSame);
  if (fault.stage == 1) return to_el1(esr::make(ec, iss), pc, far);
  // The description of the access is valid for stage 2 faults of the access itself.
  if (!fault.s1ptw) iss |= access;
  return to_el2(esr::make(ec, iss), far, esr::hpfar_from_ipa(fault.ipa.value));
}

// FAR of the refused data access. The engine tells its page only: the address comes from the instruction. `iss`
// receives the syndrome bits of the access where they are valid.
std::uint64_t Cpu::fault_address(std::uint64_t& iss) const {
  const std::uint64_t page = refused_.page.value;
  const std::uint64_t pc = engine_.pc();
  const auto instruction = const_cast<Cpu*>(this)->instruction_at(pc);
  if (!instruction) return page;
  const RegisterReader read = [&](unsigned n, bool base) {
    if (n == 31) return base ? engine_.sp() : std::uint64_t{0};
    return engine_.x(n);
  };
  const auto access = decode_memory_access(*instruction, pc, read);
  if (!access) return page;
  if (without_tag(controls_, access->address) / abi::kGranuleSize != without_tag(controls_, page) / abi::kGranuleSize)
    return page;  // the access crossed into the page that faults
  iss = access->iss;
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

std::optional<std::uint32_t> Cpu::instruction_at(std::uint64_t pc) noexcept {
  const std::uint64_t page = abi::align_down(pc, abi::kGranuleSize);
  FetchedPage& entry = fetched_[(page / abi::kGranuleSize) % fetched_.size()];
  if (entry.page != page) {
    const auto translation =
        mmu_.translate(stage1_controls(), {page}, AccessKind::kFetch, {.el0 = at_el0(), .pan = false});
    if (translation.fault) return std::nullopt;
    entry = {.page = page, .bytes = owner_.dram_.bytes(abi::GranulePa::containing(translation.pa))};
  }
  std::uint32_t word = 0;
  std::memcpy(&word, entry.bytes + (pc - page), sizeof word);
  return word;
}

}  // namespace sim
