// SPDX-License-Identifier: GPL-2.0-or-later
// What stands in the mutated copy of the monitor's sources: each mutant has a number, and the one that is active acts.
// Reaching a mutant is recorded, and takes from the time that a run is given.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "rmm/core/rtt_entry.h"

namespace mutant {

struct State {
  unsigned active = 0;         // 0: none
  bool swaps = false;          // the active one is a pair of conditions
  bool holds_first = false;    // ... whose first condition has been postponed
  std::uint64_t left = ~0ULL;  // evaluations until the run is given up
};
extern State state;
extern unsigned char* reached;  // by number
[[noreturn]] void give_up();

inline bool hit(unsigned number) {
  reached[number] = 1;
  if (--state.left == 0) [[unlikely]]
    give_up();
  return number == state.active;
}
// True iff mutant `number` is active. Constants are never mutated.
constexpr bool on(unsigned number) { return !std::is_constant_evaluated() && hit(number); }

// A failure condition that may be off.
constexpr bool condition(unsigned number, bool holds) { return holds && !on(number); }

// A pair of conditions that may be swapped: the first waits behind the second, and is reported if that one is false.
inline bool postpone(unsigned number, bool holds) {
  if (!hit(number)) return holds;
  state.holds_first = holds;
  return false;
}
inline bool postponed(unsigned number) { return hit(number) && std::exchange(state.holds_first, false); }
inline bool swaps() { return state.swaps; }

// A value that differs from `value` as little as a bug might make it.
template <class T>
constexpr T changed(T value) {
  if constexpr (std::same_as<T, bool>) {
    return !value;
  } else if constexpr (std::is_enum_v<T>) {
    const auto raw = static_cast<std::underlying_type_t<T>>(value);
    return static_cast<T>(raw > 0 ? raw - 1 : 1);
  } else if constexpr (std::integral<T>) {
    return static_cast<T>(value == 0 ? 1 : value & (value - 1));  // the lowest bit that is set goes
  } else if constexpr (std::same_as<T, rmm::core::RttEntry>) {
    if (value.state == rmm::core::RttState::kUnassigned)
      value.ripas = changed(value.ripas);
    else
      value.address += abi::kGranuleSize;
    return value;
  } else if constexpr (std::same_as<T, abi::GranulePa>) {
    return T::from_frame(value.frame() + 1);
  } else if constexpr (std::same_as<T, abi::IpaRange>) {
    return {value.base + abi::kGranuleSize, value.top};
  } else if constexpr (requires { value += abi::kGranuleSize; }) {
    return value += abi::kGranuleSize;
  } else if constexpr (requires { value.value; }) {
    value.value = changed(value.value);
    return value;
  } else {
    value[0] = changed(value[0]);
    return value;
  }
}
template <class T>
constexpr std::remove_cvref_t<T> alter(unsigned number, T&& value) {
  if (on(number)) return changed<std::remove_cvref_t<T>>(value);
  return std::forward<T>(value);
}

// A lock guard that may be missing.
template <class Inner>
class Guard {
 public:
  template <class... Args>
  explicit Guard(unsigned number, Args&&... args) {
    if (!on(number)) inner_.emplace(std::forward<Args>(args)...);
  }

 private:
  std::optional<Inner> inner_;
};

}  // namespace mutant
