// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/kvm/hypercalls.h"

#include "host/kvm/fault_info.h"
#include "host/kvm/psci.h"
#include "host/kvm/smccc_filter.h"
#include "host/kvm/vcpu_regs.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace host::kvm {
namespace {

constexpr std::uint64_t kSmcccVersion11 = 0x10001;

// A REC's PSCI and host calls come without a syndrome: their flags are those of ESR 0, no SMC and 16 bits.
void kvm_prepare_hypercall_exit(Vcpu& vcpu, std::uint32_t func_id) {
  std::uint64_t flags = 0;
  if (kvm_vcpu_trap_get_class(vcpu) == abi::esr::Ec::kSmc64) flags |= kHypercallExitSmc;
  if ((vcpu.fault.esr_el2 & abi::esr::kIl) == 0) flags |= kHypercallExit16Bit;
  vcpu.run.exit_reason = ExitReason::KVM_EXIT_HYPERCALL;
  vcpu.run.hypercall = {.nr = func_id, .args = {}, .ret = 0, .flags = flags};
}

}  // namespace

int kvm_smccc_call_handler(Host& host, Vcpu& vcpu) {
  const auto func_id = static_cast<std::uint32_t>(vcpu_get_reg(host, vcpu, 0));
  switch (kvm_smccc_filter_get_action(vm_of(host, vcpu), func_id)) {
    case SmcccAction::kForwardToUser: kvm_prepare_hypercall_exit(vcpu, func_id); return 0;
    case SmcccAction::kDeny: vcpu_set_reg(host, vcpu, 0, abi::kSmcNotSupported); return 1;
    case SmcccAction::kHandle: break;
  }
  if (func_id != abi::v1_0::kSmcccVersion) return kvm_psci_call(host, vcpu);
  vcpu_set_reg(host, vcpu, 0, kSmcccVersion11);
  return 1;
}

}  // namespace host::kvm
