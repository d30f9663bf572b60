// SPDX-License-Identifier: GPL-2.0-or-later
// System registers of EL2 that payloads read and write.
#pragma once

#include <cstdint>

namespace guest {

// HCR_EL2 (Arm ARM D19.2).
inline constexpr std::uint64_t kHcrImo = 1ULL << 4, kHcrTwi = 1ULL << 13, kHcrTid3 = 1ULL << 18, kHcrTsc = 1ULL << 19,
                               kHcrTge = 1ULL << 27, kHcrRw = 1ULL << 31;

inline void write_hcr(std::uint64_t value) { asm volatile("msr hcr_el2, %0\nisb" : : "r"(value) : "memory"); }

}  // namespace guest
