// SPDX-License-Identifier: GPL-2.0-or-later
// The console of one VM: output is kept (for its hash) and shown; keys of the journal go to the first VM that has a
// console.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>

#include "host/port/console.h"
#include "rmm/port/sync.h"

namespace sim::app {

struct VmConsoleState {
  std::string output;
  rmm::port::WaitQueue no_input;  // what a VM without keyboard waits on
  auto members() { return std::tie(output, no_input); }
};

class VmConsole : public host::port::Console {
 public:
  using Show = std::function<void(std::uint8_t)>;
  // `keyboard`: null for all VMs but the one that gets the keys.
  VmConsole(VmConsoleState& state, Show show, host::port::Console* keyboard)
      : state_(state), show_(std::move(show)), keyboard_(keyboard) {}

  void put(std::uint8_t byte) override {
    state_.output += static_cast<char>(byte);
    if (show_) show_(byte);
  }
  std::optional<std::uint8_t> get() override { return keyboard_ != nullptr ? keyboard_->get() : std::nullopt; }
  rmm::port::WaitQueue& input_arrived() override {
    return keyboard_ != nullptr ? keyboard_->input_arrived() : state_.no_input;
  }
  const std::string& output() const { return state_.output; }

 private:
  VmConsoleState& state_;
  Show show_;
  host::port::Console* keyboard_;
};

}  // namespace sim::app
