// SPDX-License-Identifier: GPL-2.0-or-later
// I21: what the host may ask of the virtual GIC at a REC entry (A6.1, decision D9), said once more.
#pragma once

#include <string>

#include "rmm/abi/v1_0/structures.h"

namespace rmm::check {

// What A6.1 doesn't allow in `enter`, in words; empty: all is allowed. `count`: list registers that there are; the
// host's others are ignored.
std::string forbidden_in_list_registers(const abi::v1_0::RecEnter& enter, unsigned count);
inline bool list_registers_are_allowed(const abi::v1_0::RecEnter& enter, unsigned count) {
  return forbidden_in_list_registers(enter, count).empty();
}

}  // namespace rmm::check
