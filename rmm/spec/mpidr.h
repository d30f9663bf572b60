// SPDX-License-Identifier: GPL-2.0-or-later
// REC index and MPIDR (A2.3.3): two layouts of the same affinity fields.
#pragma once

#include <cstdint>

namespace rmm::spec {

// B4.4.18 RmiRecMpidr: aff0 3:0, aff1 15:8, aff2 23:16, aff3 31:24; all else is SBZ.
inline constexpr std::uint64_t kRmiMpidrMask = 0xffffff0fULL;

// B3.38
constexpr std::uint64_t index_of_rmi_mpidr(std::uint64_t mpidr) {
  return (mpidr & 0xf) | ((mpidr & 0xffffff00ULL) >> 4);
}

// The affinity fields of MPIDR_EL1, as PSCI takes them: Aff3 at 39:32.
inline constexpr std::uint64_t kPsciMpidrMask = 0xff00ffff0fULL;
constexpr std::uint64_t index_of_psci_mpidr(std::uint64_t mpidr) {
  return index_of_rmi_mpidr((mpidr & 0xffffff) | ((mpidr >> 8) & 0xff000000ULL));
}

}  // namespace rmm::spec
