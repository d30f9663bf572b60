// SPDX-License-Identifier: GPL-2.0-or-later
// What this VMM answers beside PSCI: who it is (Arm DEN0028, Call UID of the vendor specific hypervisor service).
#pragma once

#include <array>
#include <cstdint>

namespace host::vmm {

inline constexpr std::uint32_t kHypervisorUid = 0x8600'FF01;
// W0 to W3: the UUID 5f1c7b2e-93d4-4a6b-8e01-c3a5d2f49b70, its first byte in the low bits of W0.
inline constexpr std::array<std::uint64_t, 4> kVmmUid{0x2e7b1c5f, 0x6b4ad493, 0xa5c3018e, 0x709bf4d2};

}  // namespace host::vmm
