// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/inject_fault.h"

#include "host/kvm/rec_run.h"
#include "rmm/abi/arch/esr.h"
#include "rmm/abi/arch/sysreg.h"

namespace host::kvm {
namespace {

// Exception entry to EL1h (Arm ARM D1.3): registers, then the vector by where the exception came from.
void enter_exception64(port::GuestCpu& cpu, std::uint64_t esr) {
  const std::uint64_t mode = cpu.pstate() & abi::pstate::kModeMask;
  const std::uint64_t vector = mode == abi::pstate::kEl1h ? 0x200 : mode == abi::pstate::kEl1t ? 0x000 : 0x400;
  cpu.set_sysreg(abi::SysReg::kSpsrEl1, cpu.pstate());
  cpu.set_sysreg(abi::SysReg::kElrEl1, cpu.pc());
  cpu.set_sysreg(abi::SysReg::kEsrEl1, esr);
  cpu.set_pstate((cpu.pstate() & abi::pstate::kPan) | abi::pstate::kResetEl1);
  cpu.set_pc(cpu.sysreg(abi::SysReg::kVbarEl1) + vector);
}

bool from_el0(const port::GuestCpu& cpu) { return (cpu.pstate() & abi::pstate::kModeMask) == abi::pstate::kEl0t; }

}  // namespace

int kvm_inject_sea(Host& host, Vcpu& vcpu, bool iabt, std::uint64_t far) {
  if (vcpu_is_rec(host, vcpu)) {
    RecRunPage run(host, vcpu.rec);
    run.set_enter_flags((run.enter_flags() & ~abi::v1_0::kEnterEmulMmio) | abi::v1_0::kEnterInjectSea);
    return 1;
  }
  auto& cpu = host.port.guests.guest(vcpu.guest_cpu);
  using abi::esr::Ec;
  const bool el0 = from_el0(cpu);
  const Ec ec = iabt ? (el0 ? Ec::kInstructionAbortLower : Ec::kInstructionAbortSame)
                     : (el0 ? Ec::kDataAbortLower : Ec::kDataAbortSame);
  cpu.set_sysreg(abi::SysReg::kFarEl1, far);
  enter_exception64(cpu, abi::esr::make(ec, abi::esr::kFscExternal));
  return 1;
}

void kvm_inject_undefined(Host& host, Vcpu& vcpu) {
  enter_exception64(host.port.guests.guest(vcpu.guest_cpu), abi::esr::make(abi::esr::Ec::kUnknown, 0));
}

void kvm_incr_pc(Host& host, Vcpu& vcpu) {
  auto& cpu = host.port.guests.guest(vcpu.guest_cpu);
  cpu.set_pc(cpu.pc() + 4);
}

}  // namespace host::kvm
