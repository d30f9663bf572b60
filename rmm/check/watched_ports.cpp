// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/watched_ports.h"

namespace rmm::check {

tl::expected<void, port::Gpf> WatchedPorts::Memory::read_ns(abi::Pa pa, std::span<std::byte> out) {
  auto result = inner_.read_ns(pa, out);
  if (result) watcher_.host_was_read(pa, out);
  return result;
}

tl::expected<void, port::Gpf> WatchedPorts::Memory::write_ns(abi::Pa pa, std::span<const std::byte> in) {
  watcher_.host_is_written(pa, in);
  return inner_.write_ns(pa, in);
}

void WatchedPorts::Memory::write(abi::Pa pa, std::span<const std::byte> in) {
  watcher_.memory_is_written(pa, in);
  inner_.write(pa, in);
}

void WatchedPorts::Memory::write64(abi::Pa pa, std::uint64_t value) {
  watcher_.memory_is_written(pa, std::as_bytes(std::span(&value, 1)));
  inner_.write64(pa, value);
}

void WatchedPorts::Memory::wipe(abi::GranulePa granule) {
  watcher_.granule_is_wiped(granule);
  inner_.wipe(granule);
}

bool WatchedPorts::Gpt::set_pas(abi::GranulePa granule, abi::Pas pas) {
  const bool done = inner_.set_pas(granule, pas);
  if (done) watcher_.pas_was_set(granule, pas);
  return done;
}

port::CpuId WatchedPorts::Cpus::create() {
  const port::CpuId id = inner_.create();
  watcher_.cpu_is_reached(id);
  return id;
}

void WatchedPorts::Cpus::destroy(port::CpuId id) {
  watcher_.cpu_is_reached(id);
  inner_.destroy(id);
}

port::RealmCpu& WatchedPorts::Cpus::at(port::CpuId id) {
  watcher_.cpu_is_reached(id);
  return inner_.at(id);
}

void WatchedPorts::Sync::step(const port::Step& step) {
  inner_.step(step);
  watcher_.shared_is_accessed(step);
}

void WatchedPorts::Sync::acquire(port::Lock& lock, const port::Step& step) {
  watcher_.lock_is_wanted(lock, step);
  inner_.acquire(lock, step);
  watcher_.lock_was_taken(lock, step);
}

void WatchedPorts::Sync::release(port::Lock& lock, const port::Step& step) {
  watcher_.lock_is_released(lock, step);
  inner_.release(lock, step);
}

}  // namespace rmm::check
