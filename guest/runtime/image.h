// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses the linker script defines: where the program's parts lie.
#pragma once

#include <cstdint>

#include "rmm/abi/addr.h"

extern "C" {
extern const char __text_start[];
extern const char __rodata_start[];
extern const char __data_start[];
extern const char __bss_end[];
}

namespace guest {

inline constexpr unsigned kMaxCpus = 16;  // __max_cpus of link.ld
inline constexpr abi::Ipa kRam{0x8000'0000};

inline constexpr std::uint64_t kMiB = 1ULL << 20;

// 2 MiB behind the program for each CPU, in 64 MiB of RAM.
constexpr abi::IpaRange memory_of(unsigned cpu) {
  const abi::Ipa base = kRam + (16 + 2 * cpu) * kMiB;
  return {base, base + 2 * kMiB};
}

// Stage 1 is an identity map: the address of an object is its IPA.
inline abi::Ipa ipa_of(const void* object) { return {reinterpret_cast<std::uintptr_t>(object)}; }

// The whole program in memory, stacks included.
inline abi::IpaRange image() { return {ipa_of(__text_start), ipa_of(__bss_end)}; }

}  // namespace guest
