// SPDX-License-Identifier: GPL-2.0-or-later
// Everything a VMM process remembers about its VM, as values: file descriptors are numbers, addresses are numbers. The
// vCPU threads keep nothing on their stacks between two turns of the KVM_RUN loop.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "host/vmm/devices/bus.h"
#include "host/vmm/devices/panic_watch.h"
#include "host/vmm/devices/pl011.h"
#include "host/vmm/devices/virtio_mmio.h"
#include "rmm/abi/addr.h"
#include "rmm/port/sync.h"

namespace host::vmm {

enum class Outcome : std::uint8_t {
  kRunning,
  kPoweredOff,  // PSCI SYSTEM_OFF
  kPanicked,    // the guest kernel printed its panic message
  kCrashed,     // `reason` says why: a refused ioctl, an exit nobody can handle, a guest that makes no progress
  kResetLimit,  // one reset more than the configuration allows
  kStopped,     // the application asked
};

// Names the outcome as messages and --json use it: "powered_off", "panicked", ...
const char* to_string(Outcome outcome);

// Tells a memory fault that is answered again and again without effect from one that makes progress.
struct FaultRepeat {
  std::uint64_t gpa = 0, size = 0, flags = 0;
  std::uint32_t count = 0;
  auto members() { return std::tie(gpa, size, flags, count); }
};

// Exits of a vCPU as the VMM saw them.
struct VcpuExits {
  std::uint64_t mmio = 0, memory_fault = 0, hypercall = 0, system_event = 0, shutdown = 0, interrupted = 0, again = 0;
  // Adds the exits of another vCPU, or of an earlier life of this one.
  void add(const VcpuExits& other);
  auto members() { return std::tie(mmio, memory_fault, hypercall, system_event, shutdown, interrupted, again); }
};

struct VcpuState {
  int fd = -1;
  bool thread_running = false;
  bool in_kvm_run = false;  // a signal makes sense only then; otherwise the loop's top sees `stopping`
  // PSCI in user space (psci.cpp). With PSCI in the kernel a vCPU is always on here and sleeps in KVM_RUN.
  bool on = true;
  bool settled = true;         // `on` holds: the vCPU is not in KVM_RUN, and no CPU_OFF of it waits to be handled
  bool held = false;           // stays out of KVM_RUN while another vCPU's call looks at it
  rmm::port::WaitQueue power;  // of its own thread while it is off or held, and of those who wait for it to settle
  FaultRepeat repeat;
  std::uint32_t again_in_a_row = 0;
  VcpuExits exits;
  auto members() {
    return std::tie(fd, thread_running, in_kvm_run, on, settled, held, power, repeat, again_in_a_row, exits);
  }
};

struct VmmState {
  int kvm_fd = -1, vm_fd = -1, memfd_fd = -1, gic_fd = -1;
  std::uint64_t ram_hva = 0;  // user mapping of the memslot; 0 = none
  std::vector<VcpuState> vcpus;
  rmm::port::Lock psci_lock;  // one CPU_ON at a time
  BusState bus;
  Pl011State pl011;
  VirtioMmioState entropy;
  PanicWatchState panic;
  Outcome outcome = Outcome::kRunning;
  std::string reason;         // with kPanicked, kCrashed, kResetLimit, kStopped
  bool stopping = false;      // vCPU threads leave at the top of their loop
  bool reset_wanted = false;  // the guest asked for a reset; the main thread rebuilds the VM
  bool hint_given = false;    // the message about device addresses and the shared alias was printed
  std::uint32_t resets = 0;
  rmm::port::WaitQueue main_thread;  // without a console the main thread waits here
  VcpuExits exits;                   // of vCPUs before the last reset

  auto members() {
    return std::tie(kvm_fd, vm_fd, memfd_fd, gic_fd, ram_hva, vcpus, psci_lock, bus, pl011, entropy, panic, outcome,
                    reason, stopping, reset_wanted, hint_given, resets, main_thread, exits);
  }
};

}  // namespace host::vmm
