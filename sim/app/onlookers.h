// SPDX-License-Identifier: GPL-2.0-or-later
// Who looks on while a machine runs, and what each of them has seen.
#pragma once

#include <deque>

#include "sim/app/observation.h"

namespace sim::app {

struct Onlookers {
  ObservationLog host;
  std::deque<ObservationLog> realms;  // by VM; a plain VM's stays empty
};

}  // namespace sim::app
