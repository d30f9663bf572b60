// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/pmu.h"

#include "rmm/abi/arch/pmu.h"
#include "rmm/abi/v1_0/types.h"

namespace rmm::run {
namespace {

// The level of the overflow interrupt request (Arm ARM D13.3): all counters are EL1's as long as the realm runs.
bool overflow(const port::RealmCpu& cpu) {
  namespace pmu = abi::pmu;
  return (cpu.sysreg(pmu::kPmcrEl0) & pmu::kPmcrE) != 0 &&
         (cpu.sysreg(pmu::kPmovssetEl0) & cpu.sysreg(pmu::kPmintensetEl1)) != 0;
}

}  // namespace

void mask_shown_pmu(Context& c) {
  c.rec.pmu_shown = c.rec.pmu_shown && overflow(c.cpu);
  c.controls.pmu_irq = !c.rec.pmu_shown;
}

void show_pmu(Context& c) {
  if (!c.realm.pmu) return;
  c.rec.pmu_shown = overflow(c.cpu);
  const auto status = c.rec.pmu_shown ? abi::v1_0::PmuOverflow::kActive : abi::v1_0::PmuOverflow::kNotActive;
  c.exit.pmu_ovf_status = static_cast<std::uint8_t>(status);
}

}  // namespace rmm::run
