// SPDX-License-Identifier: GPL-2.0-or-later
// Scheduling points, locks and waiting, shared by rmm and host. Code is straight-line and blocking; every touch of
// shared state announces a Step and parks BEFORE it acts, so that a scheduler can choose who goes first. A Lock, RwLock
// or WaitQueue is a value: it may be copied with the state that holds it and carries no pointer.
#pragma once

#include <cstdint>
#include <tuple>

namespace rmm::port {

struct ActorId {
  std::uint16_t value = kNobody;
  static constexpr std::uint16_t kNobody = 0xffff;
  constexpr bool operator==(const ActorId&) const = default;
};

enum class Access : std::uint8_t { kRead, kWrite, kAcquire, kRelease, kWait };

// What an actor is about to do. `point` is a static string (a name of the code, e.g. "kvm_rec_enter"); `object`
// identifies the thing touched (a PA, an index with a type tag), stable over runs.
struct Step {
  const char* point;
  std::uint64_t object;
  Access access;
};

struct Lock {
  ActorId holder;
  bool held() const { return holder.value != ActorId::kNobody; }
  auto members() { return std::tie(holder.value); }
};

struct RwLock {
  ActorId writer;
  std::uint16_t readers = 0;
  auto members() { return std::tie(writer.value, readers); }
};

struct WaitQueue {
  std::uint32_t wakeups = 0;  // counts wake_all calls
  auto members() { return std::tie(wakeups); }
};

// Implemented by sim/sched (fibers) and, in a few lines without switching, by unit tests.
class Sync {
 public:
  virtual ~Sync() = default;
  virtual ActorId self() const = 0;
  // Parks before a touch of shared state; returns when the scheduler lets this actor act.
  virtual void step(const Step& step) = 0;
  // Parks until some other actor changed state that this actor may be waiting for. Callers loop on their condition.
  virtual void wait(WaitQueue& queue, const Step& step) = 0;
  // As wait, but also returns once virtual time has reached `deadline_ns`.
  virtual void wait_until(WaitQueue& queue, std::uint64_t deadline_ns, const Step& step) = 0;
  virtual void wake_all(WaitQueue& queue) = 0;
  // Parks until the lock is free and takes it. Relocking by the holder is a bug of the simulator and aborts.
  virtual void acquire(Lock& lock, const Step& step) = 0;
  virtual void release(Lock& lock, const Step& step) = 0;
  virtual void acquire_read(RwLock& lock, const Step& step) = 0;
  virtual void release_read(RwLock& lock, const Step& step) = 0;
  virtual void acquire_write(RwLock& lock, const Step& step) = 0;
  virtual void release_write(RwLock& lock, const Step& step) = 0;
};

class LockGuard {
 public:
  LockGuard(Sync& sync, Lock& lock, const char* point, std::uint64_t object)
      : sync_(sync), lock_(lock), point_(point), object_(object) {
    sync_.acquire(lock_, {point_, object_, Access::kAcquire});
  }
  ~LockGuard() { sync_.release(lock_, {point_, object_, Access::kRelease}); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;

 private:
  Sync& sync_;
  Lock& lock_;
  const char* point_;
  std::uint64_t object_;
};

class WriteGuard {
 public:
  WriteGuard(Sync& sync, RwLock& lock, const char* point, std::uint64_t object)
      : sync_(sync), lock_(lock), point_(point), object_(object) {
    sync_.acquire_write(lock_, {point_, object_, Access::kAcquire});
  }
  ~WriteGuard() { sync_.release_write(lock_, {point_, object_, Access::kRelease}); }
  WriteGuard(const WriteGuard&) = delete;
  WriteGuard& operator=(const WriteGuard&) = delete;

 private:
  Sync& sync_;
  RwLock& lock_;
  const char* point_;
  std::uint64_t object_;
};

// A value shared between actors without a lock (the atomics and READ_ONCE of the real code): each access is a Step.
template <class T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T value) : value_(value) {}
  T load(Sync& sync, const char* point, std::uint64_t object) const {
    sync.step({point, object, Access::kRead});
    return value_;
  }
  void store(Sync& sync, T value, const char* point, std::uint64_t object) {
    sync.step({point, object, Access::kWrite});
    value_ = value;
  }
  // Adds and returns the new value.
  T add(Sync& sync, T n, const char* point, std::uint64_t object) {
    sync.step({point, object, Access::kWrite});
    value_ = static_cast<T>(value_ + n);
    return value_;
  }
  // True iff the value was `expected` and is now `desired`.
  bool compare_exchange(Sync& sync, T expected, T desired, const char* point, std::uint64_t object) {
    sync.step({point, object, Access::kWrite});
    if (value_ != expected) return false;
    value_ = desired;
    return true;
  }
  // Without a Step: for printers, hashes and checks that are no part of the simulated code.
  const T& peek() const { return value_; }
  auto members() { return std::tie(value_); }

 private:
  T value_{};
};

}  // namespace rmm::port
