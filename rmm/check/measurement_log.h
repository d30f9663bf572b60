// SPDX-License-Identifier: GPL-2.0-or-later
// I16: realm measurements, computed once more from what the commands were given: arguments, and the bytes that the
// monitor read of host memory. Shares nothing with rmm/core/measurement but the hash library.
//
// Each hold of an RD's lock is one step: what the RIM was, what the command adds to it, what it then is. That it is
// the same between two holds is checked where the lock is taken.
#pragma once

#include "rmm/check/findings.h"
#include "rmm/check/progress.h"

namespace rmm::check {

// An RMI command has ended.
void expect_measured(Findings& findings, const RmiProgress& command, const core::Realm* realm, const Values& outputs,
                     bool succeeded);

// A call of a realm has ended, or the realm left without one (`call` is empty).
void expect_extended(Findings& findings, const RunProgress& run, std::string_view call, bool succeeded);

}  // namespace rmm::check
