// SPDX-License-Identifier: GPL-2.0-or-later
// RMI commands as a host calls them (DEN0137 1.0-rel0 B4.3).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "guest/runtime/smc.h"
#include "rmm/abi/addr.h"
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/abi/v1_0/types.h"

namespace guest {

struct RmiResult {
  abi::v1_0::RmiReturn status;
  std::array<std::uint64_t, 4> out{};  // X1..X4

  bool ok() const { return status == abi::v1_0::RmiReturn{}; }
  bool is(abi::v1_0::RmiStatus code, std::uint8_t index = 0) const {
    return status == abi::v1_0::RmiReturn{code, index};
  }
};

inline RmiResult rmi(std::uint32_t function, std::initializer_list<std::uint64_t> arguments) {
  SmcRegisters x{};
  x[0] = function;
  std::size_t i = 1;
  for (const std::uint64_t argument : arguments) x[i++] = argument;
  x = smc(x);
  return {abi::v1_0::RmiReturn::from_raw(x[0]), {x[1], x[2], x[3], x[4]}};
}

inline RmiResult delegate(abi::Pa granule) { return rmi(abi::v1_0::kRmiGranuleDelegate, {granule.value}); }
inline RmiResult undelegate(abi::Pa granule) { return rmi(abi::v1_0::kRmiGranuleUndelegate, {granule.value}); }

}  // namespace guest
