// SPDX-License-Identifier: GPL-2.0-or-later
// Names of physical address spaces for messages.
#pragma once

#include <string_view>

#include "rmm/abi/addr.h"

namespace sim {

constexpr std::string_view name(abi::Pas pas) {
  switch (pas) {
    case abi::Pas::kSecure: return "Secure";
    case abi::Pas::kNonSecure: return "Non-secure";
    case abi::Pas::kRoot: return "Root";
    case abi::Pas::kRealm: return "Realm";
  }
  return "invalid";
}

}  // namespace sim
