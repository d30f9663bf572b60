// SPDX-License-Identifier: GPL-2.0-or-later
// EL3 firmware: routes SMCs of the normal world, and owns the granule protection table.
//
// A native host thread calls smc(); an NS-EL2 payload on an engine arrives at route() with its PE. Both are one router.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "host/port/smc.h"
#include "rmm/abi/smc.h"
#include "rmm/port/clock.h"
#include "rmm/port/gpt.h"
#include "rmm/port/pe.h"
#include "sim/firmware/psci.h"
#include "sim/mem/dram.h"
#include "sim/mem/gpt.h"

namespace sim {

class El3 : public host::port::SmcConduit, public rmm::port::Gpt {
 public:
  // The PE of whoever executes now (Scheduler::current_pe_object).
  using CurrentPe = std::function<rmm::port::Pe&()>;
  // The monitor's entry for RMI calls. Every one arrives on a PE.
  using Monitor = std::function<abi::SmcRegs(rmm::port::Pe&, const abi::SmcRegs&)>;
  // Injected failures: an answer here replaces the call, which nobody else sees.
  using SmcFault = std::function<std::optional<abi::SmcRegs>(const abi::SmcRegs&)>;
  // True: firmware refuses this PAS change although it would be allowed.
  using PasRefusal = std::function<bool(abi::GranulePa, abi::Pas)>;

  El3(const Dram& dram, sim::Gpt& table, rmm::port::Clock& clock, CurrentPe current_pe);

  // Without a monitor RMI calls are unknown functions.
  void set_monitor(Monitor monitor) { monitor_ = std::move(monitor); }
  // PSCI of PEs whose power is EL3's. Without it every PE is on from the start, and calls that change that are unknown.
  void set_psci(Psci* psci) { psci_ = psci; }
  void set_smc_fault(SmcFault fault) { smc_fault_ = std::move(fault); }
  void set_pas_refusal(PasRefusal refusal) { pas_refusal_ = std::move(refusal); }

  // An SMC #0 from Non-secure EL2 of `pe`. Registers that the called function doesn't define keep their value.
  abi::SmcRegs route(rmm::port::Pe& pe, const abi::SmcRegs& in);

  // host::port::SmcConduit
  abi::SmcRegs smc(const abi::SmcRegs& in) override { return route(current_pe_(), in); }

  // rmm::port::Gpt: what firmware does for the monitor. Only Non-secure <-> Realm, only in DRAM.
  std::span<const rmm::port::MemoryBank> banks() const override { return banks_; }
  abi::Pas pas(abi::GranulePa granule) const override { return table_.pas(granule); }
  [[nodiscard]] bool set_pas(abi::GranulePa granule, abi::Pas pas) override;

 private:
  abi::SmcRegs own_service(const abi::SmcRegs& in) const;

  const Dram& dram_;
  sim::Gpt& table_;
  rmm::port::Clock& clock_;
  CurrentPe current_pe_;
  Monitor monitor_;
  Psci* psci_ = nullptr;
  SmcFault smc_fault_;
  PasRefusal pas_refusal_;
  std::vector<rmm::port::MemoryBank> banks_;
};

}  // namespace sim
