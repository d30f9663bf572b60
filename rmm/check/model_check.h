// SPDX-License-Identifier: GPL-2.0-or-later
// The observer behind --check=model: each step of the monitor is compared with what the abstract model (rmm/spec)
// allows, until the first difference. A command is judged when it lets its first lock go (rmm/spec/judge.h); then every
// object that the model changed, that the monitor wrote or that was locked is read back. At intervals everything is.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rmm/abi/smc.h"
#include "rmm/check/abstraction.h"
#include "rmm/check/watched_ports.h"
#include "rmm/check/watched_runs.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/observer.h"
#include "rmm/port/platform.h"
#include "rmm/spec/judge.h"

namespace rmm::check {

// The first thing that DEN0137 does not allow.
struct Difference {
  std::vector<std::string> lines;   // each names the command and the object
  std::vector<std::string> script;  // the last commands up to this one, in the language of script_lines()
};

class ModelCheck : public port::Observer, private PortWatcher, private RunWatcher {
 public:
  using Monitor = std::function<abi::SmcRegs(port::Pe&, const abi::SmcRegs&)>;

  // Watches the monitor that acts on `state`, which is as after boot. `platform` is the machine itself; the monitor
  // must be given watched_platform() and be called through rmi().
  ModelCheck(const port::Platform& platform, const core::MonitorState& state, const core::Limits& limits);
  ModelCheck(const ModelCheck&) = delete;
  ModelCheck& operator=(const ModelCheck&) = delete;

  port::Platform watched_platform();
  // Called once, at the first difference.
  void set_on_difference(std::function<void()> hook) { on_difference_ = std::move(hook); }
  // One SMC of the host, with the registers that it really gave and got.
  abi::SmcRegs rmi(port::Pe& pe, const abi::SmcRegs& regs, const Monitor& monitor);
  // Compares everything if no command is in progress.
  void read_back();
  // The monitor's state has become another one (a snapshot was restored): the model begins with it, and what was found
  // in the old one is void. Precondition: no command is in progress.
  void state_was_replaced();

  const std::optional<Difference>& difference() const { return difference_; }
  std::uint64_t transitions() const { return transitions_; }
  std::uint64_t read_backs() const { return read_backs_; }

  void command_end(const port::CommandEnd& event) override;
  void granule_transition(const port::GranuleTransition& event) override;
  void rtt_write(const port::RttWrite& event) override;
  void realm_state(abi::Pa rd, std::string_view from, std::string_view to) override;
  void rec_exit(const port::RecExitEvent& event) override;

 private:
  // What the model asks about the monitor's surroundings.
  class Surroundings : public spec::World {
   public:
    explicit Surroundings(ModelCheck& check) : check_(check) {}
    abi::Pas pas(abi::Pa granule) const override;
    bool was_read(abi::Pa granule) const override;
    std::optional<std::vector<std::byte>> non_secure(abi::Pa from, std::size_t size) const override;
    std::vector<std::byte> realm_memory(abi::Pa from, std::size_t size) const override;

   private:
    ModelCheck& check_;
  };

  // How far an actor's RMI_REC_ENTER is.
  enum class Phase : std::uint8_t {
    kChecks,     // like any command
    kClaimed,    // the REC is its own, the realm has not run
    kRealm,      // between the first run and the exit
    kLeaving,    // the exit is known and not yet written
    kDisclosed,  // the host sees it
  };
  struct Actor {
    port::Pe* pe = nullptr;
    bool commanding = false;
    bool settled = false;     // the command, or the realm's call that is open
    bool enters = false;      // RMI_REC_ENTER
    bool stores_rec = false;  // it wrote whether the REC runs, and holds its lock
    Phase phase = Phase::kChecks;
    abi::Pa rec;
    std::vector<abi::Pa> held;  // granules whose lock it holds
    spec::Scope written;
    std::vector<std::pair<abi::Pa, std::vector<std::byte>>> reads;  // of host memory
    std::optional<std::pair<abi::Pa, abi::Pas>> pas_before;         // of the granule whose PAS it has just changed
    std::string_view condition;                                     // that failed
    // The realm's last exception and its registers then.
    bool in_realm = false;
    abi::Exception exception;
    spec::Gprs gprs{};
    std::uint64_t pc = 0;
    std::uint64_t version = 0;
    bool calls = false;     // an RSI or PSCI call is open
    bool answered = false;  // and its result known
    std::string_view call_condition;
    std::uint64_t judged = 0;  // version of the state that the model's answer is about
    spec::ExitCause cause;
    spec::ExitShown shown;
  };

  void host_was_read(abi::Pa pa, std::span<const std::byte> bytes) override;
  void host_is_written(abi::Pa pa, std::span<const std::byte> bytes) override;
  void memory_is_written(abi::Pa, std::span<const std::byte>) override {}
  void granule_is_wiped(abi::GranulePa) override {}
  void pas_was_set(abi::GranulePa granule, abi::Pas pas) override;
  void cpu_is_reached(port::CpuId) override {}
  void shared_is_accessed(const port::Step& step) override;
  void lock_is_wanted(const port::Lock&, const port::Step&) override {}
  void lock_was_taken(const port::Lock& lock, const port::Step& step) override;
  void lock_is_released(const port::Lock& lock, const port::Step& step) override;
  void realm_resumes(const port::RealmCpu& cpu) override;
  void realm_stopped(const port::RealmCpu& cpu, const abi::Exception& exception) override;

  unsigned self() const { return platform_.sync.self().value; }
  Actor& actor() { return actors_[self()]; }
  bool is_granule_lock(const port::Lock& lock, const port::Step& step) const;
  const port::RealmCpu* cpu_of(abi::Pa rec) const;
  // What an exit passes on, as the PE and the realm's CPU have it when the monitor has filled the exit.
  spec::PeView pe_view(Actor& self, const port::RealmCpu& cpu) const;
  static void take_registers(const port::RealmCpu& cpu, spec::Gprs& gprs, std::uint64_t& pc);
  spec::Observed observed_call(const port::RealmCpu& cpu, std::string_view condition) const;
  void command_unlocks(Actor& self, abi::Pa granule);
  void refresh(Actor& self);
  void rec_unlocks(Actor& self, abi::Pa granule);
  void settle(Actor& self);
  void accept(const spec::Verdict& verdict);
  // `verdict`, then the objects it names and those written. `call` is what was done; unsettled: it is still open, and
  // what it may result in belongs to the difference.
  void compare(const spec::Call& call, const spec::Verdict& verdict, spec::Scope written, bool unsettled = false);
  void end_call(Actor& self, const port::RealmCpu& cpu);
  void found(std::vector<std::string> lines);
  bool others_are_at_rest() const;
  // Objects that other PEs have locked: they may be half changed, and are compared when they are let go.
  spec::Scope held_by_others() const;

  port::Platform platform_;
  const core::MonitorState& state_;
  Abstraction abstraction_;
  Surroundings surroundings_;
  spec::Platform model_platform_;
  spec::Judge judge_;
  WatchedPorts ports_;
  WatchedRuns runs_;
  std::map<unsigned, Actor> actors_;
  std::optional<Difference> difference_;
  std::function<void()> on_difference_;
  std::uint64_t transitions_ = 0, read_backs_ = 0, next_read_back_ = 0;
};

}  // namespace rmm::check
