// SPDX-License-Identifier: GPL-2.0-or-later
// How a command of the monitor is described: one row per RMI, RSI or PSCI command. Dispatcher, trace, `explain`,
// fuzzers and completeness tests read the rows; handlers name the conditions by id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "rmm/port/observer.h"

namespace rmm::call {

struct Parameter {
  std::string_view name;
  unsigned reg;  // X register
};

// A failure condition as the specification names it. Ids of our own (causes that no page names) begin with '_'.
struct Condition {
  std::string_view id;
  std::uint64_t status;         // RMI: status byte; RSI: the 64-bit code; PSCI: the signed code as X0 shows it
  std::string_view meaning;     // when it holds, in words
  std::string_view operands{};  // what it looks at (operand.h), separated by single spaces
};

// One row of a page's "failure condition ordering": every id of `first` is reported before every id of `then`.
// Ids are separated by single spaces.
struct Before {
  std::string_view first, then;
};

inline constexpr unsigned kVersion10 = 1U << 0;
inline constexpr unsigned kVersion20 = 1U << 1;

struct Command {
  port::Interface interface;
  std::string_view name;    // "RMI_RTT_CREATE"
  std::uint32_t fid;        // SMC64 form where both exist
  std::uint32_t fid32 = 0;  // SMC32 form, 0 if none
  unsigned versions = kVersion10;
  std::span<const Parameter> in{};
  std::span<const Parameter> out{};         // beside X0
  std::span<const Condition> conditions{};  // one total order that extends `before` and the dependencies (D2)
  std::span<const Before> before{};         // the mandated part of that order
  std::string_view effect{};                // what success means, one sentence
};

inline constexpr std::size_t kNotFound = ~std::size_t{0};

// Index of the row named `name` in a list of parameters, or kNotFound.
constexpr std::size_t find_parameter(std::span<const Parameter> list, std::string_view name) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name) return i;
  return kNotFound;
}

// Index of the condition `id`, or kNotFound.
constexpr std::size_t find_condition(const Command& command, std::string_view id) {
  for (std::size_t i = 0; i < command.conditions.size(); ++i)
    if (command.conditions[i].id == id) return i;
  return kNotFound;
}

// Calls visit(id) for each id of a space separated list.
template <class Visit>
constexpr void for_each_id(std::string_view ids, Visit&& visit) {
  while (!ids.empty()) {
    const std::size_t end = ids.find(' ');
    visit(ids.substr(0, end));
    ids = end == std::string_view::npos ? std::string_view{} : ids.substr(end + 1);
  }
}

// True iff ids are unique, every id of `before` exists, and the listed order extends every mandated pair.
constexpr bool is_sound(const Command& command) {
  for (std::size_t i = 0; i < command.conditions.size(); ++i)
    if (find_condition(command, command.conditions[i].id) != i) return false;
  bool sound = true;
  for (const Before& row : command.before)
    for_each_id(row.first, [&](std::string_view a) {
      for_each_id(row.then, [&](std::string_view b) {
        const std::size_t ia = find_condition(command, a);
        const std::size_t ib = find_condition(command, b);
        sound = sound && ia != kNotFound && ib != kNotFound && ia < ib;
      });
    });
  return sound;
}

// A string as a template argument: c.fails<"rd_align">(...).
template <std::size_t kSize>
struct Id {
  char text[kSize]{};
  consteval Id(const char (&literal)[kSize]) {  // NOLINT: implicit by design
    for (std::size_t i = 0; i < kSize; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, kSize - 1}; }
};

// The specification's name of a return word: "RMI_ERROR_RTT", "RSI_ERROR_INPUT", "PSCI_DENIED".
std::string_view status_name(port::Interface interface, std::uint64_t x0);

}  // namespace rmm::call
