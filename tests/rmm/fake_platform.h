// SPDX-License-Identifier: GPL-2.0-or-later
// The machine of the monitor's tests: sim/bare, by the name that they have for it.
#pragma once

#include "sim/bare/platform.h"

namespace fake = sim::bare;
