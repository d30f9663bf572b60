// SPDX-License-Identifier: GPL-2.0-or-later
// What each guest program defines; the runtime calls it with the MMU on and a stack of its own.
#pragma once

#include <cstdint>

extern "C" {
void first_cpu();                       // the CPU the VMM starts
void secondary_cpu(std::uint64_t cpu);  // a CPU that guest::cpu_on started
}
