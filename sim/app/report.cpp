// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/report.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>

#include <capstone/capstone.h>
#include <fmt/format.h>

#include "host/vmm/dtb.h"
#include "sim/app/state_hash.h"
#include "sim/app/symbols.h"
#include "sim/cpu/cpu.h"

namespace sim::app {
namespace {

using host::vmm::Outcome;

// Of the code around the PC. A CPU that waits has its WFI behind it.
constexpr int kShownBefore = 2;
constexpr int kShownFrom = 3;

std::string sha256(const std::string& text) {
  Sha256 sha;
  sha.update(std::as_bytes(std::span(text)));
  return sha.hex();
}

struct Ending {
  ExitCode code;
  std::string outcome;
};

// The worst end among the VMs that have ended.
Ending ending_of_vms(const Machine& machine) {
  Ending worst{ExitCode::kPoweredOff, machine.vm_count() == 1 ? "the guest powered off" : "all guests powered off"};
  for (unsigned i = 0; i < machine.vm_count(); ++i) {
    const auto& result = machine.vm_result(i);
    if (!result || result->outcome == Outcome::kPoweredOff) continue;
    const bool panicked = result->outcome == Outcome::kPanicked;
    if (worst.code == ExitCode::kPoweredOff || (panicked && worst.code != ExitCode::kCrashed))
      worst = {panicked ? ExitCode::kKernelPanic : ExitCode::kCrashed,
               fmt::format("'{}' {}", machine.vm_config(i).name, panicked ? "panicked" : "crashed")};
  }
  return worst;
}

std::string_view power_name(PePower power) {
  switch (power) {
    case PePower::kOff: return "off";
    case PePower::kOnPending: return "starting";
    case PePower::kOn: return "on";
    case PePower::kStandby: return "suspended (standby)";
    case PePower::kPowerDown: return "suspended (power down)";
  }
  return "";
}

// A payload ends by PSCI, or because its PEs wait for nothing, or one cannot handle its own exception.
Ending ending_of_payload(Machine& machine, const Payload& payload, RunResult result) {
  if (result == RunResult::kAllEnded) return {ExitCode::kPoweredOff, "the payload switched the system off"};
  const auto& pes = payload.state().psci.pes;
  const bool all_off = std::ranges::all_of(pes, [](const PePowerState& pe) { return pe.power == PePower::kOff; });
  for (unsigned n = 0; n < payload.pe_count(); ++n) {
    const Cpu& cpu = machine.cpus().cpu(payload.cpu_id(n));
    if (pes[n].power != PePower::kOn || !cpu.loops_at_vector()) continue;
    const auto [syndrome, address] = cpu.el2_syndrome();
    return {ExitCode::kStuck,
            fmt::format(
                "stuck: PE {:#x} takes an exception at its own vector {:#x} again and again (ESR_EL2 {:#x}, FAR_EL2 "
                "{:#x}): there is no code that handles it",
                payload.affinity(n).value, cpu.pc(), syndrome, address)};
  }
  return {ExitCode::kStuck, all_off ? "ended: every PE is switched off"
                                    : "ended: every PE that is on waits for an interrupt, and none can come"};
}

Ending ending(Machine& machine, RunResult result, bool interrupted) {
  const bool silent = result == RunResult::kAllEnded || result == RunResult::kStuck;
  if (machine.payload() != nullptr && silent) return ending_of_payload(machine, *machine.payload(), result);
  switch (result) {
    case RunResult::kAllEnded: return ending_of_vms(machine);
    case RunResult::kStuck: return {ExitCode::kStuck, "stuck: every CPU waits and nothing can wake one"};
    case RunResult::kInstructionLimit: return {ExitCode::kLimit, "stopped at --max-instructions"};
    case RunResult::kTimeLimit: return {ExitCode::kLimit, "stopped at --until"};
    case RunResult::kStopped:
      return interrupted ? Ending{ExitCode::kInterrupted, "ended by Ctrl-C"}
                         : Ending{ExitCode::kCannotWrite, "the console could not be written"};
    case RunResult::kQuiescent: break;
  }
  return {ExitCode::kInternalError, "stopped where a run does not stop"};
}

class Disassembler {
 public:
  Disassembler() : open_(cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &handle_) == CS_ERR_OK) {}
  ~Disassembler() {
    if (open_) cs_close(&handle_);
  }
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  std::string text(std::uint32_t word, std::uint64_t address) const {
    cs_insn* instruction = nullptr;
    if (!open_ ||
        cs_disasm(handle_, reinterpret_cast<const std::uint8_t*>(&word), sizeof word, address, 1, &instruction) != 1)
      return fmt::format(".inst {:#010x}", word);
    std::string out = fmt::format("{} {}", instruction->mnemonic, instruction->op_str);
    cs_free(instruction, 1);
    return out;
  }

