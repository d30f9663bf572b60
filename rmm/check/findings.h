// SPDX-License-Identifier: GPL-2.0-or-later
// What the checks evaluated and what they found.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace rmm::check {

class Findings {
 public:
  // Evaluates one instance of invariant `id` ("I5"). A violated one becomes "I5: <message>; during <circumstances>".
  template <class... Args>
  void expect(std::string_view id, bool holds, fmt::format_string<Args...> message, Args&&... args) {
    const std::size_t n = number(id);
    ++evaluations_[n];
    if (!holds && violations_[n]++ < kKeptOfEach) add(id, fmt::format(message, std::forward<Args>(args)...));
  }
  // `circumstances` says what the monitor is doing when something is found; an empty answer is left out.
  void set_circumstances(std::function<std::string()> circumstances) { circumstances_ = std::move(circumstances); }
  // How often each invariant was evaluated; one that never was is absent.
  std::map<std::string, std::uint64_t, std::less<>> evaluations() const {
    std::map<std::string, std::uint64_t, std::less<>> out;
    for (std::size_t n = 0; n < kIds; ++n)
      if (evaluations_[n] != 0) out.emplace(fmt::format("I{}", n), evaluations_[n]);
    return out;
  }
  // Whether anything was found.
  bool any() const { return !found_.empty(); }
  // In the order of their discovery; of each invariant the first ones in words, the others as a number at the end.
  std::vector<std::string> found() const {
    std::vector<std::string> out = found_;
    for (std::size_t n = 0; n < kIds; ++n)
      if (violations_[n] > kKeptOfEach)
        out.push_back(fmt::format("I{}: {} more findings, left out here", n, violations_[n] - kKeptOfEach));
    return out;
  }

 private:
  static constexpr std::size_t kKeptOfEach = 8;  // later ones follow from the first, and would hide other invariants'
  static constexpr std::size_t kIds = 32;        // I1 to I28

  static constexpr std::size_t number(std::string_view id) {
    std::size_t n = 0;
    for (const char digit : id.substr(1)) n = n * 10 + static_cast<std::size_t>(digit - '0');
    return n % kIds;
  }
  void add(std::string_view id, std::string_view message) {
    const std::string during = circumstances_ ? circumstances_() : "";
    found_.push_back(fmt::format("{}: {}{}{}", id, message, during.empty() ? "" : "; during ", during));
  }
  std::array<std::uint64_t, kIds> evaluations_{};
  std::array<std::uint64_t, kIds> violations_{};
  std::vector<std::string> found_;
  std::function<std::string()> circumstances_;
};

}  // namespace rmm::check
