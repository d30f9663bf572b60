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

// The REC of the calling realm with this MPIDR; null where B3.24 MpidrIsUsed is false.
const core::Rec* find_rec(const Context& c, std::uint64_t mpidr);

// Leaves to the host with the function's id and, where it names a REC, its MPIDR (D7). PC moves on behind the SMC.
Next leave(Context& c, const call::CallBase& call, std::uint64_t mpidr = 0);

// Leaves to the host with a request that RMI_PSCI_COMPLETE answers (A4.3.7). `args`: MPIDR first.
Next exit_pending(Context& c, const call::CallBase& call, const std::array<std::uint64_t, 3>& args);

// The realm goes to SYSTEM_OFF and the REC leaves: PSCI_SYSTEM_OFF and PSCI_SYSTEM_RESET (B6.3.6, B6.3.7).
Next exit_system_off(Context& c, const call::CallBase& call);

// At the REC entry after an exit for the call `fid` (0: for none): tells its end. The result registers hold what
// CPU_SUSPEND or RMI_PSCI_COMPLETE wrote there.
void finish_at_entry(const Context& c, std::uint32_t fid);

}  // namespace rmm::run::psci
