// SPDX-License-Identifier: GPL-2.0-or-later
// The person's terminal: raw while a guest has it, restored on every way out. Ctrl-C once asks, twice ends.
#pragma once

#include <chrono>
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

  // Guest output, unchanged, buffered until flush() or a newline.
  void put(std::uint8_t byte);
  void flush();
  // False once writing to standard output failed (closed pipe, full disk).
  bool output_ok() const { return output_ok_; }

  // The next byte typed, if one is there; never blocks. Looks at the terminal at most every few milliseconds.
  std::optional<std::uint8_t> read_key();
  // Waits up to `ns` of wall time or until a key arrives.
  void wait(std::uint64_t ns);
  // A message to the person on standard error, on a line of its own even in raw mode.
  void say(std::string_view message);
  // True once the person asked to end (Ctrl-C twice). The first Ctrl-C prints the question.
  bool ended();
  void restore();
  // Called at every SIGINT and tick, inside the signal handler: must be async-signal-safe. Null: none.
  void set_signal_hook(void (*hook)(void*), void* argument);
  // From now on the hook is also called once a second of wall time.
  void tick_every_second();
  static bool shows_output();

 private:
  bool interactive_;
  bool output_ok_ = true;
  unsigned interrupts_ = 0;
  std::string out_;
  std::string keys_;  // read but not yet taken
  std::chrono::steady_clock::time_point looked_{};
};

}  // namespace sim::app
