// SPDX-License-Identifier: GPL-2.0-or-later
// One VMM process: builds a VM over KVM's user-space interface, runs its vCPU threads, and takes it down again. It does
// what kvmtool does and reaches KVM only through KvmSystem.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/kvm/uapi.h"
#include "host/port/console.h"
#include "host/port/observer.h"
#include "host/port/threads.h"
#include "host/vmm/boot_plan.h"
#include "host/vmm/config.h"
#include "host/vmm/devices/bus.h"
#include "host/vmm/devices/guest_memory.h"
#include "host/vmm/devices/panic_watch.h"
#include "host/vmm/devices/pl011.h"
#include "host/vmm/devices/virtio_mmio.h"
#include "host/vmm/devices/virtio_rng.h"
#include "host/vmm/state.h"
#include "rmm/abi/addr.h"
#include "rmm/port/sync.h"

namespace host::vmm {

// What a VMM process may ask of its surroundings beside KVM.
struct VmmPort {
  rmm::port::Sync& sync;
  port::Threads& threads;
  port::Console& console;
  port::HostEntropy& entropy;
  port::Observer* observer = nullptr;
  unsigned vm = 0;  // index of this VM in observer calls
};

struct VmResult {
  Outcome outcome = Outcome::kRunning;
  std::string reason;        // empty for a plain power-off
  std::uint32_t resets = 0;  // resets that were carried out
  VcpuExits exits;           // of all vCPUs, all lives of the VM
};

class Vmm {
 public:
  // `state` must outlive the Vmm and be fresh. `plan` comes from plan_boot(config).
  Vmm(VmmState& state, kvm::KvmSystem& kvm, VmmPort port, VmConfig config, BootPlan plan);
  Vmm(const Vmm&) = delete;
  Vmm& operator=(const Vmm&) = delete;

  // The main thread of the VMM process: blocks the calling actor until the VM is over. It spawns the vCPU threads,
  // feeds console input, carries out resets, and closes every file descriptor before it returns.
  VmResult run();

  // Any actor: the VM ends with Outcome::kStopped (or the given one) as soon as its vCPU threads have left KVM_RUN.
  void request_stop(std::string reason, Outcome outcome = Outcome::kStopped);

  // Called by each vCPU thread at the top of its KVM_RUN loop, with the vCPU's index. At that moment the thread holds
  // no lock and nothing on its stack that VmmState doesn't hold.
  void set_quiescent_point(std::function<void(unsigned)> callback) { quiescent_point_ = std::move(callback); }

  // Called on the main thread when a life of the VM is over (power-off, reset, failure) and before anything of it is
  // taken down: the last moment at which realm, RECs and tables can be looked at.
  void set_before_teardown(std::function<void()> callback) { before_teardown_ = std::move(callback); }

  // The realm touched `ipa` and took an abort that never reached KVM (its RIPAS is EMPTY, so the abort went to the
  // realm). If a device lives there, says once that devices answer on the shared alias. For an observer of the monitor.
  void guest_abort_at(abi::Ipa ipa);

  const VmConfig& config() const { return config_; }
  const VmmState& state() const { return state_; }

 private:
  using Done = tl::expected<void, std::string>;  // the error is a sentence that names the refused call

  // machine.cpp: the main thread
  bool vcpus_running() const;
  void start_vcpus();
  void main_loop();
  rmm::port::WaitQueue& main_queue();
  void stop_vcpus();
  void interrupt(const VcpuState& vcpu);
  void finish(Outcome outcome, std::string reason);
  bool prepare_reset();
  void message(const std::string& text);
  void set_irq(std::uint32_t spi, bool level);

  // build.cpp: from /dev/kvm to a VM that can run, and back
  Done build();
  Done create_vm();
  Done create_memory();
  Done make_ram_private();
  Done create_gic();
  Done create_vcpus();
  Done init_vcpu(unsigned vcpu, bool off);
  Done init_gic();
  Done init_pmu();
  Done load_images();
  Done load(const LoadPiece& piece);
  Done set_boot_registers();
  Done set_register(unsigned vcpu, unsigned index, std::uint64_t value);
  Done set_gic_attribute(std::uint32_t group, std::uint64_t attribute, std::uint64_t value);
  void teardown();

  // realm.cpp: bringing a realm to life
  bool explicit_realm() const;
  Done create_realm();
  Done populate(const LoadPiece& piece);
  Done populate_in_place(const LoadPiece& piece);
  Done activate_realm();
  Done rme_action(kvm::RmeAction action, std::string_view what, std::span<const std::byte> argument);

  // vcpu_thread.cpp: the KVM_RUN loop. Handlers return false when the thread is to leave the loop.
  void vcpu_thread(unsigned index);
  bool handle_return(unsigned index, long result);
  bool handle_exit(unsigned index);
  bool handle_mmio(unsigned index);
  bool handle_system_event(unsigned index);
  bool handle_system_event_type(unsigned index, std::uint32_t type);
  bool handle_again(unsigned index);
  bool crash(std::string reason);

  // hypercall.cpp: SMCCC calls that KVM passes on
  Done forward_calls();
  bool handle_hypercall(unsigned index);
  tl::expected<std::uint64_t, std::string> get_register(unsigned vcpu, unsigned index);

  // psci.cpp: PSCI in user space, and which vCPU may run
  bool psci_call(unsigned index, std::uint32_t function);
  bool answer(unsigned index, std::uint64_t x0);
  bool cpu_on(unsigned index, std::uint64_t mpidr, std::uint64_t entry, std::uint64_t context);
  bool cpu_off(unsigned index);
  bool cpu_suspend(unsigned index);
  bool affinity_info(unsigned index, std::uint64_t affinity, std::uint64_t level);
  Done complete(unsigned caller, unsigned target);
  Done start(unsigned target, std::uint64_t entry, std::uint64_t context);
  Done set_mp_state(unsigned vcpu, std::uint32_t mp_state);
  void hold(unsigned vcpu);
  void release(unsigned vcpu);
  void settle(unsigned vcpu);
  bool may_run(unsigned vcpu);

  // memory_fault.cpp: KVM_EXIT_MEMORY_FAULT
  bool handle_memory_fault(unsigned index);
  bool repeats_too_often(unsigned index);
  Done convert(std::uint64_t gpa, std::uint64_t size, bool to_private);

  VmmState& state_;
  kvm::KvmSystem& kvm_;
  VmmPort port_;
  VmConfig config_;
  BootPlan plan_;
  std::function<void(unsigned)> quiescent_point_;
  std::function<void()> before_teardown_;
  SlotMemory memory_;
  PanicWatch panic_;
  Pl011 pl011_;
  VirtioRng rng_;
  VirtioMmio entropy_;
  Bus bus_;
};

}  // namespace host::vmm
