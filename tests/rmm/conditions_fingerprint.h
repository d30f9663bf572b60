// SPDX-License-Identifier: GPL-2.0-or-later
// Everything a failing command must leave alone (I23), as text: every field of the monitor's state, the contents of
// memory, the granule protection table and the log of TLB maintenance.
#pragma once

#include <bitset>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/rmm/rmi_bench.h"

namespace conditions {

class Text {
 public:
  std::string str() const { return out_.str(); }

  template <class T>
  void add(const T& value) {
    if constexpr (std::is_same_v<T, rmm::core::GranuleTable::Bank>) {
      add_bank(value);
    } else if constexpr (std::is_enum_v<T>) {
      out_ << static_cast<std::uint64_t>(value) << ' ';
    } else if constexpr (std::is_arithmetic_v<T>) {
      out_ << +value << ' ';
    } else if constexpr (requires(T & v) { v.members(); }) {
      std::apply([&](const auto&... m) { (add(m), ...); }, const_cast<T&>(value).members());
    } else if constexpr (requires { value.value; }) {
      add(value.value);
    } else if constexpr (requires { value.frame(); }) {
      add(value.frame());
    } else if constexpr (requires { value.to_string(); }) {
      out_ << std::hash<T>{}(value) << ' ';  // a bitset
    } else if constexpr (requires { value.has_value(); }) {
      add(value.has_value());
      if (value.has_value()) add(*value);
    } else if constexpr (requires { value.first; }) {
      add(value.first);
      add(value.second);
    } else {
      for (const auto& element : value) add(element);
    }
  }

 private:
  // Only records that differ from an untouched one: to look at a granule may create its record.
  void add_bank(const rmm::core::GranuleTable::Bank& bank) {
    const std::string untouched = of(rmm::core::Granule{});
    for (std::size_t c = 0; c < bank.chunks.size(); ++c)
      for (std::size_t i = 0; i < bank.chunks[c].size(); ++i)
        if (const std::string text = of(bank.chunks[c][i]); text != untouched)
          out_ << bank.first_frame << '+' << c * rmm::core::GranuleTable::kChunk + i << ' ' << text;
  }
  template <class T>
  static std::string of(const T& value) {
    Text text;
    text.add(value);
    return text.str();
  }

  std::ostringstream out_;
};

inline std::string fingerprint(rmi::Bench& b) {
  Text text;
  text.add(b.state);
  return text.str() + '\n' + b.fingerprint();
}

}  // namespace conditions
