// SPDX-License-Identifier: GPL-2.0-or-later
// The guest is powered off by one CPU while the others are in the middle of something: computing, waiting, using a
// device, changing RIPAS, calling PSCI. Nothing that any of them still does may keep the guest alive.

#include <atomic>

#include "guest/runtime/access.h"
#include "guest/runtime/claims.h"
#include "guest/runtime/console.h"
#include "guest/runtime/image.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"

namespace {

using abi::v1_0::Ripas;

constinit guest::Claims claims("off");

constexpr unsigned kActivities = 5;
std::atomic<std::uint64_t> rounds[guest::kMaxCpus];

void change_ripas(unsigned cpu) {
  const abi::IpaRange granule{guest::memory_of(cpu).base, guest::memory_of(cpu).base + abi::kGranuleSize};
  guest::set_ripas(granule, Ripas::kEmpty, guest::OfDestroyed::kChange);
  guest::set_ripas(granule, Ripas::kRam, guest::OfDestroyed::kChange);
  guest::write64(granule.base.value, 1);
}

void work(unsigned cpu) {
  switch (cpu % kActivities) {
    case 0: guest::is_off(0); return;
    case 1: change_ripas(cpu); return;
    case 2: guest::read32(guest::kConsole.value + 0x18); return;
    case 3: guest::write64(guest::memory_of(cpu).base.value + rounds[cpu] % 512 * abi::kGranuleSize, 1); return;
    default: return;
  }
}

}  // namespace

extern "C" void first_cpu() {
  const unsigned cpus = guest::start_others();
  for (unsigned cpu = 1; cpu < cpus; ++cpu)
    while (rounds[cpu] < 3) asm volatile("yield");
  claims.check(true, "all other CPUs are busy");
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  for (;;) {
    // CPUs 4, 9 and 14 wait for ever after three rounds.
    if (cpu % kActivities == 4 && rounds[cpu] >= 3) asm volatile("wfi");
    work(static_cast<unsigned>(cpu));
    ++rounds[cpu];
  }
}
