// SPDX-License-Identifier: GPL-2.0-or-later
// The machine, wired: hardware, firmware, monitor, and in the normal world the host with one VMM process per VM, or a
// payload.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "host/kvm/kvm.h"
#include "host/vmm/machine.h"
#include "rmm/check/invariants.h"
#include "rmm/check/model_check.h"
#include "rmm/monitor.h"
#include "sim/app/config.h"
#include "sim/app/device_aborts.h"
#include "sim/app/host_onlooker.h"
#include "sim/app/machine_state.h"
#include "sim/app/onlookers.h"
#include "sim/app/payload.h"
#include "sim/app/realm_onlooker.h"
#include "sim/app/secrets.h"
#include "sim/app/translation_checks.h"
#include "sim/app/vm_console.h"
#include "sim/cpu/cpus.h"
#include "sim/dev/entropy.h"
#include "sim/dev/journal.h"
#include "sim/firmware/attestation.h"
#include "sim/firmware/el3.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "sim/mem/ns_view.h"
#include "sim/mem/realm_view.h"
#include "sim/sched/scheduler.h"
#include "sim/trace/failed_commands.h"
#include "sim/trace/fanout.h"
#include "sim/trace/granule_history.h"
#include "sim/trace/json_trace.h"
#include "sim/trace/last_calls.h"
#include "sim/trace/statistics.h"

namespace sim::app {

// The world outside: where consoles go, what is watched, how a run is cut short.
struct Surroundings {
  std::function<void(unsigned vm, std::uint8_t byte)> console{};  // guest output
  std::function<void(std::string_view)> message{};                // what the host's log says
  Journal::LiveInput live_key{};                                  // null: no live input
  Scheduler::Pace pace{};                                         // null: idle time jumps
  std::function<void(unsigned vm)> before_teardown{};             // a VM's life is over, nothing of it is gone yet
  bool verbose = false;                                           // say each command that fails
  std::string trace_path{};                                       // empty: no trace
  bool check = false;                                             // the invariants
  bool check_model = false;                                       // the abstract model
  std::vector<Secret> secrets{};                                  // of each VM's unmeasured memory; empty: it is zero
  Onlookers* onlookers = nullptr;                                 // not with check or check_model
  bool random_schedule = false;
  Limits limits{};
};

class Machine {
 public:
  // Builds the machine and reads every file that the VMs or the payload need. Error: what is wrong with the input.
  static tl::expected<std::unique_ptr<Machine>, InputError> create(const RunConfig& config, Surroundings surroundings);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  // Runs until all VMs have ended, the payload has switched the system off, or something else stops it; may be called
  // again after kQuiescent and the limits.
  RunResult run();
  Scheduler& scheduler() { return scheduler_; }

  // Runs on until every actor is in user space, where nothing of the machine is on a stack. kQuiescent, or why not.
  RunResult quiesce();
  // A copy of everything simulated, and back. Precondition: quiesce() returned kQuiescent, or run() was never called.
  // A restored machine has the actors of that moment: those that ended since begin again at their quiescent point.
  MachineSnapshot snapshot();
  void restore(const MachineSnapshot& snapshot);
  // SHA-256 of all of it, and of DRAM + granule protection table + monitor state alone.
  std::string machine_sha256();
  std::string memory_sha256();

  // Writes the first 8 bytes of every DRAM granule once through the Non-secure view. Error: the first granule that
  // faulted.
  tl::expected<std::uint64_t, std::string> sweep();
  // What the onlookers could see of memory at the end of a run.
  void look_at_memory();
  std::uint64_t secret_granules() const { return secrets_ ? secrets_->granules() : 0; }
  void check_now();  // the whole state once more; nothing without Surroundings::check or check_model

