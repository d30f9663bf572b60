// SPDX-License-Identifier: GPL-2.0-or-later
// A configuration as fuzzers of them take it: lines "--set PATH=VALUE", then the file.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fuzz {

struct SetLines {
  std::vector<std::pair<std::string, std::string>> set;
  std::string text;
};

inline SetLines split_set_lines(std::string text) {
  constexpr std::string_view kWord = "--set ";
  SetLines out;
  while (text.starts_with(kWord)) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::size_t equals = std::min(text.find('='), end);
    out.set.emplace_back(text.substr(kWord.size(), equals < kWord.size() ? 0 : equals - kWord.size()),
                         equals < end ? text.substr(equals + 1, end - equals - 1) : "");
    text.erase(0, std::min(end + 1, text.size()));
  }
  out.text = std::move(text);
  return out;
}

}  // namespace fuzz
