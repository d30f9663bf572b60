// SPDX-License-Identifier: GPL-2.0-or-later
// I21: what the host may ask of the virtual GIC at a REC entry (A6.1, decision D9), said once more.
#pragma once

#include "rmm/abi/v1_0/structures.h"

namespace rmm::check {

// `count`: list registers that there are; the host's others are ignored.
bool list_registers_are_allowed(const abi::v1_0::RecEnter& enter, unsigned count);

}  // namespace rmm::check
