// SPDX-License-Identifier: GPL-2.0-or-later
// The realm's view of the ID registers: an allow-list of fields over what the hardware reports (A3.1.3, A3.1.6 to
// A3.1.8).
#pragma once

#include <cstdint>
#include <string_view>

#include "rmm/abi/arch/esr.h"
#include "rmm/core/monitor_state.h"
#include "rmm/core/realm.h"
#include "rmm/port/realm_cpu.h"

namespace rmm::run {

// True for the encodings of HCR_EL2.TID3: op0 3, op1 0, CRn 0, CRm 1..7. Reserved ones read as zero.
constexpr bool is_id_register(const abi::esr::SysRegIss& s) {
  return s.op0 == 3 && s.op1 == 0 && s.crn == 0 && s.crm >= 1 && s.crm <= 7;
}

// Name of an ID register with a row in the table; empty for one that reads as zero.
std::string_view id_register_name(std::uint32_t key);

// What a read of ID register `key` returns to `realm`.
std::uint64_t realm_id_register(std::uint32_t key, const port::RealmCpu& cpu, const core::Realm& realm,
                                const core::Limits& limits);

}  // namespace rmm::run
