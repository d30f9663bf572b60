// SPDX-License-Identifier: GPL-2.0-or-later
// A physical PE as software at EL2 sees it. Every SMC arrives on one.
#pragma once

#include <cstdint>

#include "rmm/abi/arch/gic.h"

namespace rmm::port {

struct PeId {
  std::uint16_t value = 0;
  constexpr bool operator==(const PeId&) const = default;
};

class Pe {
 public:
  virtual ~Pe() = default;
  virtual PeId id() const = 0;
  // A physical IRQ or FIQ is pending for EL2 of this PE (an IPI of the host, a device, the host's timer).
  virtual bool irq_pending() const = 0;
  virtual bool fiq_pending() const = 0;
  // The virtual CPU interface's registers of this PE. MISR is computed from them.
  virtual abi::gic::IchState& ich() = 0;
  virtual std::uint64_t ich_misr() const = 0;
};

}  // namespace rmm::port
