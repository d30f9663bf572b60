// SPDX-License-Identifier: GPL-2.0-or-later
// The person's terminal: raw while a guest has it, restored on every way out. Ctrl-C once asks, twice ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sim::app {

class Terminal {
 public:
  // Interactive iff standard input and output are both terminals and `wanted`. Installs the handlers that restore the
  // terminal on SIGTERM, SIGHUP, SIGABRT and SIGSEGV, and counts SIGINT.
  explicit Terminal(bool wanted);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool interactive() const { return interactive_; }
  // Standard error is a terminal: progress may be shown.
  static bool shows_progress();

  // Guest output, unchanged, buffered until flush() or a newline on a terminal.
  void put(std::uint8_t byte);
  void flush();
  // False once writing to standard output failed (closed pipe, full disk).
  bool output_ok() const { return output_ok_; }

  // Key presses that arrived since the last call; never blocks. Empty when not interactive.
  std::string read_keys();
  // Waits up to `ns` of wall time or until a key arrives.
  void wait(std::uint64_t ns);
  // A message to the person on standard error, on a line of its own even in raw mode.
  void say(std::string_view message);
  // True once the person asked to end (Ctrl-C twice). The first Ctrl-C prints the question.
  bool ended();
  void restore();

 private:
  bool interactive_;
  bool output_ok_ = true;
  unsigned interrupts_ = 0;
  std::string out_;
};

}  // namespace sim::app
