// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions from the realm to the monitor, by exception class (A4.3.4).
#pragma once

#include "rmm/run/context.h"

namespace rmm::run {

Next handle_exception(Context& c, const abi::Exception& e);

}  // namespace rmm::run
