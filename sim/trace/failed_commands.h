// SPDX-License-Identifier: GPL-2.0-or-later
// One line for each command that a failure condition ended: arguments, status, condition, and the values that made the
// condition true (`ccasim run --verbose`).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rmm/port/observer.h"

namespace sim::trace {

class FailedCommands : public rmm::port::Observer {
 public:
  explicit FailedCommands(std::function<void(std::string_view)> say) : say_(std::move(say)) {}

  void command_begin(const rmm::port::CommandBegin& event) override;
  void command_end(const rmm::port::CommandEnd& event) override;

 private:
  // An RMI command belongs to its PE, which makes one at a time; an RSI or PSCI command to its REC.
  using Caller = std::pair<rmm::port::Interface, std::uint64_t>;
  static Caller caller(rmm::port::Interface interface, rmm::port::PeId pe, std::uint64_t rec);

  std::function<void(std::string_view)> say_;
  std::map<Caller, std::vector<rmm::port::ArgumentValue>> arguments_;  // of the command under way
};

// "RMI_RTT_CREATE rd=0x88001000 ... -> RMI_ERROR_RTT(2) rtt_walk: the walk ended above level - 1; walk.level = 2,
// level = 4", without a line break.
std::string failure_text(const rmm::port::CommandEnd& event, const std::vector<rmm::port::ArgumentValue>& arguments);

}  // namespace sim::trace
