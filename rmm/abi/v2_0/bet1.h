// SPDX-License-Identifier: GPL-2.0-or-later
// RMM 2.0-bet1: every number and choice of rmm/v2_0 by which the betas of 2.0 differ. RMI_VERSION does not tell the
// betas apart: who builds for another one replaces this header and reads the list below.
//
//   feature register 0    bits 63:32 are zero; bet3 has L0GPT_BLOCK_DELEGATE and S2OASZ there
//   RMI_RTT_DATA_MAP      an entry that is DATA is refused; bet3 accepts it if it holds the same address
//   RMI_REALM_TERMINATE   takes no memory; bet3's host drives it as a memory-transferring operation
#pragma once

#include "rmm/abi/v2_0/types.h"

namespace abi::v2_0 {

// Address range descriptor: the state is bit 63 and up from here (bet3: 62).
inline constexpr unsigned kRangeStateShift = 63;

// A granule that no tracking region describes, named as an object or offered for one: ERROR_INPUT (bet3:
// ERROR_TRACKING with level and address in the data).
inline constexpr RmiStatus kUntrackedGranule = RmiStatus::kErrorInput;

}  // namespace abi::v2_0
