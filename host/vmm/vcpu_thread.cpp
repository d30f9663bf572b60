// SPDX-License-Identifier: GPL-2.0-or-later
// One thread per vCPU: KVM_RUN, look at what came back, KVM_RUN again. Everything worth remembering is in VmmState.
#include <fmt/format.h>

#include <array>
#include <cstring>

#include "host/vmm/machine.h"
#include "host/vmm/refusal.h"

namespace host::vmm {

namespace {

using kvm::ExitReason;
using kvm::Ioctl;

// -EAGAIN means that the REC was busy or not runnable for a moment. So many in a row are a livelock.
constexpr std::uint32_t kMostAgainInARow = 1U << 16;

}  // namespace

// The state may be restored from a copy while this thread is in KVM_RUN or at its quiescent point, so nothing refers
// into it across those calls.
void Vmm::vcpu_thread(unsigned index) {
  while (!state_.stopping) {
    if (quiescent_point_) quiescent_point_(index);
    if (state_.stopping) break;
    if (!may_run(index)) continue;
    state_.vcpus[index].settled = false;
    state_.vcpus[index].in_kvm_run = true;
    const long result = kvm_.ioctl({state_.vcpus[index].fd}, Ioctl::KVM_RUN);
    state_.vcpus[index].in_kvm_run = false;
    if (!handle_return(index, result)) break;
    settle(index);
  }
  settle(index);
  state_.vcpus[index].thread_running = false;
  port_.sync.wake_all(main_queue());
}

bool Vmm::handle_return(unsigned index, long result) {
  VcpuState& vcpu = state_.vcpus[index];
  const kvm::KvmRun& run = kvm_.run({vcpu.fd});
  if (result != -kvm::kEAGAIN) vcpu.again_in_a_row = 0;
  if (result >= 0) {
    vcpu.repeat = {};
    return handle_exit(index);
  }
  if (result == -kvm::kEFAULT && run.exit_reason == ExitReason::KVM_EXIT_MEMORY_FAULT)
    return handle_memory_fault(index);
  if (result == -kvm::kEINTR) {
    ++vcpu.exits.interrupted;
    kvm_.run({vcpu.fd}).immediate_exit = 0;
    return true;
  }
  if (result == -kvm::kEAGAIN) return handle_again(index);
  return crash(fmt::format("KVM_RUN of vCPU {} failed ({}, exit reason {}).", index, errno_name(result),
                           static_cast<std::uint32_t>(run.exit_reason)));
}

bool Vmm::handle_exit(unsigned index) {
  VcpuState& vcpu = state_.vcpus[index];
  const kvm::KvmRun& run = kvm_.run({vcpu.fd});
  switch (run.exit_reason) {
    case ExitReason::KVM_EXIT_MMIO: return handle_mmio(index);
    case ExitReason::KVM_EXIT_SYSTEM_EVENT: return handle_system_event(index);
    case ExitReason::KVM_EXIT_HYPERCALL: return handle_hypercall(index);
    case ExitReason::KVM_EXIT_INTR: ++vcpu.exits.interrupted; return true;
    case ExitReason::KVM_EXIT_SHUTDOWN:
      // The realm is off already; the vCPU that made the PSCI call reports whether it was a reset.
      ++vcpu.exits.shutdown;
      return false;
    case ExitReason::KVM_EXIT_INTERNAL_ERROR:
      return crash(
          fmt::format("KVM reports an internal error on vCPU {} (suberror {}).", index, run.internal.suberror));
    case ExitReason::KVM_EXIT_UNKNOWN:
    case ExitReason::KVM_EXIT_ARM_NISV:
    case ExitReason::KVM_EXIT_MEMORY_FAULT: break;
  }
  return crash(fmt::format("vCPU {} left KVM_RUN with exit reason {}, which this VMM can't handle.", index,
                           static_cast<std::uint32_t>(run.exit_reason)));
}

bool Vmm::handle_mmio(unsigned index) {
  VcpuState& vcpu = state_.vcpus[index];
  ++vcpu.exits.mmio;
  const kvm::KvmRun::Mmio mmio = kvm_.run({vcpu.fd}).mmio;
  if (mmio.len != 1 && mmio.len != 2 && mmio.len != 4 && mmio.len != 8)
    return crash(fmt::format("KVM reports an access of {} bytes at {:#x}.", mmio.len, mmio.phys_addr));
  std::uint64_t value = 0;
  if (mmio.is_write != 0) {
    std::memcpy(&value, mmio.data.data(), mmio.len);
    bus_.write({mmio.phys_addr}, value, mmio.len);
  } else {
    value = bus_.read({mmio.phys_addr}, mmio.len);
    std::memcpy(kvm_.run({vcpu.fd}).mmio.data.data(), &value, mmio.len);
  }
  // After its last words a panicked kernel spins for ever.
  if (state_.panic.ended) {
    finish(Outcome::kPanicked, state_.panic.message);
    return false;
  }
  return true;
}

bool Vmm::handle_system_event(unsigned index) {
  ++state_.vcpus[index].exits.system_event;
  return handle_system_event_type(index, kvm_.run({state_.vcpus[index].fd}).system_event.type);
}

bool Vmm::handle_system_event_type(unsigned index, std::uint32_t type) {
  if (type == kvm::kSystemEventWakeup) {
    if (Done done = set_mp_state(index, kvm::kMpStateRunnable); !done) return crash(done.error());
    return true;
  }
  if (panic_.panicked()) {
    finish(Outcome::kPanicked, state_.panic.message);
  } else if (type == kvm::kSystemEventShutdown) {
    finish(Outcome::kPoweredOff, "");
  } else if (type == kvm::kSystemEventReset) {
    if (state_.outcome == Outcome::kRunning) state_.reset_wanted = true;
    stop_vcpus();
  } else {
    return crash(fmt::format("vCPU {} reported system event {}.", index, type));
  }
  return false;
}

bool Vmm::handle_again(unsigned index) {
  VcpuState& vcpu = state_.vcpus[index];
  ++vcpu.exits.again;
  if (++vcpu.again_in_a_row > kMostAgainInARow)
    return crash(fmt::format("KVM_RUN of vCPU {} said EAGAIN {} times in a row.", index, kMostAgainInARow));
  // Whoever holds the REC gets a chance to go on.
  port_.sync.step({"vmm_run_again", static_cast<std::uint64_t>(port_.vm) << 32 | index, rmm::port::Access::kRead});
  return true;
}

bool Vmm::crash(std::string reason) {
  finish(Outcome::kCrashed, std::move(reason));
  return false;
}

}  // namespace host::vmm
