// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/sched/stack_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sim/sched/sanitizer.h"

namespace sim {
namespace {

constexpr std::size_t kGuard = 4096;
constexpr std::byte kPaint{0xa5};

// Counts untouched bytes from the bottom. Reads dead frames: not for the sanitizer's eyes.
CCASIM_NO_ASAN std::size_t unused(const Stack& stack) {
  const volatile std::byte* at = stack.bottom;
  std::size_t n = 0;
  while (n < stack.size && at[n] == kPaint) ++n;
  return n;
}

CCASIM_NO_ASAN void paint(const Stack& stack) {
  volatile std::byte* at = stack.bottom;
  for (std::size_t n = 0; n < stack.size; ++n) at[n] = kPaint;
}

}  // namespace

std::size_t StackPool::default_stack_size() {
#ifdef __OPTIMIZE__
  constexpr bool kOptimised = true;
#else
  constexpr bool kOptimised = false;
#endif
  return sanitizer::kAddress || !kOptimised ? std::size_t{1} << 20 : std::size_t{256} << 10;
}

StackPool::StackPool(bool paint, std::size_t stack_size) : paint_(paint), stack_size_(stack_size) {}

StackPool::~StackPool() {
  if (free_.size() != all_.size()) {
    std::fputs("sim/sched: the stack pool ends while a fiber still lives on one of its stacks\n", stderr);
    std::abort();
  }
  for (const Stack& stack : all_) {
    sanitizer::drop_stack(stack.bottom, stack.size);
    munmap(stack.bottom - kGuard, stack.size + kGuard);
  }
}

Stack StackPool::take() {
  if (!free_.empty()) {
    const Stack stack = free_.back();
    free_.pop_back();
    sanitizer::clean_stack(stack.bottom, stack.size);
    return stack;
  }
  void* memory = mmap(nullptr, stack_size_ + kGuard, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, kGuard, PROT_NONE) != 0) {
    std::perror("sim/sched: no memory for another fiber stack");
    std::abort();
  }
  const Stack stack{static_cast<std::byte*>(memory) + kGuard, stack_size_};
  sanitizer::adopt_stack(stack.bottom, stack.size);
  if (paint_) paint(stack);
  all_.push_back(stack);
  return stack;
}

void StackPool::give_back(Stack stack) { free_.push_back(stack); }

std::size_t StackPool::high_water() const {
  if (!paint_) return 0;
  std::size_t most = 0;
  for (const Stack& stack : all_) most = std::max(most, stack.size - unused(stack));
  return most;
}

}  // namespace sim
