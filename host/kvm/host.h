// SPDX-License-Identifier: GPL-2.0-or-later
// What every function of this folder acts on: the state, the machine, and the two gates with failure hooks.
#pragma once

#include "host/kvm/kvm_state.h"
#include "host/kvm/page_alloc.h"
#include "host/kvm/rmi_cmds.h"
#include "host/kvm/vgic/vgic.h"
#include "host/port/host_platform.h"

namespace host::kvm {

struct Host {
  KvmState& state;
  port::HostPlatform& port;
  PageAllocator& pages;
  RmiCmds& rmi;
};

// Step objects: what a lock or a shared value belongs to. Stable over runs, distinct from physical addresses.
enum class StepObject : std::uint8_t {
  kSlotsLock = 0x80,
  kConfigLock,
  kMmuLock,
  kVcpuMutex,
  kMpStateLock,
  kMpState,
  kRequests,
  kMode,
  kSignal,
  kWait,
  kVgic,
  kMmuInvalidate,
  kRealmState,
  kRunPage,
  kMemoryAttributes,
  kVmLock,
};
constexpr std::uint64_t step_object(StepObject kind, std::uint32_t vm, std::uint32_t vcpu = 0) {
  return (static_cast<std::uint64_t>(kind) << 56) | (static_cast<std::uint64_t>(vm) << 24) | vcpu;
}
inline std::uint64_t step_object(StepObject kind, const Vm& vm) { return step_object(kind, vm.index); }
inline std::uint64_t step_object(StepObject kind, const Vcpu& vcpu) { return step_object(kind, vcpu.vm, vcpu.vcpu_id); }

inline Vm& vm_of(Host& host, const Vcpu& vcpu) { return host.state.vms[vcpu.vm]; }
inline bool vcpu_is_rec(Host& host, const Vcpu& vcpu) { return vm_of(host, vcpu).is_realm; }

// A VM's vgic with its kicks wired to the vCPUs; made where it is used.
class VmVgic final : private VgicHost {
 public:
  VmVgic(Host& host, Vm& vm);
  Vgic* operator->() { return &vgic_; }
  Vgic& operator*() { return vgic_; }

 private:
  void vgic_kick(unsigned vcpu) override;
  void vgic_irq_event(unsigned vcpu, std::uint32_t intid, std::string_view what) override;
  Host& host_;
  Vm& vm_;
  Vgic vgic_;
};

// The lowest free VMID, marked used; 0 when there is none.
abi::Vmid vmid_reserve(KvmState& state);
void vmid_release(KvmState& state, abi::Vmid vmid);

}  // namespace host::kvm
