// SPDX-License-Identifier: GPL-2.0-or-later
// Trapped MSR, MRS and System instructions (A4.3.4, decision D4): a table of the registers a realm may touch.
#pragma once

#include "rmm/run/context.h"

namespace rmm::run {

// Emulates the access, hands it to the host, or makes it Undefined in the realm.
Next trapped_sysreg(Context& c, const abi::Exception& e);

}  // namespace rmm::run
