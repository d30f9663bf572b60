// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/payload/runtime/interrupts.h"

#include <cstdint>

#include "guest/runtime/access.h"
#include "guest/runtime/gic.h"
#include "guest/runtime/places.h"
#include "guest/runtime/psci.h"

namespace guest {

namespace {

// IHI 0069: GICR_WAKER, ICC_SRE_EL2 (system registers, also for EL1; no bypass).
constexpr std::uint64_t kWaker = 0x14, kProcessorSleep = 1U << 1, kChildrenAsleep = 1U << 2;
constexpr std::uint64_t kSre = 0xf;

}  // namespace

void start_interrupts() {
  const std::uint64_t waker = redistributor(this_cpu()).value + kWaker;
  write32(waker, read32(waker) & ~static_cast<std::uint32_t>(kProcessorSleep));
  while ((read32(waker) & kChildrenAsleep) != 0) asm volatile("yield");
  asm volatile("msr icc_sre_el2, %0\nisb" : : "r"(kSre));
  gic::start();
}

}  // namespace guest
