// SPDX-License-Identifier: GPL-2.0-or-later
// What a faulting load or store was: its address, for FAR, and its syndrome, for the emulation of MMIO.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace sim {

struct MemoryAccess {
  std::uint64_t address = 0;  // of the first byte
  unsigned bytes = 0;         // accessed from there on
  // ISS[24:14] of a data abort (ISV, SAS, SSE, SRT, SF, AR); 0 where the architecture gives no valid syndrome: pairs,
  // writeback, exclusives, atomics, SIMD (Arm ARM D24.2.40, ISV).
  std::uint64_t iss = 0;
};

// Reads general register n as an address base or offset: 31 is SP for `base`, zero otherwise.
using RegisterReader = std::function<std::uint64_t(unsigned n, bool base)>;

// nullopt: not an instruction of the load and store group whose address can be computed.
std::optional<MemoryAccess> decode_memory_access(std::uint32_t instruction, std::uint64_t pc,
                                                 const RegisterReader& read);

// LDTR*, STTR*: accesses with the permissions of EL0.
constexpr bool is_unprivileged_access(std::uint32_t instruction) { return (instruction & 0x3b200c00) == 0x38000800; }

}  // namespace sim
