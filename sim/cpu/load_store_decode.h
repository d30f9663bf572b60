// SPDX-License-Identifier: GPL-2.0-or-later
// What a faulting load or store was: its address, for FAR, its syndrome, for the emulation of MMIO by a hypervisor, and
// what it does to the registers, for accesses to devices of the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace sim {

// Which registers a load or store moves, and how.
struct RegisterTransfer {
  unsigned rt = 0;
  std::optional<unsigned> rt2{};  // of a pair
  unsigned size = 0;              // bytes of each
  bool load = false;
  bool simd = false;
  bool sign_extends = false;
  bool sixty_four = false;  // a sign-extended value fills 64 bits, else 32
  // Writeback: the base register and its new value.
  std::optional<std::pair<unsigned, std::uint64_t>> new_base{};
};

struct MemoryAccess {
  std::uint64_t address = 0;  // of the first byte
  unsigned bytes = 0;         // accessed from there on
  // ISS[24:14] of a data abort (ISV, SAS, SSE, SRT, SF, AR); 0 where the architecture gives no valid syndrome: pairs,
  // writeback, exclusives, atomics, SIMD (Arm ARM D24.2.40, ISV).
  std::uint64_t iss = 0;
  // Empty for exclusives, atomics, structures and cache maintenance.
  std::optional<RegisterTransfer> transfer{};
};

// Reads general register n as an address base or offset: 31 is SP for `base`, zero otherwise.
using RegisterReader = std::function<std::uint64_t(unsigned n, bool base)>;

// nullopt: not an instruction of the load and store group whose address can be computed.
std::optional<MemoryAccess> decode_memory_access(std::uint32_t instruction, std::uint64_t pc,
                                                 const RegisterReader& read);

// LDTR*, STTR*: accesses with the permissions of EL0.
constexpr bool is_unprivileged_access(std::uint32_t instruction) { return (instruction & 0x3b200c00) == 0x38000800; }

}  // namespace sim
