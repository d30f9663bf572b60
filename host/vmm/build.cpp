// SPDX-License-Identifier: GPL-2.0-or-later
// From /dev/kvm to a VM that can run, in the order of kvmtool's cca branch, and back.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "host/vmm/dtb.h"
#include "host/vmm/layout.h"
#include "host/vmm/machine.h"
#include "host/vmm/refusal.h"

namespace host::vmm {

namespace {

using kvm::Fd;
using kvm::Ioctl;

tl::unexpected<std::string> refused(std::string_view call, long result) {
  return tl::unexpected(refusal(call, result));
}

}  // namespace

Vmm::Done Vmm::build() {
  for (auto step :
       {&Vmm::create_vm, &Vmm::create_memory, &Vmm::create_gic, &Vmm::create_vcpus, &Vmm::init_gic, &Vmm::init_pmu,
        &Vmm::create_realm, &Vmm::load_images, &Vmm::set_boot_registers, &Vmm::activate_realm}) {
    if (Done done = (this->*step)(); !done) return done;
  }
  return {};
}

Vmm::Done Vmm::create_vm() {
  state_.kvm_fd = kvm_.open_dev_kvm().value;
  if (state_.kvm_fd < 0) return refused("Opening /dev/kvm", state_.kvm_fd);
  const auto extension = [&](kvm::Cap cap) {
    return kvm_.ioctl({state_.kvm_fd}, Ioctl::KVM_CHECK_EXTENSION, static_cast<std::uint64_t>(cap));
  };
  if (config_.realm && extension(kvm::Cap::KVM_CAP_ARM_RMI) <= 0)
    return tl::unexpected(std::string("KVM reports no KVM_CAP_ARM_RMI: without an RMM there are no realms."));
  const std::uint64_t ipa_bits = effective_ipa_bits(config_);
  if (const long limit = extension(kvm::Cap::KVM_CAP_ARM_VM_IPA_SIZE); static_cast<long>(ipa_bits) > limit)
    return tl::unexpected(
        fmt::format("The VM needs {} IPA bits, this machine has {}: give less memory or fewer bits.", ipa_bits, limit));
  const std::uint64_t type = ipa_bits | (config_.realm ? kvm::kVmTypeRealm : 0);
  const long fd = kvm_.ioctl({state_.kvm_fd}, Ioctl::KVM_CREATE_VM, type);
  if (fd < 0) return refused("KVM_CREATE_VM", fd);
  state_.vm_fd = static_cast<int>(fd);
  return {};
}

// A realm's memslot has two backings: guest_memfd for what is private, the VMM's own mapping for what is shared.
Vmm::Done Vmm::create_memory() {
  state_.ram_hva = kvm_.user_mmap(config_.memory).value;
  kvm::UserspaceMemoryRegion2 region;
  region.guest_phys_addr = kRamBase.value;
  region.memory_size = config_.memory;
  region.userspace_addr = state_.ram_hva;
  if (config_.realm) {
    kvm::CreateGuestMemfd memfd{config_.memory, 0};
    const long fd = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_CREATE_GUEST_MEMFD, &memfd);
    if (fd < 0) return refused("KVM_CREATE_GUEST_MEMFD", fd);
    state_.memfd_fd = static_cast<int>(fd);
    region.flags = kvm::kMemGuestMemfd;
    region.guest_memfd = static_cast<std::uint32_t>(fd);
  }
  if (const long result = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_SET_USER_MEMORY_REGION2, &region); result < 0)
    return refused("KVM_SET_USER_MEMORY_REGION2", result);
  return explicit_realm() || !config_.realm ? Done{} : make_ram_private();
}

Vmm::Done Vmm::make_ram_private() {
  kvm::MemoryAttributes attributes{kRamBase.value, config_.memory, kvm::kMemoryAttributePrivate, 0};
  if (const long result = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_SET_MEMORY_ATTRIBUTES, &attributes); result < 0)
    return refused("KVM_SET_MEMORY_ATTRIBUTES", result);
  return {};
}

Vmm::Done Vmm::create_gic() {
  kvm::CreateDevice device{kvm::kDevTypeArmVgicV3, 0, 0};
  if (const long result = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_CREATE_DEVICE, &device); result < 0)
    return refused("KVM_CREATE_DEVICE for a vgic-v3", result);
  state_.gic_fd = static_cast<int>(device.fd);
  if (Done done = set_gic_attribute(kvm::kVgicGrpAddr, kvm::kVgicV3AddrTypeDist, kGicDistributor.value); !done)
    return done;
  return set_gic_attribute(kvm::kVgicGrpAddr, kvm::kVgicV3AddrTypeRedist, redistributor_base(config_.vcpus).value);
}

Vmm::Done Vmm::create_vcpus() {
  if (config_.smccc == SmcccIn::kUser) {
    if (Done done = forward_calls(); !done) return done;
  }
  for (unsigned i = 0; i < config_.vcpus; ++i) {
    const long fd = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_CREATE_VCPU, std::uint64_t{i});
    if (fd < 0) return refused(fmt::format("KVM_CREATE_VCPU for vCPU {}", i), fd);
    state_.vcpus.push_back({});
    state_.vcpus.back().fd = static_cast<int>(fd);
    if (Done done = init_vcpu(i, i != 0); !done) return done;
    state_.vcpus.back().on = i == 0 || config_.smccc == SmcccIn::kKernel;
  }
  return {};
}

