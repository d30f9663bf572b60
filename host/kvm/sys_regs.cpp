// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/sys_regs.h"

#include "host/kvm/id_regs.h"
#include "host/kvm/inject_fault.h"
#include "host/kvm/log.h"
#include "host/kvm/vcpu_regs.h"
#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/sysreg.h"

namespace host::kvm {
namespace {

constexpr std::uint32_t kOslar = abi::sysreg_key(2, 0, 1, 0, 4);
constexpr std::uint32_t kOslsr = abi::sysreg_key(2, 0, 1, 1, 4);
constexpr std::uint32_t kOsdlr = abi::sysreg_key(2, 0, 1, 3, 4);
constexpr std::uint32_t kRevidr = abi::sysreg_key(3, 0, 0, 0, 6);
constexpr std::uint32_t kAidr = abi::sysreg_key(3, 1, 0, 0, 7);
constexpr std::uint64_t kOslsrImplemented = 1ULL << 3;

bool is_debug_reg(std::uint32_t key) { return (key >> 14) == 2; }
bool is_cache_maintenance_by_set_way(std::uint32_t key) {
  return key == abi::sysreg_key(1, 0, 7, 6, 2) || key == abi::sysreg_key(1, 0, 7, 10, 2) ||
         key == abi::sysreg_key(1, 0, 7, 14, 2);
}

// False: the register does not exist for this guest.
bool access_plain_vm(Host& host, Vcpu& vcpu, std::uint32_t key, unsigned rt, bool is_read) {
  if (is_id_reg(key)) {
    if (!is_read) return false;
    vcpu_set_reg(host, vcpu, rt, kvm_read_sanitised_id_reg(host, vcpu, key));
    return true;
  }
  if (key == kRevidr || key == kAidr) {
    if (is_read) vcpu_set_reg(host, vcpu, rt, 0);
    return is_read;
  }
  // Caches are coherent in this machine: set/way operations have nothing to do.
  if (is_cache_maintenance_by_set_way(key)) return true;
  if (key == kOslar || key == kOsdlr || is_debug_reg(key)) {
    // Debug registers read as zero and ignore writes (trap_raz_wi).
    if (is_read) vcpu_set_reg(host, vcpu, rt, key == kOslsr ? kOslsrImplemented : 0);
    return true;
  }
  return false;
}

}  // namespace

int kvm_handle_sys_reg(Host& host, Vcpu& vcpu) {
  Vm& vm = vm_of(host, vcpu);
  const auto iss = abi::esr::sysreg_iss(vcpu.fault.esr_el2);
  const std::uint32_t key = abi::sysreg_key(iss.op0, iss.op1, iss.crn, iss.crm, iss.op2);
  bool handled = false;
  if (!iss.is_read) {
    handled = VmVgic(host, vm)->vgic_v3_sysreg_write(vcpu.vcpu_id, static_cast<abi::SysReg>(key),
                                                     vcpu_get_reg(host, vcpu, iss.rt));
  }
  if (vm.is_realm) {
    // Undefined cannot be injected into a REC; the access reads as zero or is ignored.
    if (!handled) warn(host, "unexpected system register {:#x} of vCPU {}", key, vcpu.vcpu_id);
    if (!handled && iss.is_read) vcpu_set_reg(host, vcpu, iss.rt, 0);
    return 1;
  }
  if (!handled) handled = access_plain_vm(host, vcpu, key, iss.rt, iss.is_read);
  if (handled) {
    kvm_incr_pc(host, vcpu);
  } else {
    kvm_inject_undefined(host, vcpu);
  }
  return 1;
}

}  // namespace host::kvm
