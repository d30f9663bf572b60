// SPDX-License-Identifier: GPL-2.0-or-later
// Realm Translation Tables: entries and descriptors, walks and scans, one-entry edits.
#pragma once

#include "rmm/core/rtt_edit.h"
#include "rmm/core/rtt_entry.h"
#include "rmm/core/rtt_walk.h"
