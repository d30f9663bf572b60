// SPDX-License-Identifier: GPL-2.0-or-later
// The realm's EL1 timers as the monitor sees them (A6.2, decision D9).
#pragma once

#include "rmm/run/context.h"

namespace rmm::run {

// Masks each timer whose asserted output the host has seen at the last REC exit: the realm could make no progress
// otherwise (A6.2).
void mask_shown_timers(Context& c);

// True iff a timer's output differs from the level shown at the last REC exit: the host must change the state of a
// virtual interrupt.
bool timer_changed(const Context& c);

// Writes exit.cnt* and remembers the levels that the host can see there.
void show_timers(Context& c);

}  // namespace rmm::run
