// SPDX-License-Identifier: GPL-2.0-or-later
// The monitor's ports with somebody looking over its shoulder: each call is told to a PortWatcher and goes on to the
// machine unchanged. What the events of port::Observer do not show (writes, locks, CPU contexts) becomes visible here
// without a line in the monitor.
#pragma once

#include <cstddef>
#include <span>

#include "rmm/port/platform.h"

namespace rmm::check {

class PortWatcher {
 public:
  virtual ~PortWatcher() = default;
  virtual void host_was_read(abi::Pa pa, std::span<const std::byte> bytes) = 0;
  virtual void host_is_written(abi::Pa pa, std::span<const std::byte> bytes) = 0;
  virtual void memory_is_written(abi::Pa pa, std::span<const std::byte> bytes) = 0;  // Realm PAS, before it happens
  virtual void granule_is_wiped(abi::GranulePa granule) = 0;
  virtual void pas_was_set(abi::GranulePa granule, abi::Pas pas) = 0;
  virtual void cpu_is_reached(port::CpuId cpu) = 0;  // created, destroyed, read or written
  virtual void shared_is_accessed(const port::Step& step) = 0;
  virtual void lock_is_wanted(const port::Lock& lock, const port::Step& step) = 0;
  virtual void lock_was_taken(const port::Lock& lock, const port::Step& step) = 0;
  virtual void lock_is_released(const port::Lock& lock, const port::Step& step) = 0;  // still held
};

class WatchedPorts {
 public:
  WatchedPorts(const port::Platform& inner, PortWatcher& watcher)
      : inner_(inner),
        memory_(inner.memory, watcher),
        gpt_(inner.gpt, watcher),
        cpus_(inner.cpus, watcher),
        sync_(inner.sync, watcher) {}
  port::Platform platform() {
    return {memory_, gpt_, inner_.tlb, cpus_, sync_, inner_.clock, inner_.entropy, inner_.observer, inner_.attestation};
  }

 private:
  class Memory : public port::GranuleMemory {
   public:
    Memory(port::GranuleMemory& inner, PortWatcher& watcher) : inner_(inner), watcher_(watcher) {}
    tl::expected<void, port::Gpf> read_ns(abi::Pa pa, std::span<std::byte> out) override;
    tl::expected<void, port::Gpf> write_ns(abi::Pa pa, std::span<const std::byte> in) override;
    void read(abi::Pa pa, std::span<std::byte> out) override { inner_.read(pa, out); }
    void write(abi::Pa pa, std::span<const std::byte> in) override;
    std::uint64_t read64(abi::Pa pa) override { return inner_.read64(pa); }
    void write64(abi::Pa pa, std::uint64_t value) override;
    void wipe(abi::GranulePa granule) override;
    std::span<const std::byte> peek(abi::GranulePa granule) override { return inner_.peek(granule); }

   private:
    port::GranuleMemory& inner_;
    PortWatcher& watcher_;
  };

  class Gpt : public port::Gpt {
   public:
    Gpt(port::Gpt& inner, PortWatcher& watcher) : inner_(inner), watcher_(watcher) {}
    std::span<const port::MemoryBank> banks() const override { return inner_.banks(); }
    abi::Pas pas(abi::GranulePa granule) const override { return inner_.pas(granule); }
    bool set_pas(abi::GranulePa granule, abi::Pas pas) override;

   private:
    port::Gpt& inner_;
    PortWatcher& watcher_;
  };

  class Cpus : public port::RealmCpus {
   public:
    Cpus(port::RealmCpus& inner, PortWatcher& watcher) : inner_(inner), watcher_(watcher) {}
    port::CpuId create() override;
    void destroy(port::CpuId id) override;
    port::RealmCpu& at(port::CpuId id) override;

   private:
    port::RealmCpus& inner_;
    PortWatcher& watcher_;
  };

  class Sync : public port::Sync {
   public:
    Sync(port::Sync& inner, PortWatcher& watcher) : inner_(inner), watcher_(watcher) {}
    port::ActorId self() const override { return inner_.self(); }
    void step(const port::Step& step) override;
    void wait(port::WaitQueue& queue, const port::Step& step) override { inner_.wait(queue, step); }
    void wait_until(port::WaitQueue& queue, std::uint64_t deadline_ns, const port::Step& step) override {
      inner_.wait_until(queue, deadline_ns, step);
    }
    void wake_all(port::WaitQueue& queue) override { inner_.wake_all(queue); }
    void acquire(port::Lock& lock, const port::Step& step) override;
    void release(port::Lock& lock, const port::Step& step) override;
    // The monitor has no read-write locks.
    void acquire_read(port::RwLock& lock, const port::Step& step) override { inner_.acquire_read(lock, step); }
    void release_read(port::RwLock& lock, const port::Step& step) override { inner_.release_read(lock, step); }
    void acquire_write(port::RwLock& lock, const port::Step& step) override { inner_.acquire_write(lock, step); }
    void release_write(port::RwLock& lock, const port::Step& step) override { inner_.release_write(lock, step); }

   private:
    port::Sync& inner_;
    PortWatcher& watcher_;
  };

  port::Platform inner_;
  Memory memory_;
  Gpt gpt_;
  Cpus cpus_;
  Sync sync_;
};

}  // namespace rmm::check
