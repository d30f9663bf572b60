// SPDX-License-Identifier: GPL-2.0-or-later
// Instruction and Data Aborts taken from the realm to the monitor (A4.3.4.2, A4.3.4.3, A5.2.3, A5.2.6, A5.2.8).
#pragma once

#include "rmm/run/context.h"

namespace rmm::run {

Next stage2_abort(Context& c, const abi::Exception& e);

}  // namespace rmm::run
