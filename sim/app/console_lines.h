// SPDX-License-Identifier: GPL-2.0-or-later
// Consoles of several VMs on one output: each line says whose it is, and a line of another VM starts on a line of its
// own. One VM's console stays as it is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sim::app {

class ConsoleLines {
 public:
  using Put = std::function<void(std::uint8_t)>;
  ConsoleLines(std::vector<std::string> names, Put put)
      : names_(std::move(names)), put_(std::move(put)), at_line_start_(names_.size(), true) {}

  void put(unsigned vm, std::uint8_t byte) {
    if (names_.size() > 1) {
      if (last_ != vm && last_ != kNone && !at_line_start_[last_]) {
        put_('\n');
        at_line_start_[last_] = true;
      }
      if (at_line_start_[vm])
        for (const char c : names_[vm] + ": ") put_(static_cast<std::uint8_t>(c));
      at_line_start_[vm] = byte == '\n';
      last_ = vm;
    }
    put_(byte);
  }

 private:
  static constexpr unsigned kNone = ~0U;

  std::vector<std::string> names_;
  Put put_;
  std::vector<bool> at_line_start_;
  unsigned last_ = kNone;
};

}  // namespace sim::app
