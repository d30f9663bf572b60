// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/host.h"

#include <bit>

#include "host/kvm/vcpu_requests.h"

namespace host::kvm {

VmVgic::VmVgic(Host& host, Vm& vm)
    : host_(host), vm_(vm), vgic_(vm.vgic, host.port.sync, *this, step_object(StepObject::kVgic, vm)) {}

void VmVgic::vgic_kick(unsigned vcpu) {
  if (vcpu >= vm_.vcpus.size()) return;
  kvm_make_request(host_, vm_.vcpus[vcpu], KVM_REQ_IRQ_PENDING);
  kvm_vcpu_kick(host_, vm_.vcpus[vcpu]);
}

void VmVgic::vgic_irq_event(unsigned vcpu, std::uint32_t intid, std::string_view what) {
  if (host_.port.observer != nullptr) host_.port.observer->irq(vm_.index, vcpu, intid, what);
}

abi::Vmid vmid_reserve(KvmState& state) {
  for (std::size_t word = 0; word < state.vmids.size(); ++word) {
    if (state.vmids[word] == ~0ULL) continue;
    const auto bit = static_cast<unsigned>(std::countr_one(state.vmids[word]));
    state.vmids[word] |= 1ULL << bit;
    return {static_cast<std::uint16_t>(word * 64 + bit)};
  }
  return {0};
}

void vmid_release(KvmState& state, abi::Vmid vmid) { state.vmids[vmid.value / 64] &= ~(1ULL << (vmid.value % 64)); }

}  // namespace host::kvm
