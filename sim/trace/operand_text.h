// SPDX-License-Identifier: GPL-2.0-or-later
// How the value of a condition's operand is written, in traces and for a person.
#pragma once

#include <string>

#include <fmt/format.h>

#include "rmm/port/observer.h"

namespace sim::trace {

inline std::string text(const rmm::port::OperandValue& value) {
  switch (value.shown) {
    case rmm::port::Shown::kHex: return fmt::format("{:#x}", value.value);
    case rmm::port::Shown::kDecimal: return fmt::format("{}", static_cast<std::int64_t>(value.value));
    case rmm::port::Shown::kText: break;
  }
  return std::string(value.text);
}

}  // namespace sim::trace
