// SPDX-License-Identifier: GPL-2.0-or-later
// Reading a vCPU's fault registers (kvm_emulate.h).
#pragma once

#include "host/kvm/vcpu.h"
#include "rmm/abi/arch/esr.h"

namespace host::kvm {

inline abi::esr::Ec kvm_vcpu_trap_get_class(const Vcpu& vcpu) { return abi::esr::ec(vcpu.fault.esr_el2); }
inline bool kvm_vcpu_trap_is_iabt(const Vcpu& vcpu) {
  return kvm_vcpu_trap_get_class(vcpu) == abi::esr::Ec::kInstructionAbortLower;
}
inline abi::Ipa kvm_vcpu_get_fault_ipa(const Vcpu& vcpu) { return {abi::esr::ipa_from_hpfar(vcpu.fault.hpfar_el2)}; }
inline bool kvm_vcpu_dabt_isvalid(const Vcpu& vcpu) { return (vcpu.fault.esr_el2 & abi::esr::kIsv) != 0; }
inline bool kvm_vcpu_abt_iss1tw(const Vcpu& vcpu) { return (vcpu.fault.esr_el2 & abi::esr::kS1ptw) != 0; }
inline bool kvm_vcpu_dabt_is_cm(const Vcpu& vcpu) { return (vcpu.fault.esr_el2 & abi::esr::kCm) != 0; }
inline bool kvm_vcpu_dabt_iswrite(const Vcpu& vcpu) { return (vcpu.fault.esr_el2 & abi::esr::kWnr) != 0; }
inline bool kvm_vcpu_dabt_issext(const Vcpu& vcpu) { return (vcpu.fault.esr_el2 & abi::esr::kSse) != 0; }
inline bool kvm_vcpu_dabt_issf(const Vcpu& vcpu) { return (vcpu.fault.esr_el2 & abi::esr::kSf) != 0; }
inline unsigned kvm_vcpu_dabt_get_rd(const Vcpu& vcpu) {
  return static_cast<unsigned>((vcpu.fault.esr_el2 & abi::esr::kSrtMask) >> abi::esr::kSrtShift);
}
inline unsigned kvm_vcpu_dabt_get_as(const Vcpu& vcpu) {
  return 1U << ((vcpu.fault.esr_el2 & abi::esr::kSasMask) >> abi::esr::kSasShift);
}
// A write, or a stage 1 walk that may have to set a flag.
inline bool kvm_is_write_fault(const Vcpu& vcpu) {
  if (kvm_vcpu_abt_iss1tw(vcpu)) return abi::esr::fsc_is(vcpu.fault.esr_el2, abi::esr::kFscPermission);
  return !kvm_vcpu_trap_is_iabt(vcpu) && kvm_vcpu_dabt_iswrite(vcpu);
}

}  // namespace host::kvm
