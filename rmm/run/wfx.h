// SPDX-License-Identifier: GPL-2.0-or-later
// Trapped WFI, WFE, WFIT and WFET (A4.3.4.1).
#pragma once

#include "rmm/run/context.h"

namespace rmm::run {

Next trapped_wfx(Context& c, const abi::Exception& e);

}  // namespace rmm::run
