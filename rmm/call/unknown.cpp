// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/call/unknown.h"

namespace rmm::call {
namespace {

constexpr Condition kConditions[] = {
    {"_unknown_fid", abi::kSmcNotSupported, "no command has this function id", "fid"},
};

}  // namespace

constexpr Command kUnknownRmi{.interface = port::Interface::kRmi,
                              .name = "unknown",
                              .fid = 0,
                              .conditions = kConditions,
                              .effect = "None: no command has the id."};

abi::SmcRegs refuse_unknown(const Environment& environment, port::Pe& pe, const abi::SmcRegs& regs) {
  const auto refuse = [](Call<kUnknownRmi>& c) {
    c.fails<"_unknown_fid">(true);
    return c.failed();
  };
  return invoke<kUnknownRmi>(refuse, environment, pe, regs);
}

}  // namespace rmm::call
