// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI_SYSTEM_OFF (B6.3.6).
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"

namespace rmm::run::psci {

constexpr call::Command kSystemOff{.interface = port::Interface::kPsci,
                                   .name = "PSCI_SYSTEM_OFF",
                                   .fid = abi::v1_0::kPsciSystemOff,
                                   .effect = "The realm is SYSTEM_OFF: no REC of it is entered again; REC exit."};

Next system_off(Context& c, const abi::SmcRegs& regs) {
  const call::Call<kSystemOff> call(c.environment, c.pe, regs, c.rec_pa());
  return exit_system_off(c, call);
}

}  // namespace rmm::run::psci
