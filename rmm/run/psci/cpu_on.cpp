// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI_CPU_ON (B6.3.3). The monitor has no map from MPIDR to REC: the host names the target in RMI_PSCI_COMPLETE, which
// also finds out whether it is on already. Only the caller itself is known to be on (D7).
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"

namespace rmm::run::psci {
namespace {

constexpr call::Parameter kIn[] = {{"target_cpu", 1}, {"entry_point_address", 2}, {"context_id", 3}};
constexpr call::Condition kConditions[] = {
    {"entry", raw(abi::v1_0::PsciStatus::kInvalidAddress), "the entry point is not a Protected IPA",
     "entry_point_address realm.ipa_width"},
    {"mpidr", raw(abi::v1_0::PsciStatus::kInvalidParameters), "no REC of the realm has this MPIDR", "target_cpu"},
    {"runnable", raw(abi::v1_0::PsciStatus::kAlreadyOn), "the target REC is runnable", "target_cpu rec.mpidr"},
};

}  // namespace

constexpr call::Command kCpuOn{.interface = port::Interface::kPsci,
                               .name = "PSCI_CPU_ON",
                               .fid = abi::v1_0::kPsciCpuOn,
                               .fid32 = abi::v1_0::kPsciCpuOn32,
                               .in = kIn,
                               .conditions = kConditions,
                               .effect = "REC exit; RMI_PSCI_COMPLETE starts the target at the entry point."};

Next cpu_on(Context& c, const abi::SmcRegs& regs) {
  call::Call<kCpuOn> call(c.environment, c.pe, regs, c.rec_pa());
  const core::Rec* target = find_rec(c, call.in<"target_cpu">());
  const abi::Ipa entry{call.in<"entry_point_address">()};
  if (call.fails<"entry">(!c.realm.is_protected(entry))) return answer(c, call, call.failed());
  if (call.fails<"mpidr">(target == nullptr)) return answer(c, call, call.failed());
  if (call.fails<"runnable">(target == &c.rec)) return answer(c, call, call.failed());
  return exit_pending(c, call, {call.in<"target_cpu">(), entry.value, call.in<"context_id">()});
}

}  // namespace rmm::run::psci
