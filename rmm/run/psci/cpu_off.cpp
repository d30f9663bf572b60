// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI_CPU_OFF (B6.3.2).
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"

namespace rmm::run::psci {

constexpr call::Command kCpuOff{.interface = port::Interface::kPsci,
                                .name = "PSCI_CPU_OFF",
                                .fid = abi::v1_0::kPsciCpuOff,
                                .effect = "The REC is not runnable until a CPU_ON names it; REC exit."};

Next cpu_off(Context& c, const abi::SmcRegs& regs) {
  const call::Call<kCpuOff> call(c.environment, c.pe, regs, c.rec_pa());
  call.tell_begin();
  c.rec.runnable.store(c.sync(), false, "cpu_off", c.rec_pa());
  return leave(c, call);
}

}  // namespace rmm::run::psci