 private:
  csh handle_ = 0;
  bool open_ = false;
};

// A raw binary names no addresses: its ELF file lies beside it, as our guests are built.
std::string elf_beside(const std::string& binary) {
  return std::filesystem::path(binary).replace_extension(".elf").string();
}

// The file that may name the guest's addresses.
std::string symbol_file(const host::vmm::VmConfig& vm) {
  return !vm.kernel.empty() || vm.binaries.empty() ? vm.kernel : elf_beside(vm.binaries.front().path);
}

// The code around the PC of a CPU context.
class CodeView {
 public:
  CodeView(Machine& machine, const Symbols& symbols) : machine_(machine), symbols_(symbols) {}

  void add(std::string& out, std::uint32_t id) {
    const std::uint64_t pc = machine_.cpus().cpu(id).pc();
    const std::string symbol = symbols_.name({pc});
    fmt::format_to(std::back_inserter(out), ": PC {:#x}{}{}, PSTATE {:#x}\n", pc, symbol.empty() ? "" : " ", symbol,
                   machine_.cpus().cpu(id).pstate());
    for (int i = -kShownBefore; i < kShownFrom; ++i) {
      const abi::Va va{pc + static_cast<std::uint64_t>(4 * i)};
      WalkLog log;
      const Translation translation = machine_.cpus().inspect(id, va, log);
      if (translation.fault) {
        if (i >= 0) {
          fmt::format_to(std::back_inserter(out), "   {} {:#x}  not mapped\n", i == 0 ? "=>" : "  ", va.value);
          return;
        }
        continue;
      }
      std::uint32_t word = 0;
      const auto granule = abi::GranulePa::containing(translation.pa);
      std::memcpy(&word, machine_.dram().bytes(granule) + (translation.pa - granule.pa()), sizeof word);
      fmt::format_to(std::back_inserter(out), "   {} {:#x}  {}\n", i == 0 ? "=>" : "  ", va.value,
                     disassembler_.text(word, va.value));
    }
  }

 private:
  Machine& machine_;
  const Symbols& symbols_;
  Disassembler disassembler_;
};

// What one vCPU of a VM was doing.
class VcpuDescription {
 public:
  VcpuDescription(Machine& machine, unsigned vm, const Symbols& symbols)
      : machine_(machine), vm_(vm), code_(machine, symbols) {}

  std::string describe(const host::kvm::Vm& kvm_vm, const host::kvm::Vcpu& vcpu) {
    std::string out = fmt::format("  {} vCPU {}", machine_.vm_config(vm_).name, vcpu.vcpu_id);
    const rmm::core::Rec* rec = rec_of(vcpu);
    const std::uint32_t cpu = rec != nullptr ? rec->cpu.value : vcpu.guest_cpu.value;
    if (cpu >= machine_.cpus().size()) return out + ": never ran\n";
    // The reset that ends a panic stops every vCPU of KVM, but a REC that was on stays runnable.
    const bool panicked = machine_.vmm_state(vm_).outcome == Outcome::kPanicked;
    const bool stopped = vcpu.mp_state.peek() == host::kvm::kMpStateStopped;
    const bool off = rec != nullptr ? !rec->runnable.peek() : stopped && !panicked;
    if (off) return out + ": powered off\n";
    code_.add(out, cpu);
    add_waits(out, rec, vcpu);
    add_interrupts(out, kvm_vm, vcpu.vcpu_id);
    add_calls(out, rec, vcpu);
    return out;
  }

 private:
  const rmm::core::Rec* rec_of(const host::kvm::Vcpu& vcpu) const {
    if (!vcpu.rec.created) return nullptr;
    for (const auto& [index, rec] : machine_.state().monitor.recs)
      if (rec.granule == vcpu.rec.rec) return &rec;
    return nullptr;
  }

  void add_waits(std::string& out, const rmm::core::Rec* rec, const host::kvm::Vcpu& vcpu) const {
    if (rec != nullptr && rec->psci.pending) out += "      waits for the host to complete a PSCI request\n";
    if (rec != nullptr && rec->host_call_pending) out += "      waits for the host to answer a host call\n";
    if (rec != nullptr && rec->ripas.awaits_entry)
      fmt::format_to(std::back_inserter(out), "      waits for a RIPAS change of [{:#x}, {:#x})\n",
                     rec->ripas.addr.value, rec->ripas.top.value);
    fmt::format_to(std::back_inserter(out), "      PE {}, whose thread {}\n", vcpu.pe.value,
                   machine_.scheduler().activity({vcpu.pe.value}));
  }

  static void add_interrupts(std::string& out, const host::kvm::Vm& vm, std::uint32_t vcpu) {
    if (vcpu >= vm.vgic.cpus.size()) return;
    std::string list;
    for (const std::uint16_t intid : vm.vgic.cpus[vcpu].ap_list) fmt::format_to(std::back_inserter(list), " {}", intid);
    fmt::format_to(std::back_inserter(out), "      pending or active interrupts:{}\n", list.empty() ? " none" : list);
  }

