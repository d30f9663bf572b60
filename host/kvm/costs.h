// SPDX-License-Identifier: GPL-2.0-or-later
// Virtual time that host work takes. Fixed figures, of the order seen on real hardware, so that a guest which only
// makes exits still sees time pass.
#pragma once

#include <cstdint>

namespace host::kvm {

inline constexpr std::uint64_t kGuestExitCostNs = 500;    // one exit: world switch, vgic and exit handling
inline constexpr std::uint64_t kHostIrqCostNs = 300;      // in addition, if a host interrupt was pending
inline constexpr std::uint64_t kStage2FaultCostNs = 500;  // in addition, a fault that maps a granule

}  // namespace host::kvm
