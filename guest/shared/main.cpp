// SPDX-License-Identifier: GPL-2.0-or-later
// Memory that a realm and its host both see (DEN0137 1.0-rel0 A2.3, A5.2): the realm gives a granule up and reaches it
// at its unprotected alias; protected granules around it and the protected address itself don't change by that. Each
// CPU shares one granule; then every CPU's word is read by CPU 0.

#include <atomic>

#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/exception.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"

namespace {

using abi::v1_0::Ripas;
using guest::OfDestroyed;

constinit guest::Claims claims("shared");

constexpr std::uint64_t kSize = abi::kGranuleSize;
constexpr std::uint64_t kWords = kSize / sizeof(std::uint64_t);
constexpr std::uint64_t kSecret = 0x5ec2'e700'0000'0000;  // never at a shared address
constexpr std::uint64_t kPublic = 0xda7a'0000'0000'0000;

// Four granules for each CPU, so that all CPUs change entries of one table: kept, shared, kept, shared and taken back.
abi::Ipa granule(unsigned cpu, unsigned index) { return guest::memory_of(0).base + (cpu * 4ULL + index) * kSize; }

void fill(std::uint64_t va, std::uint64_t value) {
  for (std::uint64_t i = 0; i < kWords; ++i) guest::write64(va + i * 8, value + i);
}
bool holds(std::uint64_t va, std::uint64_t value) {
  for (std::uint64_t i = 0; i < kWords; ++i)
    if (guest::read64(va + i * 8) != value + i) return false;
  return true;
}

bool change(abi::Ipa granule, Ripas ripas) {
  if (!guest::rsi_version().is_realm) return true;
  return guest::set_ripas({granule, granule + kSize}, ripas, OfDestroyed::kChange);
}

void share(unsigned cpu) {
  const std::uint64_t alias = guest::shared_alias();
  const abi::Ipa shared = granule(cpu, 1), lent = granule(cpu, 3);
  for (unsigned i = 0; i < 4; ++i) fill(granule(cpu, i).value, kSecret + cpu);

  claims.check(change(shared, Ripas::kEmpty) && change(lent, Ripas::kEmpty), "a granule is given up");
  if (alias != 0) {
    claims.check(!holds(shared.value | alias, kSecret + cpu), "the host doesn't see what it held");
    const guest::Fault fault = guest::fault_of([shared] { guest::read64(shared.value); });
    claims.check(fault.is_data_abort() && fault.is_external(), "its protected address has no memory now");
  }
  fill(shared.value | alias, kPublic + cpu);
  fill(lent.value | alias, kPublic + cpu);
  claims.check(holds(shared.value | alias, kPublic + cpu), "its shared address keeps what is written");

  claims.check(change(lent, Ripas::kRam), "the other one is taken back");
  if (alias != 0) claims.check(!holds(lent.value, kPublic + cpu), "what was public didn't become protected");
  fill(lent.value, kSecret + cpu);
  claims.check(holds(lent.value, kSecret + cpu), "it can hold secrets again");
  claims.check(holds(granule(cpu, 0).value, kSecret + cpu) && holds(granule(cpu, 2).value, kSecret + cpu),
               "the protected neighbours never changed");
}

}  // namespace

extern "C" void first_cpu() {
  const unsigned cpus = guest::start_others();
  share(0);
  guest::wait_for_others(cpus);
  bool all = true;
  for (unsigned cpu = 0; cpu < cpus; ++cpu) all &= holds(granule(cpu, 1).value | guest::shared_alias(), kPublic + cpu);
  claims.check(all, "what each CPU wrote is there for all");
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  share(static_cast<unsigned>(cpu));
  guest::cpu_off();
}
