// SPDX-License-Identifier: GPL-2.0-or-later
// The SMC instruction of the normal world. Firmware (EL3) routes it; the host reaches the RMM in no other way.
#pragma once

#include "rmm/abi/smc.h"

namespace host::port {

class SmcConduit {
 public:
  virtual ~SmcConduit() = default;
  // Executes SMC #0 on the calling thread's PE.
  virtual abi::SmcRegs smc(const abi::SmcRegs& in) = 0;
};

}  // namespace host::port