  void add_calls(std::string& out, const rmm::core::Rec* rec, const host::kvm::Vcpu& vcpu) const {
    const auto add = [&out](std::string_view title, const auto& calls) {
      fmt::format_to(std::back_inserter(out), "      last {} calls:{}", title, calls.empty() ? " none" : "");
      for (const auto& call : calls)
        fmt::format_to(std::back_inserter(out), " {} {}{}{}{};", call.name, call.status,
                       call.failed.empty() ? "" : " (", call.failed, call.failed.empty() ? "" : ")");
      out += '\n';
    };
    if (rec != nullptr) add("RSI and PSCI", machine_.last_calls().of_rec(rec->granule.pa()));
    add("RMI", machine_.last_calls().of_pe({vcpu.pe.value}));
  }

  Machine& machine_;
  unsigned vm_;
  CodeView code_;
};

}  // namespace

RunReport make_report(Machine& machine, RunResult result, bool interrupted) {
  RunReport report;
  const Ending end = ending(machine, result, interrupted);
  report.exit_code = end.code;
  report.outcome = end.outcome;
  const MachineState& state = machine.state();
  report.instructions = state.scheduler.retired;
  report.virtual_ns = state.scheduler.now_ns;
  state.monitor.granules.for_each_delegated([&](abi::GranulePa, const rmm::core::Granule&) { ++report.granules_left; });
  report.pages_leaked = state.kvm.pages.leaked.size();
  for (const std::uint64_t pages : state.kvm.pages.in_use) report.pages_in_use += pages;
  for (std::uint32_t i = 0; i < machine.cpus().size(); ++i) report.tlb_fills += machine.cpus().cpu(i).fills();
  for (const auto& [reason, count] : machine.statistics().host_exits()) report.host_rec_enters += count;

  std::string consoles;
  for (unsigned i = 0; i < machine.vm_count(); ++i) {
    const auto& config = machine.vm_config(i);
    VmReport vm;
    vm.name = config.name;
    vm.realm = config.realm;
    const auto& vm_result = machine.vm_result(i);
    vm.outcome = host::vmm::to_string(vm_result ? vm_result->outcome : machine.vmm_state(i).outcome);
    vm.reason = vm_result ? vm_result->reason : machine.vmm_state(i).reason;
    vm.resets = machine.vmm_state(i).resets;
    if (config.boot == host::vmm::Boot::kLinux) vm.command_line = host::vmm::command_line(config);
    vm.console_sha256 = sha256(machine.console(i).output());
    consoles += machine.console(i).output();
    report.vms.push_back(std::move(vm));
  }
  if (const Payload* payload = machine.payload()) {
    report.payload = true;
    report.resets = payload->state().resets;
    for (unsigned n = 0; n < payload->pe_count(); ++n)
      report.pes.push_back({.affinity = payload->affinity(n).value,
                            .power = std::string(power_name(payload->state().psci.pes[n].power))});
    consoles = state.consoles.front().output;
  }
  report.console_sha256 = sha256(consoles);
  report.memory_sha256 = machine.memory_sha256();
  for (const auto& [id, count] : machine.findings().evaluations()) report.checks[id] = count;
  report.findings = machine.findings().found();
  if (const auto* model = machine.model_check()) {
    report.checks["model"] = model->transitions();
    report.checks["model read back as a whole"] = model->read_backs();
  }
  return report;
}

bool needs_explanation(ExitCode code) {
  return code == ExitCode::kStuck || code == ExitCode::kCrashed || code == ExitCode::kKernelPanic ||
         code == ExitCode::kLimit;
}

std::string describe_vcpus(Machine& machine, unsigned vm) {
  std::string out;
  const host::kvm::Vm* kvm_vm = machine.kvm_vm(vm);
  if (kvm_vm == nullptr) return out;
  const Symbols symbols = Symbols::load(symbol_file(machine.vm_config(vm)));
  VcpuDescription description(machine, vm, symbols);
  for (const auto& vcpu : kvm_vm->vcpus) out += description.describe(*kvm_vm, vcpu);
  return out;
}

std::string describe_pes(Machine& machine) {
  std::string out;
  const Payload* payload = machine.payload();
  if (payload == nullptr) return out;
  const Symbols symbols = Symbols::load(elf_beside(payload->images().front().path));
  CodeView code(machine, symbols);
  for (unsigned n = 0; n < payload->pe_count(); ++n) {
    const PePower power = payload->state().psci.pes[n].power;
    if (power == PePower::kOff) continue;
    fmt::format_to(std::back_inserter(out), "  PE {:#x}, {}", payload->affinity(n).value, power_name(power));
    code.add(out, payload->cpu_id(n));
    fmt::format_to(std::back_inserter(out), "      {}\n",
                   machine.cpus().cpu(payload->cpu_id(n)).loops_at_vector()
                       ? "takes an exception here again and again"
                       : machine.scheduler().activity({static_cast<std::uint16_t>(n)}));
  }
  return out;
}

std::vector<std::byte> first_device_tree(const RunConfig& config, const host::vmm::BootPlan& plan) {
  RandomState random(config.machine.seed, kHostEntropyStream);
  SeededEntropy entropy(random);
  std::vector<std::byte> seed(host::vmm::kRngSeedSize);
  entropy.fill(seed);
  return host::vmm::device_tree(config.vms.front(), plan, seed);
}

}  // namespace sim::app
