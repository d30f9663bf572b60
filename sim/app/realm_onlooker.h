// SPDX-License-Identifier: GPL-2.0-or-later
// What each realm could see: all registers of a REC each time it goes on, the virtual interrupts it meets, virtual
// time; at the realm's end the content of its memory.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "rmm/check/watched_runs.h"
#include "rmm/core/monitor_state.h"
#include "rmm/port/platform.h"
#include "sim/app/observation.h"

namespace sim::app {

// Name of the system register number `word` of SightKind::kSystemRegisters.
std::string_view watched_register_name(std::size_t word);

class RealmOnlooker : private rmm::check::RunWatcher {
 public:
  // The number of the VM whose realm has this RD; nullopt: of none.
  using VmOf = std::function<std::optional<unsigned>(abi::GranulePa rd)>;
  // The PE of the caller.
  using CurrentPe = std::function<rmm::port::Pe&()>;

  // `logs`: one for each VM.
  RealmOnlooker(const rmm::port::Platform& platform, rmm::core::MonitorState& state, VmOf vm_of, CurrentPe current_pe,
                std::deque<ObservationLog>& logs);
  RealmOnlooker(const RealmOnlooker&) = delete;
  RealmOnlooker& operator=(const RealmOnlooker&) = delete;

  // What the monitor must be given.
  rmm::port::Platform watched_platform();
  // The protected memory of a VM's realm, as far as there is any.
  void look_at_memory(unsigned vm, const rmm::core::Realm& realm);
  void state_was_replaced() { runs_.forget(); }

 private:
  void realm_resumes(const rmm::port::RealmCpu& cpu) override;
  void realm_stopped(const rmm::port::RealmCpu&, const abi::Exception&) override {}
  const rmm::core::Rec* rec_of(const rmm::port::RealmCpu& cpu) const;

  rmm::port::Platform platform_;
  rmm::core::MonitorState& state_;
  VmOf vm_of_;
  CurrentPe current_pe_;
  std::deque<ObservationLog>& logs_;
  rmm::check::WatchedRuns runs_;
  Observation observation_;
};

}  // namespace sim::app
