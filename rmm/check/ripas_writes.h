// SPDX-License-Identifier: GPL-2.0-or-later
// I14: who may change the RIPAS of an IPA. Judged by the descriptors that are written, not by what the monitor says of
// RIPAS (DEN0137 1.0-rel0 A5.2.2, A5.4).
#pragma once

#include <string_view>

#include "rmm/check/findings.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/observer.h"
#include "rmm/port/platform.h"

namespace rmm::check {

// `event` is a write by the RMI command `command` to an entry of `realm`.
void check_ripas_write(Findings& findings, const port::Platform& platform, const core::MonitorState& state,
                       const core::Realm& realm, const port::RttWrite& event, std::string_view command);

}  // namespace rmm::check
