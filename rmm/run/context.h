// SPDX-License-Identifier: GPL-2.0-or-later
// One run of a REC: what every part of rmm/run works on between entry and exit.
#pragma once

#include <cstdint>
#include <optional>

#include "rmm/abi/arch/cpu.h"
#include "rmm/abi/v1_0/structures.h"
#include "rmm/call/call.h"
#include "rmm/core/realm.h"
#include "rmm/core/rec.h"
#include "rmm/port/pe.h"
#include "rmm/port/realm_cpu.h"

namespace rmm::run {

struct Context {
  const call::Environment& environment;
  port::Pe& pe;
  core::Rec& rec;
  core::Realm& realm;
  port::RealmCpu& cpu;
  abi::v1_0::RecExit& exit;  // all zero until one of the exits of exit.h fills it
  abi::RunControls controls;

  port::Platform& platform() const { return environment.platform; }
  port::Sync& sync() const { return environment.platform.sync; }
  // Identifies the REC in Steps and events.
  std::uint64_t rec_pa() const { return rec.granule.pa().value; }
};

// What follows an exception taken to the monitor (figure A4.1): return to the realm, or a REC exit.
enum class Next : std::uint8_t { kResume, kExit };

// The next instruction of the realm is the one after the current PC. RealmCpu leaves PC at the instruction that caused
// the exception, SMC included.
inline void advance_pc(port::RealmCpu& cpu) { cpu.set_pc(cpu.pc() + 4); }

// General register as an instruction's operand names it: 31 is XZR.
inline std::uint64_t operand(const port::RealmCpu& cpu, unsigned n) { return n == 31 ? 0 : cpu.x(n); }
inline void set_operand(port::RealmCpu& cpu, unsigned n, std::uint64_t value) {
  if (n != 31) cpu.set_x(n, value);
}

// Which of RecRun's gprs holds the value of a trapped system register whose instruction names register `rt` (D4); none
// for XZR if it would be that one.
inline std::optional<unsigned> sysreg_gpr(const Context& c, unsigned rt) {
  if (!c.environment.limits.sysreg_gprs_rt) return 0;
  return rt == 31 ? std::nullopt : std::optional(rt);
}

}  // namespace rmm::run
