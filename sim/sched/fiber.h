// SPDX-License-Identifier: GPL-2.0-or-later
// A fiber: a function on a stack of its own that its resumer may leave and re-enter. Thin over Boost.Context's
// fcontext.
//
// Exceptions may be thrown, caught and held across suspend() inside a fiber: the C++ runtime's per-thread exception
// state is switched with it. An exception must not leave the body.
//
// This header keeps Boost and <cxxabi.h> out: the latter defines a namespace alias `abi`, which rmm/abi's namespace
// meets.
#pragma once

#include <cstddef>
#include <functional>

#include "sim/sched/stack_pool.h"

namespace sim {

class Fiber {
 public:
  Fiber(StackPool& pool, std::function<void()> body);
  // The body must have ended, or never have started: a suspended stack holds objects that nobody would destroy, so
  // anything else aborts.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs the body until it suspends or ends. Not from inside any fiber of the same resumer's chain that is suspended.
  void resume();
  // From inside the body: back to the resumer.
  void suspend();
  bool started() const { return started_; }
  bool finished() const { return finished_; }

 private:
  // What __cxa_get_globals() points to (Itanium C++ ABI 2.2.2).
  struct ExceptionState {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };

  struct Switch;  // the act of switching, in terms of fcontext
  static void exchange(ExceptionState& save, const ExceptionState& load);

  StackPool& pool_;
  Stack stack_;
  std::function<void()> body_;
  void* context_ = nullptr;  // where resume() goes
  void* resumer_ = nullptr;  // where suspend() goes
  ExceptionState exceptions_;
  bool started_ = false;
  bool finished_ = false;
  const void* resumer_bottom_ = nullptr;  // for the sanitizer
  std::size_t resumer_size_ = 0;
};

}  // namespace sim
