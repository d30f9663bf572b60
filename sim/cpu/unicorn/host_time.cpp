// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/host_time.h"

#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

namespace sim {

constinit thread_local unsigned EngineScope::depth_ = 0;

namespace {

constinit unsigned long hidden_reads = 0;

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

unsigned long hidden_clock_reads() { return hidden_reads; }

}  // namespace sim

// Interposed over the C library's: the executable's definitions come first in symbol look-up, for the engine library
// too. The engine sees the epoch.
extern "C" {

int gettimeofday(struct timeval* tv, void* tz) noexcept {
  if (sim::EngineScope::active()) {
    ++sim::hidden_reads;
    *tv = {};
    return 0;
  }
  static const auto next = sim::real<int (*)(struct timeval*, void*)>("gettimeofday");
  return next(tv, tz);
}

int clock_gettime(clockid_t clock, struct timespec* ts) noexcept {
  if (sim::EngineScope::active()) {
    ++sim::hidden_reads;
    *ts = {};
    return 0;
  }
  static const auto next = sim::real<int (*)(clockid_t, struct timespec*)>("clock_gettime");
  return next(clock, ts);
}

}  // extern "C"
