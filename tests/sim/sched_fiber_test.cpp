// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/sched/fiber.h"
#include "sim/sched/stack_pool.h"
#include "tests/sim/aborts.h"

using sim::Fiber;
using sim::StackPool;

TEST_CASE("Fibers take turns at suspend and end where their body returns") {
  StackPool pool;
  std::string log;
  Fiber* pa = nullptr;
  Fiber* pb = nullptr;
  Fiber a(pool, [&] {
    log += "a1 ";
    pa->suspend();
    log += "a2 ";
  });
  Fiber b(pool, [&] {
    log += "b1 ";
    pb->suspend();
    log += "b2 ";
  });
  pa = &a;
  pb = &b;
  a.resume();
  b.resume();
  CHECK_FALSE(a.finished());
  a.resume();
  b.resume();
  CHECK(a.finished());
  CHECK(b.finished());
  CHECK(log == "a1 b1 a2 b2 ");
}

TEST_CASE("Exceptions thrown and caught inside a fiber stay inside") {
  StackPool pool;
  int caught = 0;
  Fiber* self = nullptr;
  Fiber fiber(pool, [&] {
    for (int i = 0; i < 3; ++i) {
      try {
        self->suspend();
        throw std::runtime_error("x");
      } catch (const std::runtime_error&) {
        ++caught;
      }
    }
  });
  self = &fiber;
  while (!fiber.finished()) fiber.resume();
  CHECK(caught == 3);
}

TEST_CASE("A fiber that suspends inside a catch block rethrows its own exception") {
  StackPool pool;
  std::vector<std::string> rethrown;
  const auto body = [&](Fiber*& self, const std::string& what) {
    return [&rethrown, &self, what] {
      try {
        try {
          throw std::runtime_error(what);
        } catch (...) {
          self->suspend();
          throw;
        }
      } catch (const std::runtime_error& e) {
        rethrown.emplace_back(e.what());
      }
    };
  };
  Fiber* pa = nullptr;
  Fiber* pb = nullptr;
  Fiber a(pool, body(pa, "from a"));
  Fiber b(pool, body(pb, "from b"));
  pa = &a;
  pb = &b;
  a.resume();
  b.resume();
  CHECK(std::uncaught_exceptions() == 0);
  CHECK(std::current_exception() == nullptr);  // the resumer sees none of theirs
  a.resume();
  b.resume();
  CHECK(rethrown == std::vector<std::string>{"from a", "from b"});
}

TEST_CASE("Stacks are reused, and a painted pool tells how deep they were used") {
  StackPool pool(true);
  CHECK(pool.high_water() == 0);
  const sim::Stack first = pool.take();
  pool.give_back(first);
  {
    Fiber shallow(pool, [] {});
    shallow.resume();
  }
  const auto before = pool.high_water();
  CHECK(before > 0);
  CHECK(before < 16 * 1024);
  {
    Fiber deep(pool, [] {
      // Not a local array, nor a constant size: sanitizers may move those off the stack.
      const volatile std::size_t size = 40'000;
      auto* frame = static_cast<volatile char*>(__builtin_alloca(size));
      for (int i = 0; i < 40'000; ++i) frame[i] = 1;
    });
    deep.resume();
  }
  CHECK(pool.high_water() >= 40'000);
  CHECK(pool.high_water() < 40'000 + 2 * before + 16 * 1024);
  const sim::Stack again = pool.take();
  CHECK(again.bottom == first.bottom);
  pool.give_back(again);
}

TEST_CASE("Destroying a suspended fiber, and an exception that leaves a fiber, abort with a message") {
  CHECK(tests::abort_message([] {
          StackPool pool;
          Fiber* self = nullptr;
          Fiber fiber(pool, [&] { self->suspend(); });
          self = &fiber;
          fiber.resume();
        }).find("suspended fiber is destroyed") != std::string::npos);
  CHECK(tests::abort_message([] {
          StackPool pool;
          Fiber fiber(pool, [] { throw 1; });
          fiber.resume();
        }).find("exception left the body") != std::string::npos);
}
