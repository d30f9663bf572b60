// SPDX-License-Identifier: GPL-2.0-or-later
// State of one vCPU (struct kvm_vcpu and its arch part).
#pragma once

#include <array>
#include <cstdint>
#include <tuple>
#include <vector>

#include "host/kvm/arch_timer.h"
#include "host/kvm/realm.h"
#include "host/kvm/uapi.h"
#include "host/port/guest_cpu.h"
#include "host/port/threads.h"
#include "rmm/port/sync.h"

namespace host::kvm {

// vcpu->mode: tells a kicker whether an IPI is needed.
enum class VcpuMode : std::uint8_t { kOutsideGuestMode, kInGuestMode };

// vcpu->requests
inline constexpr std::uint32_t KVM_REQ_SLEEP = 1U << 0;
inline constexpr std::uint32_t KVM_REQ_VCPU_RESET = 1U << 1;
inline constexpr std::uint32_t KVM_REQ_IRQ_PENDING = 1U << 2;
inline constexpr std::uint32_t KVM_REQ_UNBLOCK = 1U << 3;
inline constexpr std::uint32_t KVM_REQ_SUSPEND = 1U << 4;

// Where a vCPU restarts after PSCI CPU_ON.
struct VcpuResetState {
  bool reset = false;
  std::uint64_t pc = 0;
  std::uint64_t r0 = 0;
  auto members() { return std::tie(reset, pc, r0); }
};

// The last exception to EL2 of this vCPU (kvm_vcpu_fault_info).
struct VcpuFault {
  std::uint64_t esr_el2 = 0;
  std::uint64_t far_el2 = 0;
  std::uint64_t hpfar_el2 = 0;
  bool hpfar_valid = false;
  auto members() { return std::tie(esr_el2, far_el2, hpfar_el2, hpfar_valid); }
};

// struct kvm_pmu, of a realm's vCPU.
struct VcpuPmu {
  std::uint32_t irq_num = 0;  // 0: not chosen
  bool created = false;
  bool irq_level = false;
  auto members() { return std::tie(irq_num, created, irq_level); }
};

struct Vcpu {
  std::uint32_t vm = 0;
  std::uint32_t vcpu_id = 0;  // also its index: the VMM creates vCPUs in ascending order
  abi::Mpidr mpidr;
  rmm::port::Lock mutex;
  rmm::port::Lock mp_state_lock;
  rmm::port::Shared<std::uint32_t> mp_state{kMpStateRunnable};
  rmm::port::Shared<std::uint32_t> requests{0};
  rmm::port::Shared<VcpuMode> mode{VcpuMode::kOutsideGuestMode};
  rmm::port::Shared<bool> signal_pending{false};  // a signal for the thread; delivered when KVM_RUN returns
  rmm::port::WaitQueue wait;
  rmm::port::WaitQueue ipi_taken;  // whoever kicked it with KVM_REQUEST_WAIT
  std::uint32_t ipi_waiters = 0;
  port::PeId pe;                    // of the thread that runs it
  std::uint64_t guest_time_ns = 0;  // virtual time that counts as the guest's (vtime of its thread)

  bool initialized = false;  // KVM_ARM_VCPU_INIT
  std::uint32_t features = 0;
  bool has_run_once = false;
  bool power_off_at_init = false;
  VcpuResetState reset_state;
  std::vector<abi::GranulePa> mmu_page_cache;

  // Registers of a REC as the host last saw or set them; a plain VM's live in its GuestCpu.
  std::array<std::uint64_t, 31> regs{};
  std::uint64_t pc = 0;
  port::GuestCpuId guest_cpu;

  VcpuFault fault;
  bool mmio_needed = false;  // a KVM_EXIT_MMIO waits for its completion
  bool ext_dabt_pending = false;
  KvmRun run;
  RealmRec rec;
  VcpuTimers timers;
  VcpuPmu pmu;

  auto members() {
    return std::tie(
        vm, vcpu_id, mpidr.value, mutex, mp_state_lock, mp_state, requests, mode, signal_pending, wait, ipi_taken,
        ipi_waiters, pe.value, guest_time_ns, initialized, features, has_run_once, power_off_at_init, reset_state,
        mmu_page_cache, regs, pc, guest_cpu.value, fault, mmio_needed, ext_dabt_pending, run.immediate_exit,
        run.exit_reason, run.mmio.phys_addr, run.mmio.data, run.mmio.len, run.mmio.is_write, run.memory_fault.flags,
        run.memory_fault.gpa, run.memory_fault.size, run.system_event.type, run.system_event.flags, run.hypercall.nr,
        run.hypercall.args, run.hypercall.ret, run.hypercall.flags, run.internal.suberror, rec, timers, pmu);
  }
};

}  // namespace host::kvm
