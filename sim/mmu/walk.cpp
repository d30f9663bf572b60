// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mmu/walk.h"

#include "rmm/abi/arch/esr.h"

namespace sim {

std::uint64_t fault_status_code(const MmuFault& fault) {
  const auto level = static_cast<std::uint64_t>(fault.level);
  switch (fault.kind) {
    case FaultKind::kAddressSize: return abi::esr::kFscAddressSize + level;
    case FaultKind::kTranslation: return abi::esr::kFscTranslation + level;
    case FaultKind::kAccessFlag: return abi::esr::kFscAccessFlag + level;
    case FaultKind::kPermission: return abi::esr::kFscPermission + level;
    case FaultKind::kGranuleProtection: return fault.on_walk ? abi::esr::kFscGpfWalk + level : abi::esr::kFscGpf;
    case FaultKind::kNoMemory: return fault.on_walk ? abi::esr::kFscExternalWalk + level : abi::esr::kFscExternal;
    case FaultKind::kNone: break;
  }
  return 0;
}

}  // namespace sim
