// SPDX-License-Identifier: GPL-2.0-or-later
// PSCI as a realm calls it (DEN0137 B6.3, A4.3.7; decision D7). One file per function.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/types.h"
#include "rmm/run/realm_call.h"

namespace rmm::run::psci {

extern const call::Command kVersion;
extern const call::Command kCpuSuspend;
extern const call::Command kCpuOff;
extern const call::Command kCpuOn;
extern const call::Command kAffinityInfo;
extern const call::Command kSystemOff;
extern const call::Command kSystemReset;
extern const call::Command kFeatures;

Next version(Context& c, const abi::SmcRegs& regs);
Next cpu_suspend(Context& c, const abi::SmcRegs& regs);
Next cpu_off(Context& c, const abi::SmcRegs& regs);
Next cpu_on(Context& c, const abi::SmcRegs& regs);
Next affinity_info(Context& c, const abi::SmcRegs& regs);
Next system_off(Context& c, const abi::SmcRegs& regs);
Next system_reset(Context& c, const abi::SmcRegs& regs);
Next features(Context& c, const abi::SmcRegs& regs);

// A PSCI return code as X0 shows it.
constexpr std::uint64_t raw(abi::v1_0::PsciStatus status) { return static_cast<std::uint64_t>(status); }

// B3.24 MpidrIsUsed: some REC of the calling realm has exactly this MPIDR.
bool mpidr_is_used(const Context& c, abi::Mpidr mpidr);

// Leaves to the host with a request that RMI_PSCI_COMPLETE answers (A4.3.7). `args`: MPIDR first.
Next exit_pending(Context& c, const call::CallBase& call, const std::array<std::uint64_t, 3>& args);

// The realm goes to SYSTEM_OFF and the REC leaves: PSCI_SYSTEM_OFF and PSCI_SYSTEM_RESET (B6.3.6, B6.3.7).
Next exit_system_off(Context& c, const call::CallBase& call);

// At REC entry: ends the PSCI call that the last exit was for, if it returns. RMI_PSCI_COMPLETE has written its result
// registers; CPU_SUSPEND returns PSCI_SUCCESS.
void finish_at_entry(Context& c);

}  // namespace rmm::run::psci
