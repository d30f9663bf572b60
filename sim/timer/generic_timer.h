// SPDX-License-Identifier: GPL-2.0-or-later
// One generic timer (CNTV or CNTP of a CPU): the arithmetic of CTL, CVAL and TVAL (Arm ARM D11.2). A value; the counter
// is passed in.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "rmm/abi/arch/sysreg.h"
#include "rmm/abi/arch/timer.h"

namespace sim {

// The system counter (CNTPCT_EL0) by virtual time.
struct Counter {
  std::uint64_t ns_per_count = abi::kNsPerCount;  // a divisor of 1'000'000'000

  constexpr std::uint64_t frequency_hz() const { return 1'000'000'000 / ns_per_count; }
  // Division by the usual constant is several times as fast.
  constexpr std::uint64_t at(std::uint64_t now_ns) const {
    return ns_per_count == abi::kNsPerCount ? now_ns / abi::kNsPerCount : now_ns / ns_per_count;
  }
};
constexpr std::uint64_t counter_at(std::uint64_t now_ns) { return Counter{}.at(now_ns); }

struct GenericTimer {
  std::uint64_t control = 0;  // ENABLE and IMASK; ISTATUS is a function of the counter
  std::uint64_t cval = 0;
  auto members() { return std::tie(control, cval); }
  constexpr bool operator==(const GenericTimer&) const = default;

  constexpr bool enabled() const { return (control & abi::kTimerEnable) != 0; }
  constexpr bool masked() const { return (control & abi::kTimerImask) != 0; }
  // The timer condition: enabled and CVAL reached. UNKNOWN in the architecture while disabled; 0 here.
  constexpr bool istatus(std::uint64_t count) const { return enabled() && count >= cval; }
  // The level of the timer's interrupt output.
  constexpr bool asserted(std::uint64_t count) const { return istatus(count) && !masked(); }

  constexpr std::uint64_t read_ctl(std::uint64_t count) const {
    return control | (istatus(count) ? abi::kTimerIstatus : 0);
  }
  constexpr void write_ctl(std::uint64_t value) { control = value & (abi::kTimerEnable | abi::kTimerImask); }
  // TVAL is the signed 32-bit distance to CVAL; reads zero-extend to the register.
  constexpr std::uint64_t read_tval(std::uint64_t count) const { return (cval - count) & 0xffffffffULL; }
  constexpr void write_tval(std::uint64_t value, std::uint64_t count) {
    cval = count + static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(value)));
  }

  // First virtual time at which asserted() becomes true, if it is not yet and ever will; `now_ns` otherwise when it is.
  // `offset`: what the timer's counter is behind CNTPCT_EL0 (CNTVOFF_EL2).
  constexpr std::optional<std::uint64_t> deadline_ns(std::uint64_t now_ns, Counter counter = {},
                                                     std::uint64_t offset = 0) const {
    if (!enabled() || masked()) return std::nullopt;
    const std::uint64_t physical = counter.at(now_ns);
    const std::uint64_t count = physical - offset;
    if (count >= cval) return now_ns;
    const std::uint64_t left = cval - count;
    const std::uint64_t end = ~0ULL / counter.ns_per_count;  // of virtual time
    if (left > end - physical) return std::nullopt;
    return (physical + left) * counter.ns_per_count;
  }
};

}  // namespace sim
