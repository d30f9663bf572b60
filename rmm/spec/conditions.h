// SPDX-License-Identifier: GPL-2.0-or-later
// Failure conditions as the pages give them: a list and a partial order (B1.6). Which of them may be reported follows
// from the two: each one that holds and that no other holding one precedes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace rmm::spec {

// Whether a condition holds. kMay: the text does not say, or the condition is not well-formed here; a monitor may
// report it or go on.
class Truth {
 public:
  enum Value : std::uint8_t { kNo, kMay, kYes };
  constexpr Truth(bool holds) : value_(holds ? kYes : kNo) {}  // NOLINT(google-explicit-constructor)
  constexpr Truth(Value value) : value_(value) {}              // NOLINT(google-explicit-constructor)
  constexpr Value value() const { return value_; }

 private:
  Value value_;
};

// How a failure shows in X0.
enum class Report : std::uint8_t {
  kInput,        // RMI_ERROR_INPUT
  kRealm,        // RMI_ERROR_REALM, index 0
  kRealmOff,     // RMI_ERROR_REALM, index 1
  kRec,          // RMI_ERROR_REC
  kRttWalk,      // RMI_ERROR_RTT, index: where the walk ended
  kRttLevel,     // RMI_ERROR_RTT, index: the level that was asked for
  kRsiInput,     // RSI_ERROR_INPUT
  kRsiState,     // RSI_ERROR_STATE
  kRsiUnknown,   // RSI_ERROR_UNKNOWN
  kPsciInvalid,  // PSCI_INVALID_PARAMETERS
  kPsciAddress,  // PSCI_INVALID_ADDRESS
  kPsciOn,       // PSCI_ALREADY_ON
};

template <class Context>
struct Condition {
  std::string_view id;
  Report report = Report::kInput;
  Truth (*holds)(const Context&) = nullptr;

  constexpr Condition() = default;
  // `pre` is a lambda without captures that returns bool or Truth.
  template <class Pre>
  constexpr Condition(std::string_view name, Report how, Pre /*pre*/)
      : id(name), report(how), holds([](const Context& c) -> Truth { return Pre{}(c); }) {}
};

// Each id of `first` precedes each id of `then`; both are lists separated by spaces.
struct Precedes {
  std::string_view first;
  std::string_view then;
};

inline constexpr std::size_t kMaxConditions = 24;

// The conditions of one command with the transitive closure of their order.
template <class Context>
class Conditions {
 public:
  template <std::size_t N, std::size_t M>
  Conditions(const std::array<Condition<Context>, N>& rows, const std::array<Precedes, M>& order) : size_(N) {
    static_assert(N <= kMaxConditions);
    for (std::size_t i = 0; i < N; ++i) rows_[i] = rows[i];
    for (const Precedes& pair : order) {
      for_each_id(pair.then, [&](std::size_t then) {
        for_each_id(pair.first, [&](std::size_t first) { before_[then] |= 1U << first; });
      });
    }
    for (std::size_t k = 0; k < N; ++k) {  // Warshall
      for (std::size_t i = 0; i < N; ++i) {
        if ((before_[i] & (1U << k)) != 0) before_[i] |= before_[k];
      }
    }
    sort();
  }

  std::size_t size() const { return size_; }
  const Condition<Context>& operator[](std::size_t i) const { return rows_[i]; }
  std::uint32_t before(std::size_t i) const { return before_[i]; }  // bit n: row n precedes row i

  // Calls report(condition) for each that may be reported; says whether the command must fail.
  template <class Found>
  bool failures(const Context& context, Found&& found) const {
    std::uint32_t holding = 0;
    for (std::size_t n = 0; n < size_; ++n) {
      const std::size_t i = sorted_[n];
      if ((before_[i] & holding) != 0) continue;  // what it needs to be well-formed is missing, or another one is seen
      const Truth::Value truth = rows_[i].holds(context).value();
      if (truth == Truth::kNo) continue;
      if (truth == Truth::kYes) holding |= 1U << i;
      found(rows_[i]);
    }
    return holding != 0;
  }

 private:
  template <class Visit>
  void for_each_id(std::string_view ids, Visit&& visit) {
    while (!ids.empty()) {
      const std::size_t end = ids.find(' ');
      visit(index_of(ids.substr(0, end)));
      ids = end == std::string_view::npos ? std::string_view{} : ids.substr(end + 1);
    }
  }
  std::size_t index_of(std::string_view id) const {
    for (std::size_t i = 0; i < size_; ++i) {
      if (rows_[i].id == id) return i;
    }
    std::abort();  // an order that names a condition the command doesn't have
  }
  // Predecessors first, else in the page's order.
  void sort() {
    std::uint32_t placed = 0;
    for (std::size_t n = 0; n < size_; ++n) {
      std::size_t i = 0;
      while (i < size_ && ((placed & (1U << i)) != 0 || (before_[i] & ~placed) != 0)) ++i;
      if (i == size_) std::abort();  // a cycle is no order
      sorted_[n] = i;
      placed |= 1U << i;
    }
  }

  std::array<Condition<Context>, kMaxConditions> rows_{};
  std::array<std::uint32_t, kMaxConditions> before_{};
  std::array<std::size_t, kMaxConditions> sorted_{};
  std::size_t size_ = 0;
};

template <class Context, std::size_t N, std::size_t M>
Conditions(const std::array<Condition<Context>, N>&, const std::array<Precedes, M>&) -> Conditions<Context>;

}  // namespace rmm::spec
