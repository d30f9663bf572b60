// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/payload/runtime/machine.h"

#include "guest/runtime/access.h"
#include "guest/runtime/places.h"

namespace guest {

namespace {

constexpr std::uint64_t kRedistributorSize = 0x20000;  // IHI 0069: RD_base and SGI_base without virtual LPIs
constexpr std::uint64_t kTyper = 0x8;                  // GICR_TYPER: affinity in 63:32, Last is bit 4
constexpr std::uint64_t kLast = 1U << 4;

std::uint64_t typer(unsigned cpu) { return read64(redistributor(cpu).value + kTyper); }

}  // namespace

abi::Ipa console() { return {machine_map.uart.value}; }
abi::Ipa distributor() { return {machine_map.distributor.value}; }
abi::Ipa redistributor(unsigned cpu) { return {machine_map.redistributors.value + cpu * kRedistributorSize}; }

// Aff3 lies at 31:24 in the affinity of GICR_TYPER, at 39:32 in MPIDR_EL1.
abi::Mpidr mpidr_of(unsigned cpu) {
  const std::uint64_t affinity = typer(cpu) >> 32;
  return {(affinity & 0xff'ffff) | (affinity & 0xff00'0000) << 8};
}

unsigned machine_cpus() {
  unsigned cpus = 1;
  while ((typer(cpus - 1) & kLast) == 0) ++cpus;
  return cpus;
}

}  // namespace guest
