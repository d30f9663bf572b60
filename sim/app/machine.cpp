// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/app/machine.h"

#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "sim/app/state_hash.h"
#include "sim/app/text.h"

namespace sim::app {
namespace {

constexpr abi::Pa kDramBase{0x8000'0000};
// Above this size the second bank begins where the Arm base platform puts it: software must cope with a hole.
constexpr std::uint64_t kFirstBankSize = 2ULL << 30;
constexpr abi::Pa kSecondBankBase{0x8'8000'0000};

std::vector<MemoryBank> banks(std::uint64_t memory) {
  const std::uint64_t first = std::min(memory, kFirstBankSize);
  std::vector<MemoryBank> out = {{kDramBase, first}};
  if (memory > first) out.push_back({kSecondBankBase, memory - first});
  return out;
}

CpuConfig cpu_config(const RunConfig& config) {
  return {.model = config.machine.cpu == "max" ? CpuModel::kMax : CpuModel::kCortexA72,
          .pointer_authentication = config.machine.pointer_auth,
          .counter = config.payload ? config.payload->platform.counter : Counter{},
          .pmu_counters = config.machine.pmu_counters};
}

rmm::core::Limits limits(const RunConfig& config) {
  rmm::core::Limits out = config.machine.limits;
  out.pauth = config.machine.pointer_auth;
  out.pmu = config.machine.pmu_counters.has_value();
  out.pmu_num_ctrs = config.machine.pmu_counters.value_or(0);
  // Host and monitor read trapped registers at the same place (D4).
  out.sysreg_gprs_rt = config.host.sysreg_gprs == host::kvm::SysregGprs::kRt;
  return out;
}

// The machine's seed is the journal's first entry: all that is random follows from it.
JournalState journal(std::uint64_t seed) {
  JournalState state;
  state.entries.push_back(seed_entry(seed));
  return state;
}

}  // namespace

tl::expected<std::unique_ptr<Machine>, InputError> Machine::create(const RunConfig& config, Surroundings surroundings) {
  std::vector<host::vmm::BootPlan> plans;
  for (const auto& vm : config.vms) {
    auto plan = host::vmm::plan_boot(vm);
    if (!plan)
      return tl::unexpected(InputError{fmt::format("VM '{}': {}", vm.name, host::vmm::to_string(plan.error()))});
    plans.push_back(std::move(*plan));
  }
  std::unique_ptr<Machine> machine;
  try {
    machine.reset(new Machine(config, std::move(surroundings)));
  } catch (const std::invalid_argument& refused) {  // DRAM that this computer cannot reserve
    return tl::unexpected(InputError{refused.what()});
  } catch (const std::bad_alloc&) {
    return tl::unexpected(
        InputError{fmt::format("this computer's memory is too small for a machine of {}; lower machine.memory",
                               format_size(config.machine.memory))});
  }
  // Whatever can be refused comes before the trace: a file that was there stays as it is.
  if (config.payload)
    if (const auto loaded = machine->load_payload(*config.payload); !loaded) return tl::unexpected(loaded.error());
  if (const auto opened = machine->open_trace(); !opened) return tl::unexpected(opened.error());
  machine->observe();
  for (unsigned i = 0; i < plans.size(); ++i) machine->start_vm(i, std::move(plans[i]));
  if (machine->payload_) machine->payload_->start();
  return machine;
}

Machine::Machine(const RunConfig& config, Surroundings surroundings)
    : config_(config),
      surroundings_(std::move(surroundings)),
      dram_(config.payload ? config.payload->platform.dram : banks(config.machine.memory)),
      gpt_(state_.gpt, dram_),
      strategy_(surroundings_.random_schedule ? std::unique_ptr<sim::Strategy>(std::make_unique<SeededRandom>())
                                              : std::make_unique<RoundRobin>()),
      scheduler_((state_.scheduler = SchedulerState(config.machine.seed), state_.scheduler), *strategy_),
      journal_((state_.journal = journal(config.machine.seed), state_.journal), nullptr),
      monitor_entropy_(
          (state_.monitor_entropy = RandomState(config.machine.seed, kMonitorEntropyStream), state_.monitor_entropy)),
      host_entropy_((state_.host_entropy = RandomState(config.machine.seed, kHostEntropyStream), state_.host_entropy)),
      cpus_(dram_, gpt_, scheduler_, cpu_config(config),
            [this]() -> rmm::port::Pe& { return scheduler_.current_pe_object(); }),
      realm_view_(dram_, gpt_),
      ns_view_(dram_, gpt_),
      firmware_(dram_, gpt_, scheduler_, [this]() -> rmm::port::Pe& { return scheduler_.current_pe_object(); }),
      attestation_(scheduler_),
      history_([this] { return scheduler_.now_ns(); }),
      device_aborts_([this](abi::Pa rec, abi::Ipa ipa) { tell_device_abort(rec, ipa); }),
      host_log_(surroundings_),
      platform_{realm_view_,      firmware_,           cpus_,        cpus_, scheduler_, scheduler_,
                monitor_entropy_, &monitor_observers_, &attestation_},
      invariants_(surroundings_.check
                      ? std::make_unique<rmm::check::Invariants>(platform_, state_.monitor, findings_, limits(config))
                      : nullptr),
      model_check_(surroundings_.check_model
                       ? std::make_unique<rmm::check::ModelCheck>(platform_, state_.monitor, limits(config))
                       : nullptr),
      secrets_(surroundings_.secrets.empty()
                   ? nullptr
                   : std::make_unique<Secrets>(dram_, config.machine.seed, surroundings_.secrets,
                                               [this](abi::GranulePa rd) { return vm_of(rd); })),
      realm_onlooker_(surroundings_.onlookers == nullptr
                          ? nullptr
                          : std::make_unique<RealmOnlooker>(
                                platform_, state_.monitor, [this](abi::GranulePa rd) { return vm_of(rd); },
                                [this]() -> rmm::port::Pe& { return scheduler_.current_pe_object(); },
                                surroundings_.onlookers->realms)),
      host_onlooker_(host_onlooker()),
      monitor_(monitor_ports(), limits(config), (state_.monitor = rmm::Monitor::boot_state(firmware_), state_.monitor)),
      host_platform_(host_platform()),
      kvm_((state_.kvm.behaviour = config.host, state_.kvm), host_platform_) {
  scheduler_.set_limits(surroundings_.limits);
  scheduler_.set_instruction_ns(config.machine.ns_per_instruction);
  scheduler_.set_input(&journal_);
  if (surroundings_.live_key) journal_.set_live_input(surroundings_.live_key);
  if (surroundings_.pace) scheduler_.set_pace(surroundings_.pace);
  const auto call = [this](rmm::port::Pe& pe, const abi::SmcRegs& regs) { return monitor_.rmi(pe, regs); };
  if (model_check_)
    firmware_.set_monitor(
        [this, call](rmm::port::Pe& pe, const abi::SmcRegs& regs) { return model_check_->rmi(pe, regs, call); });
  else
    firmware_.set_monitor(call);
}

Machine::~Machine() { scheduler_.abandon_all(); }

tl::expected<void, InputError> Machine::open_trace() {
  if (surroundings_.trace_path.empty()) return {};
  auto trace = trace::JsonTrace::open(surroundings_.trace_path, [this] {
    return trace::JsonTrace::Now{scheduler_.now_ns(), scheduler_.self().value};
  });
  if (!trace) return tl::unexpected(InputError{trace.error()});
  trace_ = std::move(*trace);
  return {};
}

std::unique_ptr<HostOnlooker> Machine::host_onlooker() {
  if (surroundings_.onlookers == nullptr) return nullptr;
  return std::make_unique<HostOnlooker>(
      firmware_, ns_view_,
      HostOnlooker::Hardware{dram_, gpt_, scheduler_,
                             [this]() -> rmm::port::Pe& { return scheduler_.current_pe_object(); }},
      surroundings_.onlookers->host);
}

host::port::HostPlatform Machine::host_platform() {
  host::port::SmcConduit& smc = host_onlooker_ ? static_cast<host::port::SmcConduit&>(*host_onlooker_) : firmware_;
  host::port::NsMemory& memory = host_onlooker_ ? static_cast<host::port::NsMemory&>(*host_onlooker_) : ns_view_;
  return {smc, memory, cpus_, scheduler_, scheduler_, scheduler_, host_entropy_, &host_observers_};
}

void Machine::observe() {
  monitor_observers_.add(statistics_);
  monitor_observers_.add(last_calls_);
  monitor_observers_.add(history_);
  monitor_observers_.add(device_aborts_);
  host_observers_.add(statistics_);
  host_observers_.add(host_log_);
  if (trace_) {
    monitor_observers_.add(*trace_);
    host_observers_.add(*trace_);
    scheduler_.set_observer(trace_.get());
    cpus_.set_walk_observer([this](const WalkReport& report) { trace_->fault(report); });
  }
  if (surroundings_.verbose && surroundings_.message) {
    failed_commands_ = std::make_unique<trace::FailedCommands>(surroundings_.message);
    monitor_observers_.add(*failed_commands_);
  }
  if (invariants_) {
    translation_checks_ = std::make_unique<TranslationChecks>(cpus_.shadow_tlb(), state_.monitor, findings_);
    // First: what it finds at a command's end is told with that command.
    monitor_observers_.add(*translation_checks_);
    monitor_observers_.add(*invariants_);
    cpus_.check_translations([this](const StaleTranslation& stale) { translation_checks_->walked(stale); });
  }
  if (secrets_) monitor_observers_.add(*secrets_);
  if (model_check_) {
    monitor_observers_.add(*model_check_);
    model_check_->set_on_difference([this] { scheduler_.request_stop(); });
  }
}

void Machine::start_vm(unsigned index, host::vmm::BootPlan plan) {
  const host::vmm::VmConfig& config = config_.vms[index];
  state_.vmms.emplace_back();
  state_.consoles.emplace_back();
  bool keyboard_taken = false;
  for (unsigned i = 0; i < index; ++i) keyboard_taken = keyboard_taken || config_.vms[i].console;
  Vm& vm = vms_.emplace_back();
  vm.config = config;
  vm.console = std::make_unique<VmConsole>(
      state_.consoles.back(),
      [this, index](std::uint8_t byte) {
        if (surroundings_.console) surroundings_.console(index, byte);
      },
      config.console && !keyboard_taken ? &journal_ : nullptr);
  vm.vmm = std::make_unique<host::vmm::Vmm>(
      state_.vmms.back(), kvm_,
      host::vmm::VmmPort{scheduler_, scheduler_, *vm.console, host_entropy_, &host_observers_, index}, config,
      std::move(plan));
  vm.vmm->set_quiescent_point([this](unsigned) { scheduler_.park_quiescent(); });
  vm.vmm->set_before_teardown([this, index] {
    if (realm_onlooker_)
      if (const auto* realm = realm_of(index)) realm_onlooker_->look_at_memory(index, *realm);
    if (surroundings_.before_teardown) surroundings_.before_teardown(index);
  });
  scheduler_.spawn(fmt::format("{} main", config.name), [this, index] { vms_[index].result = vms_[index].vmm->run(); });
}

tl::expected<void, InputError> Machine::load_payload(const PayloadConfig& config) {
  payload_console_ = std::make_unique<VmConsole>(
      state_.consoles.emplace_back(),
      [this](std::uint8_t byte) {
        if (surroundings_.console) surroundings_.console(0, byte);
      },
      &journal_);
  payload_ = std::make_unique<Payload>(config, state_.payload,
                                       Payload::Hardware{.dram = dram_,
                                                         .gpt = gpt_,
                                                         .scheduler = scheduler_,
                                                         .cpus = cpus_,
                                                         .firmware = firmware_,
                                                         .console = *payload_console_,
                                                         .reset_realm_world = [this] { reset_realm_world(); }});
  return payload_->load();
}

// The key of the Realm PAS' memory encryption is lost: what was there is zero. The monitor boots with nothing
// delegated.
void Machine::reset_realm_world() {
  for (const auto& [index, rec] : state_.monitor.recs) cpus_.destroy(rec.cpu);
  std::vector<abi::GranulePa> lost;
  gpt_.for_each_protected([&](abi::GranulePa granule, abi::Pas) { lost.push_back(granule); });
  for (const abi::GranulePa granule : lost) {
    std::memset(dram_.write_native(granule), 0, abi::kGranuleSize);
    gpt_.set(granule, abi::Pas::kNonSecure);
  }
  state_.monitor = rmm::Monitor::boot_state(firmware_);
  cpus_.forget_translations();
  if (invariants_) invariants_->state_was_replaced();
  if (model_check_) model_check_->state_was_replaced();
}

RunResult Machine::run() { return scheduler_.run(); }

RunResult Machine::quiesce() {
  scheduler_.request_quiesce();
  return scheduler_.run();
}

MachineSnapshot Machine::snapshot() {
  cpus_.save_all(state_.cpus);
  return {state_, dram_.snapshot()};
}

void Machine::restore(const MachineSnapshot& snapshot) {
  scheduler_.before_restore(snapshot.state.scheduler);
  state_ = snapshot.state;
  scheduler_.after_restore();
  if (invariants_) invariants_->state_was_replaced();
  if (model_check_) model_check_->state_was_replaced();
  if (realm_onlooker_) realm_onlooker_->state_was_replaced();
  if (payload_) payload_->state_was_replaced();
  for (Vm& vm : vms_) vm.result.reset();
  dram_.restore(snapshot.dram);
  cpus_.restore_all(state_.cpus);
}

std::string Machine::memory_sha256() {
  StateHasher hasher;
  hasher.add(dram_.sha256());
  gpt_.for_each_protected([&](abi::GranulePa granule, abi::Pas pas) {
    hasher.add(granule);
    hasher.add(pas);
  });
  hasher.add(state_.monitor);
  return hasher.hex();
}

std::string Machine::machine_sha256() {
  cpus_.save_all(state_.cpus);
  StateHasher hasher;
  hasher.add(dram_.sha256());
  hasher.add(state_);
  return hasher.hex();
}

tl::expected<std::uint64_t, std::string> Machine::sweep() {
  std::uint64_t swept = 0;
  for (std::size_t i = 0; i < dram_.granule_count(); ++i, ++swept) {
    const abi::Pa pa = dram_.granule(i).pa();
    std::array<std::byte, 8> bytes{};
    if (!ns_view_.read(pa, bytes) || !ns_view_.write(pa, bytes))
      return tl::unexpected(
          fmt::format("sweep: granule {:#x} cannot be written through the Non-secure view", pa.value));
  }
  return swept;
}

void Machine::look_at_memory() {
  if (host_onlooker_) host_onlooker_->look_at_memory();
}

void Machine::check_now() {
  if (invariants_) invariants_->sweep();
  if (model_check_) model_check_->read_back();
}

void Machine::tell_device_abort(abi::Pa rec_pa, abi::Ipa ipa) {
  for (const auto& [rec_index, rec] : state_.monitor.recs) {
    if (rec.granule.pa() != rec_pa) continue;
    if (const auto vm = vm_of(rec.owner)) vms_[*vm].vmm->guest_abort_at(ipa);
    return;
  }
}

std::optional<unsigned> Machine::vm_of(abi::GranulePa rd) const {
  for (unsigned i = 0; i < vms_.size(); ++i)
    if (const host::kvm::Vm* vm = kvm_vm(i); vm != nullptr && vm->realm.has_rd && vm->realm.rd == rd) return i;
  return std::nullopt;
}

const host::kvm::Vm* Machine::kvm_vm(unsigned vm) const {
  const int fd = state_.vmms[vm].vm_fd;
  const auto& files = state_.kvm.files;
  if (fd < 0 || static_cast<std::size_t>(fd) >= files.size() ||
      files[static_cast<std::size_t>(fd)].kind != host::kvm::FdKind::kVm)
    return nullptr;
  return &state_.kvm.vms[files[static_cast<std::size_t>(fd)].vm];
}

const rmm::core::Realm* Machine::find_realm(std::string_view vm_name) const {
  for (unsigned i = 0; i < vms_.size(); ++i)
    if (vms_[i].config.name == vm_name)
      if (const auto* realm = realm_of(i)) return realm;
  return nullptr;
}

const rmm::core::Realm* Machine::realm_of(unsigned vm) const {
  const host::kvm::Vm* host = kvm_vm(vm);
  if (host == nullptr || !host->realm.has_rd) return nullptr;
  for (const auto& [index, realm] : state_.monitor.realms)
    if (realm.rd == host->realm.rd) return &realm;
  return nullptr;
}

}  // namespace sim::app
