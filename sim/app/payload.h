// SPDX-License-Identifier: GPL-2.0-or-later
// Software of Non-secure EL2 that runs on the simulated CPUs in place of the native host: its PEs, their power, and the
// platform around them. EL3's side of it is here; the instructions are sim/cpu's.
//
// A reset of the platform (SP805, PSCI SYSTEM_RESET) ends every REC that runs, then restarts PE 0 at the entry point.
// DRAM and NVM keep what they hold, but for granules of the Realm PAS: their encryption key is lost with the reset, so
// they are zero afterwards. The monitor boots again, and all of DRAM is Non-secure.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <tuple>
#include <vector>

#include <tl/expected.hpp>

#include "rmm/port/sync.h"
#include "sim/app/payload_config.h"
#include "sim/app/platform.h"
#include "sim/app/vm_console.h"
#include "sim/cpu/cpus.h"
#include "sim/cpu/interconnect.h"
#include "sim/firmware/el3.h"
#include "sim/firmware/psci.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"
#include "sim/sched/scheduler.h"

namespace sim::app {

struct PayloadState {
  PlatformState platform;
  PsciState psci;
  rmm::port::WaitQueue power;  // PEs that are off, or wait for the others to stop
  std::uint64_t resets = 0;
  auto members() { return std::tie(platform, psci, power, resets); }
};

class Payload final : private PlatformTime {
 public:
  // Of the machine that the payload runs on; all outlive it.
  struct Hardware {
    Dram& dram;
    const Gpt& gpt;
    Scheduler& scheduler;
    Cpus& cpus;
    El3& firmware;
    host::port::Console& console;
    // The Realm world after a reset: the monitor as it boots, every granule Non-secure.
    std::function<void()> reset_realm_world;
  };

  Payload(const PayloadConfig& config, PayloadState& state, const Hardware& hardware);
  Payload(const Payload&) = delete;
  Payload& operator=(const Payload&) = delete;

  // Puts the images into memory. Error: which file cannot be where it should.
  tl::expected<void, InputError> load();
  // Starts an actor for each PE. The first actors of the machine: a PE's number is its actor's.
  void start();

  unsigned pe_count() const { return static_cast<unsigned>(pes_.size()); }
  abi::Mpidr affinity(unsigned pe) const { return config_.platform.pes.affinities[pe]; }
  const std::vector<PayloadImage>& images() const { return config_.images; }
  std::uint32_t cpu_id(unsigned pe) const { return cpu_ids_[pe]; }
  const PayloadState& state() const { return state_; }
  // The machine was restored.
  void state_was_replaced() { look_again(); }
  Platform& platform() { return platform_; }

 private:
  // What lies around one PE.
  class Wires final : public Interconnect {
   public:
    Wires(Payload& payload, unsigned pe) : payload_(payload), pe_(pe) {}
    std::optional<std::uint64_t> read(abi::Pa pa, unsigned size) override {
      payload_.look_again();
      return payload_.platform_.bus().read(pa, size);
    }
    bool write(abi::Pa pa, unsigned size, std::uint64_t value) override {
      payload_.look_again();
      return payload_.platform_.bus().write(pa, size, value);
    }
    std::vector<ConstantBytes> constants() override { return payload_.platform_.bus().constants(); }
    bool read_gic(std::uint32_t key, std::uint64_t& value) override {
      payload_.look_again();
      return payload_.platform_.gic().read_register(pe_, key, value);
    }
    bool write_gic(std::uint32_t key, std::uint64_t value) override {
      payload_.look_again();
      return payload_.platform_.gic().write_register(pe_, key, value);
    }
    void timer_changed() noexcept override { payload_.look_again(); }
    bool irq_pending() override { return payload_.platform_.gic().irq_pending(pe_); }
    bool has_company() override { return payload_.pes_on() > 1; }
    bool must_leave() override { return payload_.must_leave(); }

   private:
    Payload& payload_;
    unsigned pe_;
  };

  // PlatformTime
  void advance(std::uint64_t now_ns) override;
  std::optional<std::uint64_t> next_event_ns() override;
  void set_pmu_line(rmm::port::PeId pe, bool level) override;

  bool reset_wanted() const { return state_.psci.system == SystemPower::kReset || platform_.reset_requested(); }
  bool must_leave() const {
    return state_.psci.system != SystemPower::kOn || platform_.reset_requested() || scheduler().signal_pending();
  }
  // Something may have changed that moves an interrupt line or the next event.
  void look_again() noexcept { look_again_ = true; }
  std::optional<std::uint64_t> find_next_event(std::uint64_t now_ns);
  bool runs(unsigned pe) const;
  unsigned pes_on() const;
  void drive_lines(unsigned pe, std::uint64_t now_ns);
  void pe_main(unsigned pe);
  void start_pe(unsigned pe);
  void suspend(unsigned pe);
  void smc(unsigned pe);
  void take_part_in_reset(unsigned pe);
  void reset();
  void wait_for_power(const char* why);
  void wake_all();
  tl::expected<void, InputError> load(const PayloadImage& image);
  std::uint64_t dram_behind(std::uint64_t address) const;

  Scheduler& scheduler() const { return hardware_.scheduler; }
  Cpu& cpu(unsigned pe);
  Pe& pe(unsigned n) { return scheduler().pe({static_cast<std::uint16_t>(n)}); }

  const PayloadConfig config_;
  PayloadState& state_;
  Hardware hardware_;
  Platform platform_;
  Psci psci_;
  std::deque<Wires> pes_;
  std::vector<std::uint32_t> cpu_ids_;
  std::vector<bool> at_rest_;  // during a reset: the PEs that have stopped
  // What advance() found, until look_again().
  bool look_again_ = true;
  std::optional<std::uint64_t> next_event_ns_;
  std::uint32_t seen_input_ = 0;
};

}  // namespace sim::app
