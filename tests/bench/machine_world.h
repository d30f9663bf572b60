// SPDX-License-Identifier: GPL-2.0-or-later
// The machine as `ccasim run` builds it, with a host thread that does nothing but call the monitor.
#pragma once

#include <vector>

#include "tests/bench/batches.h"

namespace bench {

// Figures of the RMI commands through firmware, and of an entry to a guest that reads a shared address: the engine
// starts, executes the read and stops.
std::vector<Figure> measure_machine(unsigned batches, unsigned num_aux);

}  // namespace bench
