// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI_SYSTEM_RESET (B6.3.7).
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"

namespace rmm::run::psci {

constexpr call::Command kSystemReset{.interface = port::Interface::kPsci,
                                     .name = "PSCI_SYSTEM_RESET",
                                     .fid = abi::v1_0::kPsciSystemReset,
                                     .effect = "The realm is SYSTEM_OFF: no REC of it is entered again; REC exit."};

Next system_reset(Context& c, const abi::SmcRegs& regs) {
  const call::Call<kSystemReset> call(c.environment, c.pe, regs, c.rec_pa());
  return exit_system_off(c, call);
}

}  // namespace rmm::run::psci
