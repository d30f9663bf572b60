// SPDX-License-Identifier: GPL-2.0-or-later
// Aborts of realms on addresses where a device would be if it answered on protected addresses: they never reach KVM,
// so only who watches the monitor can tell the VMM of them.
#pragma once

#include <functional>
#include <utility>

#include "host/vmm/layout.h"
#include "rmm/abi/arch/esr.h"
#include "rmm/port/observer.h"

namespace sim::app {

class DeviceAborts : public rmm::port::Observer {
 public:
  using Handler = std::function<void(abi::Pa rec, abi::Ipa ipa)>;
  explicit DeviceAborts(Handler handler) : handler_(std::move(handler)) {}

  void trap(const rmm::port::TrapEvent& event) override {
    if (abi::esr::ec(event.esr) != abi::esr::Ec::kDataAbortLower) return;
    // Devices lie below RAM; the shared alias, where they answer, lies above.
    const abi::Ipa ipa{abi::esr::ipa_from_hpfar(event.hpfar)};
    if (ipa < host::vmm::kRamBase) handler_(event.rec, ipa);
  }

 private:
  Handler handler_;
};

}  // namespace sim::app
