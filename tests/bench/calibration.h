// SPDX-License-Identifier: GPL-2.0-or-later
// How fast this computer is: SHA-256 of 4 KiB, the one part of the reference figures that is the same work everywhere.
#pragma once

#include "tests/bench/batches.h"

namespace bench {

// With what the CPU offers for it, as the monitor measures.
Figure sha256_with_cpu_instructions(unsigned batches);
// In plain C, as the reference did. The library chooses once for a process: this runs in a child, and must be called
// before anything else uses the library.
Figure sha256_in_plain_c(unsigned batches);

}  // namespace bench
