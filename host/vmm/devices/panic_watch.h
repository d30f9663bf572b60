// SPDX-License-Identifier: GPL-2.0-or-later
// Reads along with the console and notices a Linux kernel panic by its fixed texts: the panic starts with a line that
// holds "Kernel panic - not syncing", and when no automatic reboot is configured it ends with a line that holds
// "---[ end Kernel panic", after which the kernel only spins.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

namespace host::vmm {

struct PanicWatchState {
  std::string line;     // the console's current line, cut at a few hundred bytes
  std::string message;  // the line that announced the panic; empty = none
  bool ended = false;   // the kernel has said its last word
  auto members() { return std::tie(line, message, ended); }
};

class PanicWatch {
 public:
  explicit PanicWatch(PanicWatchState& state) : state_(state) {}
  void put(std::uint8_t byte);
  bool panicked() const { return !state_.message.empty(); }

 private:
  PanicWatchState& state_;
};

}  // namespace host::vmm
