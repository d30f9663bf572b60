// SPDX-License-Identifier: GPL-2.0-or-later
// The payload's own translation at EL2: an identity map of 39 bits that lets nothing be both written and executed.
// Programs that look at translation itself change single entries.
#pragma once

#include <cstdint>

namespace guest {

// Descriptor bits of a 4 KiB granule, VMSAv8-64 stage 1 of one exception level (Arm ARM D8.3).
inline constexpr std::uint64_t kTable = 3, kPage = 3, kBlock = 1;
inline constexpr std::uint64_t kDevice = 0ULL << 2, kNormal = 1ULL << 2;  // indices into MAIR_EL2
inline constexpr std::uint64_t kReadOnly = 1ULL << 7;
inline constexpr std::uint64_t kInnerShareable = 3ULL << 8;
inline constexpr std::uint64_t kAccessFlag = 1ULL << 10;
inline constexpr std::uint64_t kNeverExecute = 1ULL << 54;
inline constexpr std::uint64_t kData = (1ULL << 6) | kNormal | kInnerShareable | kAccessFlag | kNeverExecute;  // AP[1]

inline constexpr std::uint64_t kLevel1Size = 1ULL << 30, kLevel2Size = 1ULL << 21;

// Builds the tables if they aren't there, and switches translation and caches of this PE on.
void use_stage1();

// The level 3 entry of the granule of `address`, which lies in the 2 MiB of the image; the level 2 entry of an address
// in the same GiB; the level 1 entry of any address. After a change: invalidate.
std::uint64_t& page_entry(std::uint64_t address);
std::uint64_t& block_entry(std::uint64_t address);
std::uint64_t& root_entry(std::uint64_t address);

// TLBI VAE2IS, for this address on every PE.
inline void invalidate(std::uint64_t address) {
  asm volatile("dsb ish\ntlbi vae2is, %0\ndsb ish\nisb" : : "r"(address >> 12 & 0xfff'ffff'ffff) : "memory");
}
inline void invalidate_all() { asm volatile("dsb ish\ntlbi alle2is\ndsb ish\nisb" ::: "memory"); }

}  // namespace guest
