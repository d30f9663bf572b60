// SPDX-License-Identifier: GPL-2.0-or-later
// SMCCC calls that KVM passes on: PSCI, and the services that a hypervisor's vendor defines, which a realm reaches by
// RSI_HOST_CALL. Arguments and results are in X0 and up of the vCPU (KVM_{GET,SET}_ONE_REG).
#include "host/vmm/hypercall.h"

#include <fmt/format.h>

#include <array>

#include "host/vmm/machine.h"
#include "host/vmm/refusal.h"
#include "rmm/abi/smc.h"

namespace host::vmm {

namespace {

using kvm::Ioctl;

struct Functions {
  std::uint32_t base, count;
  bool contains(std::uint32_t function) const { return function - base < count; }
};
// Arm DEN0028: owner 4 (Standard Secure Services) begins with PSCI, owner 6 is the vendor specific hypervisor's.
constexpr Functions kPsci32{0x8400'0000, 0x20}, kPsci64{0xC400'0000, 0x20}, kVendorHyp32{0x8600'0000, 0x10000},
    kVendorHyp64{0xC600'0000, 0x10000};

}  // namespace

Vmm::Done Vmm::forward_calls() {
  for (const Functions& functions : {kPsci32, kPsci64, kVendorHyp32, kVendorHyp64}) {
    kvm::SmcccFilter filter;
    filter.base = functions.base;
    filter.nr_functions = functions.count;
    filter.action = static_cast<std::uint8_t>(kvm::SmcccAction::kForwardToUser);
    kvm::DeviceAttr attribute{.group = kvm::kVmGrpSmcccCtrl, .attr = kvm::kVmSmcccFilter, .smccc_filter = &filter};
    if (const long result = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_SET_DEVICE_ATTR, &attribute); result < 0)
      return tl::unexpected(refusal(fmt::format("KVM_ARM_VM_SMCCC_FILTER for {:#x}", functions.base), result));
  }
  return {};
}

tl::expected<std::uint64_t, std::string> Vmm::get_register(unsigned vcpu, unsigned index) {
  std::uint64_t value = 0;
  kvm::OneReg reg{kvm::arm_core_reg(index), &value};
  const long result = kvm_.ioctl({state_.vcpus[vcpu].fd}, Ioctl::KVM_GET_ONE_REG, &reg);
  if (result < 0) return tl::unexpected(refusal(fmt::format("KVM_GET_ONE_REG of core register {}", index), result));
  return value;
}

bool Vmm::handle_hypercall(unsigned index) {
  ++state_.vcpus[index].exits.hypercall;
  const std::uint64_t nr = kvm_.run({state_.vcpus[index].fd}).hypercall.nr;
  const auto function = static_cast<std::uint32_t>(nr);
  if (kPsci32.contains(function) || kPsci64.contains(function)) return psci_call(index, function);
  settle(index);
  std::array<std::uint64_t, 4> results{abi::kSmcNotSupported, 0, 0, 0};
  std::size_t count = 1;
  if (function == kHypervisorUid) {
    results = kVmmUid;
    count = results.size();
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (Done done = set_register(index, static_cast<unsigned>(i), results[i]); !done) return crash(done.error());
  }
  return true;
}

}  // namespace host::vmm
