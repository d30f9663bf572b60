// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI_VERSION (B6.3.8).
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"

namespace rmm::run::psci {

constexpr call::Command kVersion{.interface = port::Interface::kPsci,
                                 .name = "PSCI_VERSION",
                                 .fid = abi::v1_0::kPsciVersion,
                                 .effect = "Returns version 1.1."};

Next version(Context& c, const abi::SmcRegs& regs) {
  call::Call<kVersion> call(c.environment, c.pe, regs, c.rec_pa());
  return answer(c, call, call.done_as(abi::v1_0::kPsciVersion11));
}

}  // namespace rmm::run::psci
