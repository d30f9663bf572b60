// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI_CPU_SUSPEND (B6.3.4). Every power state is a request to suspend; entry point and context id are ignored.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/run/psci/psci.h"

namespace rmm::run::psci {
namespace {

constexpr call::Parameter kIn[] = {{"power_state", 1}, {"entry_point_address", 2}, {"context_id", 3}};

}  // namespace

constexpr call::Command kCpuSuspend{.interface = port::Interface::kPsci,
                                    .name = "PSCI_CPU_SUSPEND",
                                    .fid = abi::v1_0::kPsciCpuSuspend,
                                    .fid32 = abi::v1_0::kPsciCpuSuspend32,
                                    .in = kIn,
                                    .effect = "REC exit; the next entry returns PSCI_SUCCESS (D7)."};

Next cpu_suspend(Context& c, const abi::SmcRegs& regs) {
  const call::Call<kCpuSuspend> call(c.environment, c.pe, regs, c.rec_pa());
  call.tell_begin();
  c.cpu.set_x(0, raw(abi::v1_0::PsciStatus::kSuccess));
  for (unsigned n = 1; n <= 3; ++n) c.cpu.set_x(n, 0);
  return leave(c, call);
}

}  // namespace rmm::run::psci