// With `off` it waits for a CPU_ON.
Vmm::Done Vmm::init_vcpu(unsigned vcpu, bool off) {
  kvm::VcpuInit init;
  if (const long result = kvm_.ioctl({state_.vm_fd}, Ioctl::KVM_ARM_PREFERRED_TARGET, &init); result < 0)
    return refused("KVM_ARM_PREFERRED_TARGET", result);
  init.features[0] = 1U << kvm::kVcpuPsci02 | (off ? 1U << kvm::kVcpuPowerOff : 0U);
  if (explicit_realm()) init.features[0] |= 1U << kvm::kVcpuRec;
  if (config_.pmu) init.features[0] |= 1U << kvm::kVcpuPmuV3;
  if (const long result = kvm_.ioctl({state_.vcpus[vcpu].fd}, Ioctl::KVM_ARM_VCPU_INIT, &init); result < 0)
    return refused(fmt::format("KVM_ARM_VCPU_INIT for vCPU {}", vcpu), result);
  return {};
}

// Before the realm is made, whose parameters say how many counters it has.
Vmm::Done Vmm::init_pmu() {
  if (!config_.pmu) return {};
  const auto set = [&](unsigned vcpu, std::uint64_t attribute, std::uint64_t value) -> Done {
    kvm::DeviceAttr attr{0, kvm::kVcpuGrpPmuV3Ctrl, attribute, &value};
    const long result = kvm_.ioctl({state_.vcpus[vcpu].fd}, Ioctl::KVM_SET_DEVICE_ATTR, &attr);
    if (result < 0)
      return refused(fmt::format("KVM_SET_DEVICE_ATTR of the PMU (attribute {}) for vCPU {}", attribute, vcpu), result);
    return {};
  };
  for (unsigned i = 0; i < config_.vcpus; ++i) {
    if (Done done = set(i, kvm::kVcpuPmuV3SetNrCounters, *config_.pmu); !done) return done;
    if (Done done = set(i, kvm::kVcpuPmuV3Irq, kPmuInterrupt); !done) return done;
    if (Done done = set(i, kvm::kVcpuPmuV3Init, 0); !done) return done;
  }
  return {};
}

// Only now does the vgic know how many redistributors it has.
Vmm::Done Vmm::init_gic() {
  if (Done done = set_gic_attribute(kvm::kVgicGrpNrIrqs, 0, kNumInterrupts); !done) return done;
  return set_gic_attribute(kvm::kVgicGrpCtrl, kvm::kVgicCtrlInit, 0);
}

Vmm::Done Vmm::set_gic_attribute(std::uint32_t group, std::uint64_t attribute, std::uint64_t value) {
  kvm::DeviceAttr attr{0, group, attribute, &value};
  const long result = kvm_.ioctl({state_.gic_fd}, Ioctl::KVM_SET_DEVICE_ATTR, &attr);
  if (result < 0) return refused(fmt::format("KVM_SET_DEVICE_ATTR of the vgic (group {})", group), result);
  return {};
}

// In address order, because the order is part of a realm's initial measurement.
Vmm::Done Vmm::load_images() {
  LoadPiece tree;
  if (plan_.layout.has_dtb) {
    std::array<std::byte, kRngSeedSize> seed{};
    if (config_.rng_seed) port_.entropy.fill(seed);
    tree = {"device tree", plan_.layout.dtb, device_tree(config_, plan_, seed), config_.measure_dtb};
  }
  bool tree_waits = plan_.layout.has_dtb;
  for (const LoadPiece& piece : plan_.pieces) {
    if (tree_waits && tree.ipa < piece.ipa) {
      tree_waits = false;
      if (Done done = load(tree); !done) return done;
    }
    if (Done done = load(piece); !done) return done;
  }
  return tree_waits ? load(tree) : Done{};
}

Vmm::Done Vmm::load(const LoadPiece& piece) {
  if (config_.realm && !explicit_realm()) return populate(piece);
  const kvm::Hva to{state_.ram_hva + (piece.ipa - kRamBase)};
  if (const long result = kvm_.user_write(to, piece.bytes); result < 0)
    return refused(fmt::format("Copying the {} into guest memory", piece.what), result);
  return explicit_realm() ? populate_in_place(piece) : Done{};
}

Vmm::Done Vmm::set_boot_registers() {
  std::vector<std::uint64_t> x = config_.registers;
  if (plan_.layout.has_dtb) x = {plan_.layout.dtb.value, 0, 0, 0};  // booting.rst: X1 to X3 are zero
  for (unsigned i = 0; i < x.size(); ++i) {
    if (Done done = set_register(0, i, x[i]); !done) return done;
  }
  return set_register(0, kvm::kCoreRegPc, plan_.entry.value);
}

Vmm::Done Vmm::set_register(unsigned vcpu, unsigned index, std::uint64_t value) {
  kvm::OneReg reg{kvm::arm_core_reg(index), &value};
  const long result = kvm_.ioctl({state_.vcpus[vcpu].fd}, Ioctl::KVM_SET_ONE_REG, &reg);
  if (result < 0) return refused(fmt::format("KVM_SET_ONE_REG of core register {}", index), result);
  return {};
}

// What the end of the process would do: every descriptor closed, every mapping gone.
void Vmm::teardown() {
  const auto close = [&](int& fd) {
    if (fd >= 0) kvm_.close({fd});
    fd = -1;
  };
  for (VcpuState& vcpu : state_.vcpus) close(vcpu.fd);
  close(state_.gic_fd);
  close(state_.vm_fd);
  close(state_.memfd_fd);
  if (state_.ram_hva != 0) kvm_.user_munmap({state_.ram_hva}, config_.memory);
  state_.ram_hva = 0;
  close(state_.kvm_fd);
}

}  // namespace host::vmm
