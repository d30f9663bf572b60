// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/host_time.h"

#include <dlfcn.h>
#include <sys/time.h>

#include <ctime>

namespace sim {

constinit thread_local unsigned EngineScope::depth_ = 0;
constinit thread_local std::uint64_t EngineScope::time_ns_ = 0;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

constinit unsigned long hidden_reads = 0;

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

unsigned long hidden_clock_reads() { return hidden_reads; }

}  // namespace sim

// Interposed over the C library's: the executable's definitions come first in symbol look-up, for the engine library
// too.
extern "C" {

int gettimeofday(struct timeval* tv, void* tz) noexcept {
  if (sim::EngineScope::active()) {
    ++sim::hidden_reads;
    const std::uint64_t ns = sim::EngineScope::time_ns();
    tv->tv_sec = static_cast<time_t>(ns / sim::kSecond);
    tv->tv_usec = static_cast<suseconds_t>(ns % sim::kSecond / 1000);
    return 0;
  }
  static const auto next = sim::real<int (*)(struct timeval*, void*)>("gettimeofday");
  return next(tv, tz);
}

int clock_gettime(clockid_t clock, struct timespec* ts) noexcept {
  if (sim::EngineScope::active()) {
    ++sim::hidden_reads;
    const std::uint64_t ns = sim::EngineScope::time_ns();
    ts->tv_sec = static_cast<time_t>(ns / sim::kSecond);
    ts->tv_nsec = static_cast<long>(ns % sim::kSecond);
    return 0;
  }
  static const auto next = sim::real<int (*)(clockid_t, struct timespec*)>("clock_gettime");
  return next(clock, ts);
}

}  // extern "C"
