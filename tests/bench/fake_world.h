// SPDX-License-Identifier: GPL-2.0-or-later
// The monitor alone, on the fake platform of its tests: no CPU emulator, nobody observes.
#pragma once

#include <vector>

#include "tests/bench/batches.h"

namespace bench {

// Figures of the RMI commands and of an entry that a FIQ ends. `num_aux`: auxiliary granules of a REC.
std::vector<Figure> measure_fake_platform(unsigned batches, unsigned num_aux);

}  // namespace bench
