// SPDX-License-Identifier: GPL-2.0-or-later
// KVM_{SET,GET}_ONE_REG and KVM_GET_REG_LIST.
#include <algorithm>
#include <vector>

#include "host/kvm/vcpu_init.h"
#include "host/kvm/vcpu_regs.h"
#include "rmm/abi/arch/sysreg.h"

namespace host::kvm {
namespace {

constexpr std::uint64_t kSysReg = 0x6030'0000'0013'0000ULL;  // KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG
constexpr std::uint64_t kDfr0 = kSysReg | abi::sysreg_key(3, 0, 0, 5, 0);
constexpr unsigned kBrpsShift = 12, kWrpsShift = 20;
constexpr std::uint64_t kDfr0Base = 0x6;  // DebugVer: Armv8 debug architecture

// Registers of a plain VM that the CPU port names.
constexpr abi::SysReg kPlainSysRegs[] = {abi::SysReg::kSctlrEl1, abi::SysReg::kCpacrEl1, abi::SysReg::kTtbr0El1,
                                         abi::SysReg::kTtbr1El1, abi::SysReg::kTcrEl1,   abi::SysReg::kSpsrEl1,
                                         abi::SysReg::kElrEl1,   abi::SysReg::kEsrEl1,   abi::SysReg::kFarEl1,
                                         abi::SysReg::kMairEl1,  abi::SysReg::kVbarEl1,  abi::SysReg::kTpidrEl1,
                                         abi::SysReg::kTpidrEl0, abi::SysReg::kMdscrEl1, abi::SysReg::kCntkctlEl1};

std::uint64_t dfr0(const Vm& vm) {
  return kDfr0Base | std::uint64_t{vm.num_bps} << kBrpsShift | std::uint64_t{vm.num_wps} << kWrpsShift;
}

long set_dfr0(Vm& vm, std::uint64_t value) {
  // Once the RD exists the numbers are the RMM's.
  if (vm.realm.state != RealmState::kNone) return value == dfr0(vm) ? 0 : -kEBUSY;
  const auto bps = static_cast<std::uint8_t>((value >> kBrpsShift) & 0xf);
  const auto wps = static_cast<std::uint8_t>((value >> kWrpsShift) & 0xf);
  if (bps == 0 || wps == 0 || bps > vm.num_bps || wps > vm.num_wps) return -kEINVAL;
  vm.num_bps = bps;
  vm.num_wps = wps;
  return 0;
}

// The index of a core register, or 34 for another id.
unsigned core_index(std::uint64_t id) {
  for (unsigned i = 0; i <= kCoreRegPstate; ++i) {
    if (id == arm_core_reg(i)) return i;
  }
  return kCoreRegPstate + 1;
}

const abi::SysReg* plain_sysreg(std::uint64_t id) {
  const auto* found = std::find_if(std::begin(kPlainSysRegs), std::end(kPlainSysRegs),
                                   [&](abi::SysReg r) { return id == (kSysReg | static_cast<std::uint64_t>(r)); });
  return found == std::end(kPlainSysRegs) ? nullptr : found;
}

}  // namespace

long kvm_arm_set_reg(Host& host, Vcpu& vcpu, const OneReg& reg) {
  if (!vcpu.initialized) return -kENOEXEC;
  if (reg.value == nullptr) return -kEFAULT;
  Vm& vm = vm_of(host, vcpu);
  const unsigned core = core_index(reg.id);
  if (core < 31) {
    vcpu_set_reg(host, vcpu, core, *reg.value);
    return 0;
  }
  if (core == kCoreRegPc) {
    vcpu.pc = *reg.value;
    if (!vm.is_realm) host.port.guests.guest(vcpu.guest_cpu).set_pc(*reg.value);
    return 0;
  }
  // All else of a REC belongs to the realm (docs/host-series.md).
  if (vm.is_realm) return reg.id == kDfr0 ? set_dfr0(vm, *reg.value) : -kEINVAL;
  auto& cpu = host.port.guests.guest(vcpu.guest_cpu);
  if (core == kCoreRegPstate) {
    cpu.set_pstate(*reg.value);
    return 0;
  }
  if (const auto* sysreg = plain_sysreg(reg.id)) {
    cpu.set_sysreg(*sysreg, *reg.value);
    return 0;
  }
  return -kENOENT;
}

long kvm_arm_get_reg(Host& host, Vcpu& vcpu, const OneReg& reg) {
  if (!vcpu.initialized) return -kENOEXEC;
  if (reg.value == nullptr) return -kEFAULT;
  Vm& vm = vm_of(host, vcpu);
  const unsigned core = core_index(reg.id);
  if (core < 31) {
    *reg.value = vcpu_get_reg(host, vcpu, core);
    return 0;
  }
  if (vm.is_realm) {
    // Stale values are what a realm's host has.
    if (core == kCoreRegPc) return *reg.value = vcpu.pc, 0;
    if (reg.id == kDfr0) return *reg.value = dfr0(vm), 0;
    return -kENOENT;
  }
  const auto& cpu = host.port.guests.guest(vcpu.guest_cpu);
  if (core == kCoreRegPc) return *reg.value = cpu.pc(), 0;
  if (core == kCoreRegPstate) return *reg.value = cpu.pstate(), 0;
  if (const auto* sysreg = plain_sysreg(reg.id)) return *reg.value = cpu.sysreg(*sysreg), 0;
  return -kENOENT;
}

long kvm_arm_copy_reg_indices(Host& host, Vcpu& vcpu, RegList& list) {
  if (!vcpu.initialized) return -kENOEXEC;
  std::vector<std::uint64_t> ids;
  for (unsigned i = 0; i < 31; ++i) ids.push_back(arm_core_reg(i));
  ids.push_back(arm_core_reg(kCoreRegPc));
  if (vcpu_is_rec(host, vcpu)) {
    ids.push_back(kDfr0);
  } else {
    ids.push_back(arm_core_reg(kCoreRegPstate));
    for (const auto reg : kPlainSysRegs) ids.push_back(kSysReg | static_cast<std::uint64_t>(reg));
  }
  const std::uint64_t room = list.n;
  list.n = ids.size();
  if (room < ids.size()) return -kE2BIG;
  if (list.reg == nullptr) return -kEFAULT;
  std::copy(ids.begin(), ids.end(), list.reg);
  return 0;
}

}  // namespace host::kvm
