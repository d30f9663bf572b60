// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/pmu.h"

#include <algorithm>

namespace sim {
namespace {

using namespace abi::pmu;
using abi::SysReg;

constexpr std::uint32_t raw(SysReg reg) { return static_cast<std::uint32_t>(reg); }
constexpr std::uint64_t bit(unsigned n) { return 1ULL << n; }
constexpr std::uint64_t below(unsigned n) { return bit(n) - 1; }
constexpr std::uint64_t kCycleBit = bit(kCycleCounter);
constexpr std::uint64_t kShortMask = 0xffff'ffff;
constexpr std::uint64_t kDivider = 64;
constexpr std::uint64_t kSelMask = 0x1f;
constexpr std::uint64_t kFilterMask =
    kFilterP | kFilterU | kFilterNsk | kFilterNsu | kFilterNsh | kFilterM | kFilterRlk | kFilterRlu | kFilterRlh;
constexpr std::uint64_t kUserMask = kUserEn | kUserSw | kUserCr | kUserEr;

// PMEVCNTR<n>_EL0 has CRm 8 to 11, PMEVTYPER<n>_EL0 12 to 15; n = 31 of the latter is PMCCFILTR_EL0.
constexpr std::uint32_t kCounterGroup = abi::sysreg_key(3, 3, 14, 8, 0);
constexpr std::uint32_t kTypeGroup = abi::sysreg_key(3, 3, 14, 12, 0);
constexpr bool in_group(std::uint32_t key, std::uint32_t group) { return (key & ~0x1fU) == group; }
constexpr unsigned index_of(std::uint32_t key) { return key & 0x1f; }

std::uint64_t event_mask(const PmuModel& model) { return model.long_counters ? 0xffff : 0x3ff; }

// The events that exist. The PE never stalls, and PMUv3p1 demands that it can say so.
std::uint64_t common_events(const PmuModel& model, unsigned first) {
  std::uint64_t mask = 0;
  for (const std::uint64_t event : {kSwIncr, kInstRetired, kCpuCycles, kChain, kStallFrontend, kStallBackend}) {
    if (event >= kStallFrontend && !model.long_counters) continue;
    if (event >= first && event < first + 32) mask |= bit(static_cast<unsigned>(event - first));
  }
  return mask;
}

// The counters in a bit map that software at the place may see.
std::uint64_t visible(const PmuModel& model, const PmuPlace& place) {
  const unsigned events = place.el == 2 ? model.counters : std::min(place.hpmn, model.counters);
  return below(events) | kCycleBit;
}

// Arm ARM D13.4.2: by exception level and security state; in a realm the bits of Realm state take the place of NSK,
// NSU.
bool filter_passes(std::uint64_t filter, const PmuPlace& place) {
  const auto set = [filter](std::uint64_t mask) { return (filter & mask) != 0; };
  switch (place.el) {
    case 0: return set(kFilterU) == set(place.realm ? kFilterRlu : kFilterNsu);
    case 1: return set(kFilterP) == set(place.realm ? kFilterRlk : kFilterNsk);
    default: return place.realm ? set(kFilterNsh) != set(kFilterRlh) : set(kFilterNsh);
  }
}

}  // namespace

bool Pmu::owns(std::uint32_t key) {
  if (in_group(key, kCounterGroup)) return index_of(key) < kMaxCounters;
  if (in_group(key, kTypeGroup)) return true;
  switch (key) {
    case raw(kPmcrEl0):
    case raw(kPmcntensetEl0):
    case raw(kPmcntenclrEl0):
    case raw(kPmovsclrEl0):
    case raw(kPmswincEl0):
    case raw(kPmselrEl0):
    case raw(kPmceid0El0):
    case raw(kPmceid1El0):
    case raw(kPmccntrEl0):
    case raw(kPmxevtyperEl0):
    case raw(kPmxevcntrEl0):
    case raw(kPmuserenrEl0):
    case raw(kPmovssetEl0):
    case raw(kPmintensetEl1):
    case raw(kPmintenclrEl1):
    case raw(kPmmirEl1): return true;
    default: return false;
  }
}

bool Pmu::permits_el0(std::uint32_t key, bool is_read) const {
  const SysReg reg{key};
  if (reg == kPmintensetEl1 || reg == kPmintenclrEl1 || reg == kPmmirEl1) return false;
  if (reg == kPmuserenrEl0) return is_read;
  if ((user_enable & kUserEn) != 0) return true;
  if (reg == kPmswincEl0) return (user_enable & kUserSw) != 0;
  if (reg == kPmccntrEl0) return is_read && (user_enable & kUserCr) != 0;
  if (reg == kPmselrEl0) return (user_enable & kUserEr) != 0;
  const bool event_count = reg == kPmxevcntrEl0 || in_group(key, kCounterGroup);
  return event_count && is_read && (user_enable & kUserEr) != 0;
}

bool Pmu::read(std::uint32_t key, const PmuModel& model, const PmuPlace& place, std::uint64_t& value) const {
  const std::uint64_t seen = visible(model, place);
  const auto count_of = [&](unsigned n) { return (seen & below(kMaxCounters) & bit(n)) != 0 ? counts[n] : 0; };
  const auto type_of = [&](unsigned n) {
    if (n == kCycleCounter) return cycle_filter;
    return (seen & bit(n)) != 0 ? types[n] : 0;
  };
  const auto sel = static_cast<unsigned>(selected);
  value = 0;
  if (in_group(key, kCounterGroup)) {
    value = count_of(index_of(key));
    return true;
  }
  if (in_group(key, kTypeGroup)) {
    value = type_of(index_of(key));
    return true;
  }
  switch (key) {
    case raw(kPmcrEl0): {
      const std::uint64_t n = place.el == 2 ? model.counters : std::min(place.hpmn, model.counters);
      value = control | (n << kPmcrNShift);
      return true;
    }
    case raw(kPmcntensetEl0):
    case raw(kPmcntenclrEl0): value = enabled & seen; return true;
    case raw(kPmovssetEl0):
    case raw(kPmovsclrEl0): value = overflowed & seen; return true;
    case raw(kPmintensetEl1):
    case raw(kPmintenclrEl1): value = interrupt_enabled & seen; return true;
    case raw(kPmselrEl0): value = selected; return true;
    case raw(kPmceid0El0): value = common_events(model, 0); return true;
    case raw(kPmceid1El0): value = common_events(model, 32); return true;
    case raw(kPmccntrEl0): value = cycle_count; return true;
    case raw(kPmxevtyperEl0): value = type_of(sel); return true;
    case raw(kPmxevcntrEl0): value = sel < kMaxCounters ? count_of(sel) : 0; return true;
    case raw(kPmuserenrEl0): value = user_enable; return true;
    case raw(kPmmirEl1): return model.long_counters;  // no count of slots
    default: return false;                            // PMSWINC_EL0
  }
}

bool Pmu::write(std::uint32_t key, const PmuModel& model, const PmuPlace& place, std::uint64_t value) {
  const std::uint64_t seen = visible(model, place);
  const auto set_count = [&](unsigned n) {
    if (n < kMaxCounters && (seen & bit(n)) != 0) counts[n] = model.long_counters ? value : value & kShortMask;
  };
  const auto set_type = [&](unsigned n) {
    if (n == kCycleCounter)
      cycle_filter = value & kFilterMask;
    else if ((seen & bit(n)) != 0)
      types[n] = value & (kFilterMask | event_mask(model));
  };
  if (in_group(key, kCounterGroup)) {
    set_count(index_of(key));
    return true;
  }
  if (in_group(key, kTypeGroup)) {
    set_type(index_of(key));
    return true;
  }
  switch (key) {
    case raw(kPmcrEl0): write_control(model, place, value); return true;
    case raw(kPmcntensetEl0): enabled |= value & seen; return true;
    case raw(kPmcntenclrEl0): enabled &= ~(value & seen); return true;
    case raw(kPmovssetEl0): overflowed |= value & seen; return true;
    case raw(kPmovsclrEl0): overflowed &= ~(value & seen); return true;
    case raw(kPmintensetEl1): interrupt_enabled |= value & seen; return true;
    case raw(kPmintenclrEl1): interrupt_enabled &= ~(value & seen); return true;
    case raw(kPmselrEl0): selected = value & kSelMask; return true;
    case raw(kPmccntrEl0): cycle_count = value; return true;
    case raw(kPmxevtyperEl0): set_type(static_cast<unsigned>(selected)); return true;
    case raw(kPmxevcntrEl0): set_count(static_cast<unsigned>(selected)); return true;
    case raw(kPmuserenrEl0): user_enable = value & kUserMask; return true;
    case raw(kPmswincEl0):
      for (unsigned n = 0; n < model.counters; ++n)
        if ((value & seen & bit(n)) != 0 && (types[n] & event_mask(model)) == kSwIncr && event_counts(model, place, n))
          add_event(model, place, n, 1);
      return true;
    default: return false;  // PMCEID<n>_EL0, PMMIR_EL1
  }
}

void Pmu::write_control(const PmuModel& model, const PmuPlace& place, std::uint64_t value) {
  std::uint64_t kept = kPmcrE | kPmcrD | kPmcrX | kPmcrLc;
  if (model.long_counters) kept |= kPmcrDp | kPmcrLp;
  control = value & kept;
  // P resets the event counters that the exception level has, no overflow bits.
  if ((value & kPmcrP) != 0)
    for (unsigned n = 0; n < model.counters; ++n)
      if ((visible(model, place) & bit(n)) != 0) counts[n] = 0;
  if ((value & kPmcrC) != 0) cycle_count = divided = 0;
}

bool Pmu::event_counts(const PmuModel& model, const PmuPlace& place, unsigned n) const {
  if (n >= model.counters || (enabled & bit(n)) == 0) return false;
  const bool of_el2 = n >= place.hpmn;
  if (!(of_el2 ? place.hpme : (control & kPmcrE) != 0)) return false;
  if (place.el == 2 && !of_el2 && place.hpmd) return false;
  return filter_passes(types[n], place);
}

bool Pmu::cycles_count(const PmuPlace& place) const {
  if ((enabled & kCycleBit) == 0 || (control & kPmcrE) == 0) return false;
  const bool prohibited = place.el == 2 && place.hpmd;
  if ((place.el == 2 && place.hccd) || (prohibited && (control & kPmcrDp) != 0)) return false;
  return filter_passes(cycle_filter, place);
}

bool Pmu::is_long(const PmuModel& model, const PmuPlace& place, unsigned n) const {
  return model.long_counters && (n < place.hpmn ? (control & kPmcrLp) != 0 : place.hlp);
}

std::uint64_t Pmu::counting(const PmuModel& model, const PmuPlace& place) const {
  std::uint64_t mask = cycles_count(place) ? kCycleBit : 0;
  for (unsigned n = 0; n < model.counters; ++n)
    if (event_counts(model, place, n)) mask |= bit(n);
  return mask;
}

bool Pmu::differs_at(const PmuModel& model, const PmuPlace& place, unsigned el) const {
  PmuPlace other = place;
  other.el = el;
  return counting(model, place) != counting(model, other);
}

std::uint64_t Pmu::add(const PmuModel& model, const PmuPlace& place, unsigned n, std::uint64_t events) {
  const std::uint64_t before = counts[n];
  const std::uint64_t after = before + events;
  const std::uint64_t overflows = is_long(model, place, n)
                                      ? std::uint64_t{after < before}
                                      : ((before & kShortMask) + events) >> 32;  // events stay far below 2^63
  counts[n] = model.long_counters ? after : after & kShortMask;
  if (overflows != 0) overflowed |= bit(n);
  return overflows;
}

// An event of counter n, and of the odd counter that counts its overflows.
void Pmu::add_event(const PmuModel& model, const PmuPlace& place, unsigned n, std::uint64_t events) {
  const std::uint64_t overflows = add(model, place, n, events);
  const unsigned next = n + 1;
  if (overflows == 0 || (n & 1) != 0 || is_long(model, place, n)) return;
  if (event_counts(model, place, next) && (types[next] & event_mask(model)) == kChain)
    add(model, place, next, overflows);
}

void Pmu::count(const PmuModel& model, const PmuPlace& place, std::uint64_t cycles, std::uint64_t instructions) {
  if (!active(place)) return;
  if (cycles_count(place)) {
    std::uint64_t counted = cycles;
    if ((control & (kPmcrD | kPmcrLc)) == kPmcrD) {
      divided += cycles;
      counted = divided / kDivider;
      divided %= kDivider;
    }
    const std::uint64_t before = cycle_count;
    cycle_count += counted;
    const bool overflow =
        (control & kPmcrLc) != 0 ? cycle_count < before : (before & kShortMask) + counted > kShortMask;
    if (overflow) overflowed |= kCycleBit;
  }
  for (unsigned n = 0; n < model.counters; ++n) {
    if (!event_counts(model, place, n)) continue;
    const std::uint64_t event = types[n] & event_mask(model);
    if (event == kInstRetired && instructions != 0) add_event(model, place, n, instructions);
    if (event == kCpuCycles && cycles != 0) add_event(model, place, n, cycles);
  }
}

std::optional<std::uint64_t> Pmu::deadline(const PmuModel& model, const PmuPlace& place) const {
  if (!active(place)) return std::nullopt;
  std::optional<std::uint64_t> first;
  const auto consider = [&first](std::uint64_t left) { first = std::min(first.value_or(left), left); };
  const auto left_of = [](std::uint64_t count, bool is_long) {  // to the overflow, at least 1; 2^64 is out of reach
    return is_long ? std::max<std::uint64_t>(-count, count == 0 ? ~0ULL : 1) : (kShortMask + 1) - (count & kShortMask);
  };
  if (cycles_count(place) && (interrupt_enabled & kCycleBit) != 0 && (overflowed & kCycleBit) == 0) {
    const bool is_long_count = (control & kPmcrLc) != 0;
    const std::uint64_t left = left_of(cycle_count, is_long_count);
    consider((control & kPmcrD) != 0 && !is_long_count ? left * kDivider - divided : left);
  }
  for (unsigned n = 0; n < model.counters; ++n) {
    if (!event_counts(model, place, n)) continue;
    const std::uint64_t event = types[n] & event_mask(model);
    if (event != kInstRetired && event != kCpuCycles) continue;
    // An odd counter that chains overflows at an overflow of this one, if at all.
    const bool chained = (n & 1) == 0 && n + 1 < model.counters && (interrupt_enabled & ~overflowed & bit(n + 1)) != 0;
    if (chained || (interrupt_enabled & ~overflowed & bit(n)) != 0)
      consider(left_of(counts[n], is_long(model, place, n)));
  }
  return first;
}

// Arm ARM D13.3, CheckForPMUOverflow.
bool Pmu::interrupt(const PmuPlace& place) const {
  const std::uint64_t asking = overflowed & interrupt_enabled;
  if (asking == 0) return false;
  const std::uint64_t of_el2 = below(kMaxCounters) & ~below(place.hpmn);
  return ((control & kPmcrE) != 0 && (asking & ~of_el2) != 0) || (place.hpme && (asking & of_el2) != 0);
}

}  // namespace sim
