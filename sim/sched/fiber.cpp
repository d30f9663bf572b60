// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/sched/fiber.h"

#include <cxxabi.h>

#include <boost/context/detail/fcontext.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sim/sched/sanitizer.h"

namespace sim {

namespace context = boost::context::detail;

struct Fiber::Switch {
  static void entry(context::transfer_t from);
};

Fiber::Fiber(StackPool& pool, std::function<void()> body)
    : pool_(pool),
      stack_(pool.take()),
      body_(std::move(body)),
      context_(context::make_fcontext(stack_.top(), stack_.size, &Switch::entry)) {}

Fiber::~Fiber() {
  if (started_ && !finished_) {
    std::fputs("sim/sched: a suspended fiber is destroyed; its actor has to be abandoned first\n", stderr);
    std::abort();
  }
  pool_.give_back(stack_);
}

void Fiber::exchange(ExceptionState& save, const ExceptionState& load) {
  auto* globals = reinterpret_cast<ExceptionState*>(__cxxabiv1::__cxa_get_globals());
  save = *globals;
  *globals = load;
}

void Fiber::resume() {
  started_ = true;
  ExceptionState mine;
  exchange(mine, exceptions_);
  void* fake_stack = nullptr;
  sanitizer::start_switch(&fake_stack, stack_.bottom, stack_.size);
  context_ = context::jump_fcontext(context_, this).fctx;
  sanitizer::finish_switch(fake_stack, nullptr, nullptr);
  exchange(exceptions_, mine);
}

void Fiber::suspend() {
  void* fake_stack = nullptr;
  sanitizer::start_switch(&fake_stack, resumer_bottom_, resumer_size_);
  const auto from = context::jump_fcontext(resumer_, nullptr);
  sanitizer::finish_switch(fake_stack, &resumer_bottom_, &resumer_size_);
  resumer_ = from.fctx;
}

void Fiber::Switch::entry(context::transfer_t from) {
  auto* self = static_cast<Fiber*>(from.data);
  sanitizer::finish_switch(nullptr, &self->resumer_bottom_, &self->resumer_size_);
  self->resumer_ = from.fctx;
  try {
    self->body_();
  } catch (...) {
    std::fputs("sim/sched: an exception left the body of a fiber\n", stderr);
    std::abort();
  }
  self->finished_ = true;
  sanitizer::start_switch(nullptr, self->resumer_bottom_, self->resumer_size_);
  context::jump_fcontext(self->resumer_, nullptr);
  std::abort();  // nobody resumes a finished fiber
}

}  // namespace sim
