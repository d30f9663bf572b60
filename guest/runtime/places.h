// SPDX-License-Identifier: GPL-2.0-or-later
// Where the devices are and what the CPUs are called, defined once for VMs (vm_places.cpp) and once for the machine
// itself (guest/payload/runtime/machine.cpp): what uses them needs to know no map.
#pragma once

#include "rmm/abi/addr.h"

namespace guest {

abi::Ipa console();                    // the PL011
abi::Ipa distributor();                // of the GIC
abi::Ipa redistributor(unsigned cpu);  // the first of its frames
abi::Mpidr mpidr_of(unsigned cpu);

}  // namespace guest
