// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/traps.h"

#include "rmm/abi/arch/esr.h"
#include "rmm/run/exit.h"
#include "rmm/run/inject.h"
#include "rmm/run/realm_call.h"
#include "rmm/run/stage2_abort.h"
#include "rmm/run/sysreg_traps.h"
#include "rmm/run/wfx.h"

namespace rmm::run {
namespace {

using abi::esr::Ec;

Next smc(Context& c, const abi::Exception&) { return realm_call(c); }

// HVC (A4.5), and every class a realm is not offered: floating point traps of hidden features, AArch32 forms and so on.
Next undefined(Context& c, const abi::Exception&) {
  inject_undefined(c.cpu);
  return Next::kResume;
}

struct Row {
  Ec ec;
  Next (*handle)(Context& c, const abi::Exception& e);
};

constexpr Row kRows[] = {
    {Ec::kDataAbortLower, stage2_abort},
    {Ec::kInstructionAbortLower, stage2_abort},
    {Ec::kSysReg, trapped_sysreg},
    {Ec::kSmc64, smc},
    {Ec::kWfx, trapped_wfx},
    {Ec::kHvc64, undefined},
};

Next synchronous(Context& c, const abi::Exception& e) {
  const Ec ec = abi::esr::ec(e.esr);
  for (const Row& row : kRows)
    if (row.ec == ec) return row.handle(c, e);
  return undefined(c, e);
}

}  // namespace

Next handle_exception(Context& c, const abi::Exception& e) {
  if (port::Observer* observer = c.platform().observer)
    observer->trap(
        {.rec = c.rec.granule.pa(), .pe = c.pe.id(), .esr = e.esr, .far = e.far, .hpfar = e.hpfar, .pc = c.cpu.pc()});
  switch (e.kind) {
    case abi::ExceptionKind::kSync: return synchronous(c, e);
    case abi::ExceptionKind::kIrq: return exit_irq(c);
    case abi::ExceptionKind::kFiq: return exit_fiq(c);
    case abi::ExceptionKind::kSerror: return exit_serror(c, e.esr);
  }
  return exit_irq(c);
}

}  // namespace rmm::run
