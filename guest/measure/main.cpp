// SPDX-License-Identifier: GPL-2.0-or-later
// Measurements (DEN0137 1.0-rel0 A7.1): the RIM is fixed, a REM grows by RSI_MEASUREMENT_EXTEND and by nothing else.
// CPUs 0 to 3 extend a REM each; the others look on.

#include "guest/runtime/claims.h"
#include "guest/runtime/console.h"
#include "guest/runtime/program.h"
#include "guest/runtime/psci.h"
#include "guest/runtime/realm.h"
#include "guest/runtime/smc.h"
#include "rmm/abi/v1_0/function_ids.h"

namespace {

namespace v1 = abi::v1_0;

constinit guest::Claims claims("measure");

constexpr unsigned kWords = 8, kRim = 0, kRems = 4;
constexpr std::uint64_t kMaxSize = 64;  // bytes that one call measures at most

struct Measurement {
  std::uint64_t status;
  std::array<std::uint64_t, kWords> words;

  bool is_zero() const { return words == std::array<std::uint64_t, kWords>{}; }
  bool operator==(const Measurement&) const = default;
};

Measurement read(std::uint64_t index) {
  const guest::SmcRegisters out = guest::smc(guest::SmcRegisters{v1::kRsiMeasurementRead, index});
  Measurement measurement{.status = out[0], .words = {}};
  for (unsigned i = 0; i < kWords; ++i) measurement.words[i] = out[1 + i];
  return measurement;
}

std::uint64_t extend(std::uint64_t index, std::uint64_t size) {
  return guest::smc(guest::SmcRegisters{v1::kRsiMeasurementExtend, index, size, 1, 2, 3, 4, 5, 6, 7, 8})[0];
}

constexpr auto kSuccess = static_cast<std::uint64_t>(v1::RsiStatus::kSuccess);
constexpr auto kErrorInput = static_cast<std::uint64_t>(v1::RsiStatus::kErrorInput);

void extend_own(std::uint64_t rem) {
  const Measurement empty = read(rem);
  claims.check(empty.status == kSuccess && empty.is_zero(), "a REM begins as zero");
  claims.check(extend(rem, kMaxSize) == kSuccess, "64 bytes extend it");
  const Measurement once = read(rem);
  claims.check(!once.is_zero(), "then it isn't zero any more");
  claims.check(extend(rem, kMaxSize) == kSuccess && read(rem) != once, "the same bytes again change it again");
  const Measurement twice = read(rem);
  claims.check(extend(rem, kMaxSize + 1) == kErrorInput && read(rem) == twice, "65 bytes are refused");
  claims.check(extend(rem, 0) == kSuccess && read(rem) != twice, "no bytes at all are a measurement too");
}

void prove(unsigned cpu) {
  const Measurement rim = read(kRim);
  if (!guest::rsi_version().is_realm) {
    claims.check(rim.status == ~0ULL, "a plain VM has no measurements");
    return;
  }
  claims.check(rim.status == kSuccess && !rim.is_zero(), "the RIM isn't zero");
  if (cpu < kRems) extend_own(cpu + 1);
  claims.check(extend(kRim, kMaxSize) == kErrorInput && read(kRim) == rim, "the RIM can't be extended");
  claims.check(read(kRems + 1).status == kErrorInput, "there is no REM 5 to read");
  claims.check(extend(kRems + 1, kMaxSize) == kErrorInput, "nor to extend");
}

}  // namespace

extern "C" void first_cpu() {
  const unsigned cpus = guest::start_others();
  prove(0);
  guest::wait_for_others(cpus);
  if (guest::rsi_version().is_realm) {
    bool as_many = true;
    for (unsigned rem = 1; rem <= kRems; ++rem) as_many &= read(rem).is_zero() == (rem > cpus);
    claims.check(as_many, "each CPU extended its own REM and no other");
  }
  claims.conclude();
}

extern "C" void secondary_cpu(std::uint64_t cpu) {
  prove(static_cast<unsigned>(cpu));
  guest::cpu_off();
}
