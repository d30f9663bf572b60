// SPDX-License-Identifier: GPL-2.0-or-later
// The host kernel's log, for whoever listens.
#pragma once

#include <fmt/format.h>

#include "host/kvm/host.h"

namespace host::kvm {

template <class... Args>
void warn(Host& host, fmt::format_string<Args...> format, Args&&... args) {
  if (host.port.observer != nullptr) {
    host.port.observer->message("kvm: " + fmt::format(format, std::forward<Args>(args)...));
  }
}

}  // namespace host::kvm
