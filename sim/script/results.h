// SPDX-License-Identifier: GPL-2.0-or-later
// What a statement led to: the commands that ended and the REC exits, with everything that is said about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rmm/abi/v1_0/structures.h"
#include "rmm/port/observer.h"

namespace sim::script {

struct Ended {
  rmm::port::Interface interface {};
  std::string name, status, condition, meaning;
  std::uint64_t x0 = 0;
  std::vector<std::pair<std::string, std::string>> values;  // that made the condition true
  std::vector<std::pair<std::string, std::uint64_t>> outputs;
};

struct Left {
  std::string reason;
  abi::v1_0::RecExit exit;
};

class Results : public rmm::port::Observer {
 public:
  void clear() {
    ended.clear();
    left.clear();
  }
  void command_end(const rmm::port::CommandEnd& event) override;
  void rec_exit(const rmm::port::RecExitEvent& event) override {
    left.push_back({std::string(event.reason), *event.exit});
  }

  // One line: status, and outputs or the condition in words.
  static std::string text(const Ended& ended);
  static std::string text(const Left& left);

  std::vector<Ended> ended;
  std::vector<Left> left;
};

}  // namespace sim::script
