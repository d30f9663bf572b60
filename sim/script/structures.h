// SPDX-License-Identifier: GPL-2.0-or-later
// Structures by the names of their fields, as the field tables of rmm/abi have them: `s2sz`, `gprs[3]`.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "rmm/abi/layout.h"

namespace sim::script {

// "gprs[3]" is the field "gprs" and the index 3; without brackets index 0.
struct FieldName {
  std::string_view field;
  std::size_t index = 0;
  bool indexed = false;
};
inline FieldName split_field(std::string_view name) {
  const std::size_t open = name.find('[');
  if (open == std::string_view::npos || !name.ends_with(']')) return {name};
  FieldName out{name.substr(0, open), 0, true};
  const std::string_view digits = name.substr(open + 1, name.size() - open - 2);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.index);
  if (error != std::errc() || end != digits.data() + digits.size()) return {name};
  return out;
}

// Calls visit(member or element) for the field called `name`; false if there is none.
template <class Struct, class Visit>
bool with_field(Struct& value, std::string_view name, Visit&& visit) {
  const FieldName wanted = split_field(name);
  bool found = false;
  std::apply(
      [&](const auto&... f) {
        const auto look = [&](std::string_view field, auto& member) {
          if (field != wanted.field) return;
          if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>) {
            if (!wanted.indexed) visit(member), found = true;
          } else {
            if (wanted.indexed && wanted.index < member.size()) visit(member[wanted.index]), found = true;
          }
        };
        (look(f.name, value.*f.member), ...);
      },
      abi::Layout<std::remove_const_t<Struct>>::kFields);
  return found;
}

template <class Struct>
bool has_field(std::string_view name) {
  const Struct value{};
  return with_field(value, name, [](const auto&) {});
}

template <class Struct>
std::vector<std::string> field_names() {
  std::vector<std::string> names;
  abi::for_each_field(Struct{}, [&](std::string_view name, std::size_t, const auto& member) {
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(member)>>)
      names.emplace_back(name);
    else
      names.push_back(fmt::format("{}[0..{}]", name, member.size() - 1));
  });
  return names;
}

}  // namespace sim::script
