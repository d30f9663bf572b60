// SPDX-License-Identifier: GPL-2.0-or-later
// A row of a version's RMI table: a command and what runs it.
#pragma once

#include "rmm/call/call.h"

namespace rmm::call {

struct Row {
  const Command* command;
  abi::SmcRegs (*run)(const Environment&, port::Pe&, const abi::SmcRegs&);
};

// The row of kCommand with its handler, a function Outcome(Call<kCommand>&).
template <const Command& kCommand, auto kHandler>
constexpr Row make_row() {
  return {&kCommand, [](const Environment& environment, port::Pe& pe, const abi::SmcRegs& regs) {
            return invoke<kCommand>(kHandler, environment, pe, regs);
          }};
}

}  // namespace rmm::call
