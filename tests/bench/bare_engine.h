// SPDX-License-Identifier: GPL-2.0-or-later
// The engine library by itself: what no entry to a guest can do without.
#pragma once

#include "tests/bench/batches.h"

namespace bench {

// One uc_emu_start that executes a block of two instructions and is stopped by its block hook.
Figure measure_bare_engine(unsigned batches);

}  // namespace bench
