// SPDX-License-Identifier: GPL-2.0-or-later
// TLB maintenance for stage 2 of a realm, broadcast to all PEs, complete on return (TLBI IPAS2E1IS + VMALLE1IS + DSB).
#pragma once

#include "rmm/abi/addr.h"

namespace rmm::port {

class Tlb {
 public:
  virtual ~Tlb() = default;
  virtual void invalidate(abi::Vmid vmid, abi::IpaRange range) = 0;
  virtual void invalidate_all(abi::Vmid vmid) = 0;
};

}  // namespace rmm::port
