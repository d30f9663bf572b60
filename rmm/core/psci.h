// SPDX-License-Identifier: GPL-2.0-or-later
// Completion of a PSCI request that names another REC (DEN0137 A4.3.7, B4.3.7).
#pragma once

#include "rmm/abi/v1_0/types.h"
#include "rmm/core/context.h"

namespace rmm::core {

// The request is CPU_ON, in either calling convention (D7).
bool is_cpu_on(const PsciRequest& request);

// B3.27 PsciReturnCodePermitted: SUCCESS always; DENIED for CPU_ON of a target that is not runnable.
bool psci_status_is_permitted(const Context& context, const Rec& calling, const Rec& target, std::uint64_t status);

// Completes the pending request of `calling` against `target`; both REC granules are locked. CPU_ON with SUCCESS starts
// a target that is off. A target that is still on its way out of CPU_OFF counts as on: its context is in use.
void complete_psci(const Context& context, Rec& calling, Rec& target, abi::v1_0::PsciStatus status);

}  // namespace rmm::core
