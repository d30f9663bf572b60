// SPDX-License-Identifier: GPL-2.0-or-later
// The life of a REC between RMI_REC_ENTER's conditions and its exit page (DEN0137 A4.2, A4.3).
#pragma once

#include "rmm/abi/v1_0/structures.h"
#include "rmm/call/call.h"
#include "rmm/core/monitor_state.h"
#include "rmm/core/realm.h"
#include "rmm/core/rec.h"
#include "rmm/port/pe.h"

namespace rmm::run {

// Condition rec_mmio (B4.3.14): emulated MMIO is offered only after a REC exit due to Emulatable Data Abort. With
// inject_sea the flag is ignored (A4.2.3, D9).
bool mmio_entry_valid(const abi::v1_0::RecEnter& enter, const core::Rec& rec);

// Condition rec_gicv3 (B4.3.14, A6.1): the control bits a host may set and the first NUM_LRS list registers.
bool gicv3_entry_valid(const abi::v1_0::RecEnter& enter, const core::Limits& limits);

// Enters `rec` on `pe` and returns at its REC exit. Every condition of RMI_REC_ENTER has been checked, the REC is
// marked running by the caller and no granule lock is held. `exit` is written whole: fields the exit does not name are
// zero (I20). The caller stores it in the RecRun page; a fault there does not undo the run (D14). May return without
// having executed an instruction of the realm (A4.1).
void enter(const call::Environment& environment, port::Pe& pe, core::Rec& rec, core::Realm& realm,
           const abi::v1_0::RecEnter& enter, abi::v1_0::RecExit& exit);

}  // namespace rmm::run
