// SPDX-License-Identifier: GPL-2.0-or-later
// I23 and I24: what was seen of a command against its row of the footprint table.
#pragma once

#include <string_view>

#include "rmm/check/findings.h"
#include "rmm/check/progress.h"

namespace rmm::check {

// An RMI command has ended; `failed_condition` is empty on success.
void expect_footprint(Findings& findings, const RmiProgress& command, const Values& outputs, bool succeeded,
                      std::string_view failed_condition);

// A call of a realm has ended, or the realm left. `call`: whose footprint covers it; empty for none.
void expect_footprint(Findings& findings, const RunProgress& run, std::string_view call, bool succeeded,
                      std::string_view failed_condition);

}  // namespace rmm::check
