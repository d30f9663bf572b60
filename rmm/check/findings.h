// SPDX-License-Identifier: GPL-2.0-or-later
// What the checks evaluated and what they found.
#pragma once

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
    ++evaluation(id);
    if (!holds && found_.size() < kKept)
      found_.push_back(fmt::format("{}: {}", id, fmt::format(message, std::forward<Args>(args)...)));
  }
  const std::map<std::string, std::uint64_t, std::less<>>& evaluations() const { return evaluations_; }
  const std::vector<std::string>& found() const { return found_; }

 private:
  static constexpr std::size_t kKept = 100;  // later ones follow from the first

  std::uint64_t& evaluation(std::string_view id) {
    const auto it = evaluations_.find(id);
    return it != evaluations_.end() ? it->second : evaluations_.emplace(std::string(id), 0).first->second;
  }
  std::map<std::string, std::uint64_t, std::less<>> evaluations_;
  std::vector<std::string> found_;
};

}  // namespace rmm::check
