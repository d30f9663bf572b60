// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/runtime/console.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/places.h"

namespace guest {

abi::Ipa console() { return kConsole; }
abi::Ipa distributor() { return kDistributor; }
abi::Ipa redistributor(unsigned cpu) { return kRedistributors + cpu * kRedistributorSize; }

// DEN0137 1.0-rel0 B4.4.13 RmiRecMpidr: sixteen CPUs share a value of Aff1.
abi::Mpidr mpidr_of(unsigned cpu) {
  return {static_cast<std::uint64_t>(cpu % 16) | (static_cast<std::uint64_t>(cpu / 16) << 8)};
}

}  // namespace guest
