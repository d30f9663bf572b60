// SPDX-License-Identifier: GPL-2.0-or-later
// VMIDs: unique among live realms (DEN0137 B3.81, B3.82; invariant I17).
#pragma once

#include "rmm/core/context.h"

namespace rmm::core {

// B3.82: without FEAT_VMID16 bits 15:8 must be zero.
constexpr bool vmid_is_valid(abi::Vmid vmid, bool vmid16) { return vmid16 || (vmid.value >> 8) == 0; }

// Takes `vmid` if no live realm has it; test and reservation are one step. False: in use.
[[nodiscard]] bool reserve_vmid(const Context& context, abi::Vmid vmid);
// Frees `vmid`. Precondition: the realm's last table and TLB entry are gone.
void release_vmid(const Context& context, abi::Vmid vmid);

}  // namespace rmm::core
