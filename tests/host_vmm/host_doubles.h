// SPDX-License-Identifier: GPL-2.0-or-later
// The surroundings of a VMM without a scheduler: threads run to their end, one after the other, when the main thread
// waits.
#pragma once

#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/port/console.h"
#include "host/port/observer.h"
#include "host/port/threads.h"

namespace host::vmm::test {

class SequentialThreads : public port::Threads {
 public:
  rmm::port::ActorId spawn(std::string name, std::function<void()> body) override {
    names.push_back(std::move(name));
    pending.push_back(std::move(body));
    return {static_cast<std::uint16_t>(names.size())};
  }
  port::PeId current_pe() const override { return {0}; }
  void kick(port::PeId) override {}
  bool irq_pending() const override { return false; }
  void acknowledge_irqs() override {}

  std::vector<std::string> names;
  std::deque<std::function<void()>> pending;
};

class SequentialSync : public rmm::port::Sync {
 public:
  explicit SequentialSync(SequentialThreads& threads) : threads_(threads) {}
  rmm::port::ActorId self() const override { return {1}; }
  void step(const rmm::port::Step&) override { ++steps; }
  void wait(rmm::port::WaitQueue&, const rmm::port::Step&) override {
    if (threads_.pending.empty()) throw std::logic_error("the main thread waits for nobody");
    auto body = std::move(threads_.pending.front());
    threads_.pending.pop_front();
    body();
  }
  void wait_until(rmm::port::WaitQueue& queue, std::uint64_t, const rmm::port::Step& step) override {
    wait(queue, step);
  }
  void wake_all(rmm::port::WaitQueue& queue) override { ++queue.wakeups; }
  void acquire(rmm::port::Lock& lock, const rmm::port::Step&) override {
    if (lock.held()) throw std::logic_error("locked twice");
    lock.holder = self();
  }
  void release(rmm::port::Lock& lock, const rmm::port::Step&) override { lock.holder = {}; }
  void acquire_read(rmm::port::RwLock&, const rmm::port::Step&) override {}
  void release_read(rmm::port::RwLock&, const rmm::port::Step&) override {}
  void acquire_write(rmm::port::RwLock&, const rmm::port::Step&) override {}
  void release_write(rmm::port::RwLock&, const rmm::port::Step&) override {}

  int steps = 0;

 private:
  SequentialThreads& threads_;
};

class TextConsole : public port::Console {
 public:
  void put(std::uint8_t byte) override { output.push_back(static_cast<char>(byte)); }
  std::optional<std::uint8_t> get() override {
    if (input.empty()) return std::nullopt;
    const auto byte = static_cast<std::uint8_t>(input.front());
    input.erase(0, 1);
    return byte;
  }
  rmm::port::WaitQueue& input_arrived() override { return queue; }

  std::string output, input;
  rmm::port::WaitQueue queue;
};

// 1, 2, 3, ...
class CountingEntropy : public port::HostEntropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(++last);
  }
  unsigned last = 0;
};

class MessageLog : public port::Observer {
 public:
  void message(std::string_view text) override { messages.emplace_back(text); }
  std::vector<std::string> messages;
};

}  // namespace host::vmm::test
