// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks for fibers: mapped once with a guard page below, committed lazily, reused, never unmapped while the pool
// lives.
#pragma once

#include <cstddef>
#include <vector>

namespace sim {

struct Stack {
  std::byte* bottom = nullptr;  // lowest usable byte; the guard page ends here
  std::size_t size = 0;
  std::byte* top() const { return bottom + size; }
};

class StackPool {
 public:
  // Sanitizers and unoptimised code need larger frames.
  static std::size_t default_stack_size();

  // `paint` fills fresh stacks with a pattern so that high_water() can tell how deep they were used: for tests, since
  // it commits every page.
  explicit StackPool(bool paint = false, std::size_t stack_size = default_stack_size());
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  Stack take();
  void give_back(Stack stack);
  // Most bytes that any stack of the pool was ever used; 0 without paint.
  std::size_t high_water() const;

 private:
  bool paint_;
  std::size_t stack_size_;
  std::vector<Stack> all_;
  std::vector<Stack> free_;
};

}  // namespace sim