  unsigned vm_count() const { return static_cast<unsigned>(vms_.size()); }
  const host::vmm::VmConfig& vm_config(unsigned vm) const { return vms_[vm].config; }
  const host::vmm::VmmState& vmm_state(unsigned vm) const { return state_.vmms[vm]; }
  // nullopt while the VM still runs.
  const std::optional<host::vmm::VmResult>& vm_result(unsigned vm) const { return vms_[vm].result; }
  const VmConsole& console(unsigned vm) const { return *vms_[vm].console; }
  // The VM in the host kernel; nullptr before its creation and after its end.
  const host::kvm::Vm* kvm_vm(unsigned vm) const;
  const Payload* payload() const { return payload_.get(); }  // null where VMs run
  const rmm::core::Realm* find_realm(std::string_view vm_name) const;
  const rmm::core::Realm* realm_of(unsigned vm) const;  // nullptr: it has none now
  void follow(abi::GranulePa granule) { history_.follow(granule); }
  const trace::GranuleHistory& history() const { return history_; }
  const trace::Statistics& statistics() const { return statistics_; }
  const trace::LastCalls& last_calls() const { return last_calls_; }
  const rmm::check::Findings& findings() const { return findings_; }
  const rmm::check::ModelCheck* model_check() const { return model_check_.get(); }  // null without check_model
  MachineState& state() { return state_; }
  rmm::port::Platform& platform() { return platform_; }
  // What the monitor acts on: the same, under Surroundings::check with watchers before it.
  rmm::port::Platform monitor_ports() {
    if (model_check_) return model_check_->watched_platform();
    if (realm_onlooker_) return realm_onlooker_->watched_platform();
    return invariants_ ? invariants_->watched_platform() : platform_;
  }
  host::kvm::Kvm& kvm() { return kvm_; }
  Cpus& cpus() { return cpus_; }
  El3& firmware() { return firmware_; }
  Gpt& gpt() { return gpt_; }
  Dram& dram() { return dram_; }
  // False: the trace could not be written whole.
  bool flush_trace() { return !trace_ || trace_->flush(); }

 private:
  struct Vm {
    host::vmm::VmConfig config;
    std::unique_ptr<VmConsole> console;
    std::unique_ptr<host::vmm::Vmm> vmm;
    std::optional<host::vmm::VmResult> result;
  };

  // What the host's log says goes to Surroundings::message.
  class HostLog : public host::port::Observer {
   public:
    explicit HostLog(const Surroundings& surroundings) : surroundings_(surroundings) {}
    void message(std::string_view text) override {
      if (surroundings_.message) surroundings_.message(text);
    }

   private:
    const Surroundings& surroundings_;
  };

  Machine(const RunConfig& config, Surroundings surroundings);
  tl::expected<void, InputError> open_trace();
  void observe();
  void tell_device_abort(abi::Pa rec, abi::Ipa ipa);
  // The VM whose realm has this RD.
  std::optional<unsigned> vm_of(abi::GranulePa rd) const;
  std::unique_ptr<HostOnlooker> host_onlooker();
  host::port::HostPlatform host_platform();
  void start_vm(unsigned index, host::vmm::BootPlan plan);
  tl::expected<void, InputError> load_payload(const PayloadConfig& config);
  void reset_realm_world();

  RunConfig config_;
  Surroundings surroundings_;
  MachineState state_;
  // Hardware and firmware.
  Dram dram_;
  Gpt gpt_;
  std::unique_ptr<Strategy> strategy_;
  Scheduler scheduler_;
  Journal journal_;
  SeededEntropy monitor_entropy_, host_entropy_;
  Cpus cpus_;
  RealmView realm_view_;
  NsView ns_view_;
  El3 firmware_;
  Attestation attestation_;
  // Watchers.
  trace::Statistics statistics_;
  trace::LastCalls last_calls_;
  trace::GranuleHistory history_;
  DeviceAborts device_aborts_;
  HostLog host_log_;
  std::unique_ptr<trace::JsonTrace> trace_;
  std::unique_ptr<trace::FailedCommands> failed_commands_;
  rmm::check::Findings findings_;
  std::unique_ptr<TranslationChecks> translation_checks_;
  trace::MonitorFanout monitor_observers_;
  trace::HostFanout host_observers_;
  // Software.
  rmm::port::Platform platform_;                         // the machine itself
  std::unique_ptr<rmm::check::Invariants> invariants_;   // stand between it and the monitor; null without checks
  std::unique_ptr<rmm::check::ModelCheck> model_check_;  // likewise
  std::unique_ptr<Secrets> secrets_;
  std::unique_ptr<RealmOnlooker> realm_onlooker_;
  std::unique_ptr<HostOnlooker> host_onlooker_;  // stands between firmware, Non-secure memory and the host
  rmm::Monitor monitor_;
  host::port::HostPlatform host_platform_;
  host::kvm::Kvm kvm_;
  std::deque<Vm> vms_;
  std::unique_ptr<VmConsole> payload_console_;
  std::unique_ptr<Payload> payload_;
};

}  // namespace sim::app
