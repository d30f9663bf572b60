// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/mmio.h"

#include <cstring>

#include "host/kvm/fault_info.h"
#include "host/kvm/inject_fault.h"
#include "host/kvm/rec_run.h"
#include "host/kvm/vcpu_regs.h"

namespace host::kvm {
namespace {

std::uint64_t truncate(std::uint64_t value, unsigned len) {
  return len >= 8 ? value : value & ((1ULL << (8 * len)) - 1);
}

std::uint64_t load_result(const Vcpu& vcpu, unsigned len) {
  std::uint64_t data = 0;
  std::memcpy(&data, vcpu.run.mmio.data.data(), len);
  if (kvm_vcpu_dabt_issext(vcpu) && len < 8) {
    const std::uint64_t sign = 1ULL << (8 * len - 1);
    data = (data ^ sign) - sign;
  }
  // A REC's syndrome hides the width of its register: the monitor extends and cuts the value itself.
  return kvm_vcpu_dabt_issf(vcpu) || len == 8 ? data : data & 0xffffffffULL;
}

}  // namespace

int kvm_handle_mmio_return(Host& host, Vcpu& vcpu) {
  // Nothing waits, or KVM_SET_VCPU_EVENTS answered the access with an abort.
  if (!vcpu.mmio_needed || vcpu.ext_dabt_pending) {
    vcpu.mmio_needed = false;
    return 1;
  }
  vcpu.mmio_needed = false;
  const bool rec = vcpu_is_rec(host, vcpu);
  if (!kvm_vcpu_dabt_iswrite(vcpu)) {
    const std::uint64_t data = load_result(vcpu, kvm_vcpu_dabt_get_as(vcpu));
    vcpu_set_reg(host, vcpu, kvm_vcpu_dabt_get_rd(vcpu), data);
    if (rec) RecRunPage(host, vcpu.rec).set_enter_gpr(0, data);
  }
  // The instruction is done: the RMM moves a REC's PC when it sees the flag.
  if (rec) {
    RecRunPage page(host, vcpu.rec);
    page.set_enter_flags(page.enter_flags() | abi::v1_0::kEnterEmulMmio);
  } else {
    kvm_incr_pc(host, vcpu);
  }
  return 1;
}

int io_mem_abort(Host& host, Vcpu& vcpu, abi::Ipa fault_ipa) {
  Vm& vm = vm_of(host, vcpu);
  if (!kvm_vcpu_dabt_isvalid(vcpu)) {
    // Without a syndrome nobody can emulate the access.
    if (vm.is_realm) return kvm_inject_sea(host, vcpu, false, vcpu.fault.far_el2);
    return -kENOSYS;
  }
  const bool is_write = kvm_vcpu_dabt_iswrite(vcpu);
  const unsigned len = kvm_vcpu_dabt_get_as(vcpu);
  auto& mmio = vcpu.run.mmio;
  mmio = {};
  mmio.phys_addr = fault_ipa.value;
  mmio.len = len;
  mmio.is_write = is_write ? 1 : 0;
  std::uint64_t data = is_write ? truncate(vcpu_get_reg(host, vcpu, kvm_vcpu_dabt_get_rd(vcpu)), len) : 0;
  vcpu.mmio_needed = true;
  if (VmVgic(host, vm)->vgic_mmio(vcpu.vcpu_id, fault_ipa, is_write, len, data)) {
    if (host.port.observer != nullptr) {
      host.port.observer->device_access(vm.index, "vgic", fault_ipa.value, data, len, is_write);
    }
    std::memcpy(mmio.data.data(), &data, len);
    return kvm_handle_mmio_return(host, vcpu);
  }
  std::memcpy(mmio.data.data(), &data, len);
  vcpu.run.exit_reason = ExitReason::KVM_EXIT_MMIO;
  return 0;
}

}  // namespace host::kvm
