// SPDX-License-Identifier: GPL-2.0-or-later
// What the checks evaluated and what they found.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace rmm::check {

class Findings {
 public:
  // Evaluates one instance of invariant `id` ("I5"). A violated one becomes "I5: <message>".
  template <class... Args>
  void expect(std::string_view id, bool holds, fmt::format_string<Args...> message, Args&&... args) {
    ++evaluations_[number(id)];
    if (!holds && found_.size() < kKept)
      found_.push_back(fmt::format("{}: {}", id, fmt::format(message, std::forward<Args>(args)...)));
  }
  // How often each invariant was evaluated; one that never was is absent.
  std::map<std::string, std::uint64_t, std::less<>> evaluations() const {
    std::map<std::string, std::uint64_t, std::less<>> out;
    for (std::size_t n = 0; n < kIds; ++n)
      if (evaluations_[n] != 0) out.emplace(fmt::format("I{}", n), evaluations_[n]);
    return out;
  }
  const std::vector<std::string>& found() const { return found_; }

 private:
  static constexpr std::size_t kKept = 100;  // later ones follow from the first
  static constexpr std::size_t kIds = 32;    // I1 to I28

  static constexpr std::size_t number(std::string_view id) {
    std::size_t n = 0;
    for (const char digit : id.substr(1)) n = n * 10 + static_cast<std::size_t>(digit - '0');
    return n % kIds;
  }
  std::array<std::uint64_t, kIds> evaluations_{};
  std::vector<std::string> found_;
};

}  // namespace rmm::check
