// SPDX-License-Identifier: GPL-2.0-or-later
// The engine library reads the host's clock (to size its TLBs). While an EngineScope is alive such reads see virtual
// time, so that nothing of the host's time reaches the guest; all other callers get the real clock.
#pragma once

#include <cstdint>

namespace sim {

class EngineScope {
 public:
  EngineScope() { ++depth_; }
  ~EngineScope() { --depth_; }
  EngineScope(const EngineScope&) = delete;
  EngineScope& operator=(const EngineScope&) = delete;

  // True while a call into the engine library is on this thread's stack.
  static bool active() { return depth_ != 0; }
  // What the library sees from now on, in nanoseconds.
  static void set_time(std::uint64_t virtual_ns) { time_ns_ = virtual_ns; }
  static std::uint64_t time_ns() { return time_ns_; }

 private:
  // Defined beside the interposed functions: whoever uses a scope links them.
  static constinit thread_local unsigned depth_;
  static constinit thread_local std::uint64_t time_ns_;
};

// Clock reads that were answered with virtual time so far (for tests).
unsigned long hidden_clock_reads();

}  // namespace sim
