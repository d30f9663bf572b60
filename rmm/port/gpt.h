// SPDX-License-Identifier: GPL-2.0-or-later
// The granule protection table, owned by EL3 firmware.
#pragma once

#include <cstdint>
#include <span>

#include "rmm/abi/addr.h"

namespace rmm::port {

struct MemoryBank {
  abi::Pa base;
  std::uint64_t size = 0;  // bytes, multiple of a granule
};

class Gpt {
 public:
  virtual ~Gpt() = default;
  // DRAM banks in ascending order. A PA inside one of them is delegable (DEN0137 B3.43 PaIsDelegable).
  virtual std::span<const MemoryBank> banks() const = 0;
  virtual abi::Pas pas(abi::GranulePa granule) const = 0;
  // Asks firmware to move the granule to `pas`. False: refused, nothing changed (e.g. a Root or Secure granule).
  [[nodiscard]] virtual bool set_pas(abi::GranulePa granule, abi::Pas pas) = 0;
};

}  // namespace rmm::port
