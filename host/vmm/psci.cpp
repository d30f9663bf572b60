// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI 1.1 in user space (DEN0022). A vCPU that is off stays out of KVM_RUN: ioctls on it would wait for ever for one
// that sleeps there.
//
// For a realm the monitor decides: the VMM only names the target (KVM_ARM_VCPU_RMI_PSCI_COMPLETE on the caller's
// descriptor), before either vCPU runs again (R3). The monitor may know before the VMM that the target went off, so
// CPU_ON looks at a target that is out of KVM_RUN, with its last exit handled.
#include <fmt/format.h>

#include <array>
#include <optional>

#include "host/vmm/layout.h"
#include "host/vmm/machine.h"
#include "host/vmm/refusal.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/types.h"

namespace host::vmm {

namespace {

using namespace abi::v1_0;
using kvm::Ioctl;

constexpr std::uint64_t kAffinityMask = 0xff'00ff'ffff;
constexpr std::uint64_t kAffinityOn = 0, kAffinityOff = 1;
constexpr std::uint64_t kNoMigration = 2;  // MIGRATE_INFO_TYPE: no trusted OS that would have to migrate

std::uint64_t raw(PsciStatus status) { return static_cast<std::uint64_t>(status); }

std::optional<unsigned> vcpu_at(std::uint64_t mpidr, unsigned vcpus) {
  for (unsigned i = 0; i < vcpus; ++i) {
    if (mpidr_of(i).value == (mpidr & kAffinityMask)) return i;
  }
  return std::nullopt;
}

PsciStatus features(std::uint64_t function) {
  switch (function) {
    case kPsciVersion:
    case kPsciCpuSuspend32:
    case kPsciCpuSuspend:
    case kPsciCpuOff:
    case kPsciCpuOn32:
    case kPsciCpuOn:
    case kPsciAffinityInfo32:
    case kPsciAffinityInfo:
    case kPsciMigrateInfoType:
    case kPsciSystemOff:
    case kPsciSystemReset:
    case kPsciFeatures:
    case kSmcccVersion: return PsciStatus::kSuccess;
    default: return PsciStatus::kNotSupported;
  }
}

}  // namespace

bool Vmm::psci_call(unsigned index, std::uint32_t function) {
  // From here on the caller's own power state is known: it is on, and only it can turn itself off.
  if (function == kPsciCpuOff) return cpu_off(index);
  settle(index);
  std::array<std::uint64_t, 4> x{};
  for (unsigned i = 1; i < x.size(); ++i) {
    const auto value = get_register(index, i);
    if (!value) return crash(value.error());
    x[i] = (function & 0x4000'0000U) != 0 ? *value : *value & 0xffff'ffff;
  }
  switch (function) {
    case kPsciVersion: return answer(index, kPsciVersion11);
    case kPsciFeatures: return answer(index, raw(features(x[1])));
    case kPsciMigrateInfoType: return answer(index, kNoMigration);
    case kPsciCpuSuspend32:
    case kPsciCpuSuspend: return cpu_suspend(index);
    case kPsciCpuOn32:
    case kPsciCpuOn: return cpu_on(index, x[1], x[2], x[3]);
    case kPsciAffinityInfo32:
    case kPsciAffinityInfo: return affinity_info(index, x[1], x[2]);
    case kPsciSystemOff: return handle_system_event_type(index, kvm::kSystemEventShutdown);
    case kPsciSystemReset: return handle_system_event_type(index, kvm::kSystemEventReset);
    default: return answer(index, raw(PsciStatus::kNotSupported));
  }
}

// A realm's monitor takes the results of CPU_ON and AFFINITY_INFO from the completion and ignores X0.
bool Vmm::answer(unsigned index, std::uint64_t x0) {
  if (Done done = set_register(index, 0, x0); !done) return crash(done.error());
  return true;
}

bool Vmm::cpu_on(unsigned index, std::uint64_t mpidr, std::uint64_t entry, std::uint64_t context) {
  const auto target = vcpu_at(mpidr, config_.vcpus);
  if (!target) return answer(index, raw(PsciStatus::kInvalidParameters));
  if (*target == index) return answer(index, raw(PsciStatus::kAlreadyOn));
  const rmm::port::LockGuard lock(port_.sync, state_.psci_lock, "psci_lock", port_.vm);
  hold(*target);
  const bool was_on = state_.vcpus[*target].on;
  Done done;
  if (config_.realm) done = complete(index, *target);
  if (done && !was_on) done = start(*target, entry, context);
  release(*target);
  if (!done) return crash(done.error());
  return answer(index, raw(was_on ? PsciStatus::kAlreadyOn : PsciStatus::kSuccess));
}

Vmm::Done Vmm::complete(unsigned caller, unsigned target) {
  kvm::RmiPsciComplete args;
  args.target_mpidr = mpidr_of(target).value;
  args.psci_status = static_cast<std::uint32_t>(PsciStatus::kSuccess);
  const long result = kvm_.ioctl({state_.vcpus[caller].fd}, Ioctl::KVM_ARM_VCPU_RMI_PSCI_COMPLETE, &args);
  if (result < 0)
    return tl::unexpected(
        refusal(fmt::format("KVM_ARM_VCPU_RMI_PSCI_COMPLETE of vCPU {} for vCPU {}", caller, target), result));
  return {};
}

// A REC's registers are the monitor's: it has set them already.
Vmm::Done Vmm::start(unsigned target, std::uint64_t entry, std::uint64_t context) {
  if (!config_.realm) {
    if (Done done = init_vcpu(target, false); !done) return done;
    if (Done done = set_register(target, kvm::kCoreRegPc, entry); !done) return done;
    if (Done done = set_register(target, 0, context); !done) return done;
  }
  if (Done done = set_mp_state(target, kvm::kMpStateRunnable); !done) return done;
  state_.vcpus[target].on = true;
  return {};
}

Vmm::Done Vmm::set_mp_state(unsigned vcpu, std::uint32_t mp_state) {
  kvm::MpState state{mp_state};
  if (const long result = kvm_.ioctl({state_.vcpus[vcpu].fd}, Ioctl::KVM_SET_MP_STATE, &state); result < 0)
    return tl::unexpected(refusal(fmt::format("KVM_SET_MP_STATE {} of vCPU {}", mp_state, vcpu), result));
  return {};
}

bool Vmm::cpu_off(unsigned index) {
  if (Done done = set_mp_state(index, kvm::kMpStateStopped); !done) return crash(done.error());
  state_.vcpus[index].on = false;
  return answer(index, raw(PsciStatus::kSuccess));  // nobody sees it: CPU_ON starts from reset
}

// Any power state is a standby: the next KVM_RUN waits for an interrupt and reports KVM_SYSTEM_EVENT_WAKEUP.
bool Vmm::cpu_suspend(unsigned index) {
  if (Done done = set_mp_state(index, kvm::kMpStateSuspended); !done) return crash(done.error());
  return answer(index, raw(PsciStatus::kSuccess));
}

bool Vmm::affinity_info(unsigned index, std::uint64_t affinity, std::uint64_t level) {
  if (config_.realm) {
    const auto target = level == 0 ? vcpu_at(affinity, config_.vcpus) : std::nullopt;
    if (!target) return answer(index, raw(PsciStatus::kInvalidParameters));
    if (Done done = complete(index, *target); !done) return crash(done.error());
    return answer(index, raw(PsciStatus::kSuccess));
  }
  if (level > 3) return answer(index, raw(PsciStatus::kInvalidParameters));
  // Affinity fields below the level don't count; Aff3 is apart from the others.
  const std::uint64_t mask = kAffinityMask & ~(level == 3 ? 0xff'ffffULL : (1ULL << (8 * level)) - 1);
  bool found = false;
  for (unsigned i = 0; i < config_.vcpus; ++i) {
    if ((mpidr_of(i).value & mask) != (affinity & mask)) continue;
    found = true;
    if (state_.vcpus[i].on) return answer(index, kAffinityOn);
  }
  return answer(index, found ? kAffinityOff : raw(PsciStatus::kInvalidParameters));
}

// False: the thread waited, and is to look again at everything that its loop looks at.
bool Vmm::may_run(unsigned vcpu) {
  const auto runs = [&] { return state_.vcpus[vcpu].on && !state_.vcpus[vcpu].held; };
  if (runs()) return true;
  rmm::port::WaitQueue& queue = state_.vcpus[vcpu].power;
  port_.sync.wait(queue, {"vmm_vcpu_off", static_cast<std::uint64_t>(port_.vm) << 32 | vcpu, rmm::port::Access::kWait});
  return false;
}

// Returns when the vCPU is out of KVM_RUN and its last exit can't have been a CPU_OFF that waits; it stays out until
// release(). No lock is needed for a vCPU to settle.
void Vmm::hold(unsigned vcpu) {
  state_.vcpus[vcpu].held = true;
  interrupt(state_.vcpus[vcpu]);
  while (!state_.vcpus[vcpu].settled) {
    port_.sync.wait(state_.vcpus[vcpu].power,
                    {"vmm_vcpu_hold", static_cast<std::uint64_t>(port_.vm) << 32 | vcpu, rmm::port::Access::kWait});
  }
}

void Vmm::release(unsigned vcpu) {
  state_.vcpus[vcpu].held = false;
  port_.sync.wake_all(state_.vcpus[vcpu].power);
}

void Vmm::settle(unsigned vcpu) {
  if (state_.vcpus[vcpu].settled) return;
  state_.vcpus[vcpu].settled = true;
  if (state_.vcpus[vcpu].held) port_.sync.wake_all(state_.vcpus[vcpu].power);
}

}  // namespace host::vmm
