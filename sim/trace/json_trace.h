// SPDX-License-Identifier: GPL-2.0-or-later
// The trace of a run as JSON lines (schema: SCHEMA.md). Buffered; written out when the buffer fills, on flush() and at
// the end.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include <fmt/format.h>

#include "host/port/observer.h"
#include "rmm/port/observer.h"
#include "sim/cpu/cpus.h"
#include "sim/sched/scheduler.h"

namespace sim::trace {

inline constexpr int kTraceVersion = 1;

class JsonTrace : public rmm::port::Observer, public host::port::Observer, public SchedulerObserver {
 public:
  struct Now {
    std::uint64_t ns;
    std::uint16_t actor;
  };
  // Opens `path` for writing. Error: what went wrong, with the path.
  static tl::expected<std::unique_ptr<JsonTrace>, std::string> open(const std::string& path, std::function<Now()> now);
  ~JsonTrace() override;
  JsonTrace(const JsonTrace&) = delete;
  JsonTrace& operator=(const JsonTrace&) = delete;

  // A fault delivered to EL1 or EL2, with its walk.
  void fault(const WalkReport& report);
  // False: a write failed (disk full); said once at the end of the run.
  bool flush();

  void actor_started(rmm::port::ActorId actor, const std::string& name) override;
  void actor_ended(rmm::port::ActorId actor) override;
  void switched(std::uint64_t now_ns, rmm::port::ActorId actor) override;

  void command_begin(const rmm::port::CommandBegin& event) override;
  void command_end(const rmm::port::CommandEnd& event) override;
  void granule_transition(const rmm::port::GranuleTransition& event) override;
  void rtt_write(const rmm::port::RttWrite& event) override;
  void ripas_change(const rmm::port::RipasChange& event) override;
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override;
  void rec_enter(const rmm::port::RecEntry& event) override;
  void rec_exit(const rmm::port::RecExitEvent& event) override;
  void trap(const rmm::port::TrapEvent& event) override;
  void tlb_invalidate(abi::Vmid vmid, abi::IpaRange range) override;

  void ioctl(std::string_view name, int fd, std::span<const host::port::NamedValue> args, long result) override;
  void kvm_exit(unsigned vm, unsigned vcpu, std::string_view reason, long ret) override;
  void rec_exit(unsigned vm, unsigned vcpu, std::string_view reason, std::uint64_t esr) override;
  void stage2_fault(unsigned vm, unsigned vcpu, abi::Ipa ipa, bool shared, bool write, long ret) override;
  void irq(unsigned vm, unsigned vcpu, std::uint32_t intid, std::string_view what) override;
  void device_access(unsigned vm, std::string_view device, std::uint64_t offset, std::uint64_t value, unsigned size,
                     bool write) override;
  void message(std::string_view text) override;

 private:
  JsonTrace(std::FILE* file, std::function<Now()> now);
  template <class Format, class... Args>
  void line(std::string_view event, const Format& format, const Args&... args);

  std::FILE* file_;
  std::function<Now()> now_;
  fmt::memory_buffer buffer_;
  bool failed_ = false;
};

}  // namespace sim::trace
