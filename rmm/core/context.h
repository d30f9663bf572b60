// SPDX-License-Identifier: GPL-2.0-or-later
// What every effect of the core acts on: the machine behind the ports and the monitor's own state.
#pragma once

#include "rmm/core/monitor_state.h"
#include "rmm/port/platform.h"

namespace rmm::core {

struct Context {
  port::Platform& platform;
  MonitorState& state;
};

}  // namespace rmm::core
