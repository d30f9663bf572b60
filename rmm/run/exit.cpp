// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/run/exit.h"

#include "rmm/abi/arch/esr.h"
#include "rmm/run/exit_forms.h"
#include "rmm/run/pmu.h"
#include "rmm/run/timers.h"
#include "rmm/run/vgic.h"

namespace rmm::run {
namespace {

namespace esr = abi::esr;
using abi::v1_0::RecExitReason;

constexpr std::uint64_t kEcMask = 0x3fULL << esr::kEcShift;
constexpr std::uint64_t kSerrorIds = 1ULL << 24;
constexpr std::uint64_t kSerrorAetMask = 7ULL << 10;
constexpr std::uint64_t kWfxTiMask = 3;

constexpr std::uint64_t kInstructionAbortShown = kEcMask | esr::kSetMask | esr::kEa | esr::kFscMask;
constexpr std::uint64_t kDataAbortShown = kInstructionAbortShown | esr::kFnv;
constexpr std::uint64_t kEmulatableShown = kDataAbortShown | esr::kIsv | esr::kSasMask | esr::kSf | esr::kWnr;
constexpr std::uint64_t kSerrorShown = kEcMask | kSerrorIds | kSerrorAetMask | esr::kEa | esr::kFscMask;

Next exit_with(Context& c, RecExitReason reason) {
  c.exit.exit_reason = static_cast<std::uint8_t>(reason);
  return Next::kExit;
}

}  // namespace

Next exit_irq(Context& c) { return exit_with(c, RecExitReason::kIrq); }

Next exit_fiq(Context& c) { return exit_with(c, RecExitReason::kFiq); }

Next exit_serror(Context& c, std::uint64_t syndrome) {
  c.exit.esr = syndrome & kSerrorShown;
  return exit_with(c, RecExitReason::kSerror);
}

Next exit_wfx(Context& c, const abi::Exception& e) {
  c.exit.esr = e.esr & (kEcMask | kWfxTiMask);
  const auto kind = static_cast<esr::Wfx>(e.esr & kWfxTiMask);
  if (kind == esr::Wfx::kWfit || kind == esr::Wfx::kWfet) c.exit.gprs[0] = e.wfx_timeout;
  return exit_with(c, RecExitReason::kSync);
}

Next exit_instruction_abort(Context& c, const abi::Exception& e) {
  c.exit.esr = e.esr & kInstructionAbortShown;
  c.exit.hpfar = e.hpfar;
  return exit_with(c, RecExitReason::kSync);
}

Next exit_protected_data_abort(Context& c, const abi::Exception& e) {
  c.exit.esr = e.esr & kDataAbortShown;
  c.exit.hpfar = e.hpfar;
  return exit_with(c, RecExitReason::kSync);
}

Next exit_unprotected_data_abort(Context& c, const abi::Exception& e) {
  core::LastExit& last = c.rec.last_exit;
  last.unprotected_data_abort = true;
  last.esr = e.esr;
  last.far = e.far;
  c.exit.hpfar = e.hpfar;
  if ((e.esr & esr::kIsv) == 0) {
    c.exit.esr = e.esr & (kDataAbortShown | esr::kIl);
    return exit_with(c, RecExitReason::kSync);
  }
  // The host never learns SRT and SSE: register and sign extension are the monitor's at the next entry (A4.3.4.3).
  last.emulatable_abort = true;
  c.exit.esr = e.esr & kEmulatableShown;
  c.exit.far = e.far & (abi::kGranuleSize - 1);
  if ((e.esr & esr::kWnr) != 0)
    c.exit.gprs[0] = operand(c.cpu, static_cast<unsigned>((e.esr & esr::kSrtMask) >> esr::kSrtShift));
  return exit_with(c, RecExitReason::kSync);
}

Next exit_rsi_data_abort(Context& c, abi::Ipa ipa, int level) {
  c.exit.esr = (static_cast<std::uint64_t>(esr::Ec::kDataAbortLower) << esr::kEcShift) | esr::kFscTranslation |
               static_cast<std::uint64_t>(level);
  c.exit.hpfar = esr::hpfar_from_ipa(ipa.value);
  return exit_with(c, RecExitReason::kSync);
}

Next exit_sysreg(Context& c, std::uint64_t syndrome) {
  const esr::SysRegIss access = esr::sysreg_iss(syndrome);
  c.exit.esr = syndrome;
  if (access.is_read) {
    c.rec.last_exit.sysreg_read = true;
    c.rec.last_exit.sysreg_rt = access.rt;
  } else {
    if (const auto gpr = sysreg_gpr(c, access.rt)) c.exit.gprs[*gpr] = operand(c.cpu, access.rt);
  }
  return exit_with(c, RecExitReason::kSync);
}

Next exit_ripas_change(Context& c) {
  c.exit.ripas_base = c.rec.ripas.base.value;
  c.exit.ripas_top = c.rec.ripas.top.value;
  c.exit.ripas_value = static_cast<std::uint8_t>(c.rec.ripas.value);
  return exit_with(c, RecExitReason::kRipasChange);
}

Next exit_psci(Context& c, std::uint32_t fid, std::uint64_t mpidr) {
  c.exit.gprs[0] = fid;
  c.exit.gprs[1] = mpidr;
  return exit_with(c, RecExitReason::kPsci);
}

Next exit_host_call(Context& c, const abi::v1_0::RsiHostCall& data) {
  c.exit.imm = data.imm;
  c.exit.gprs = data.gprs;
  return exit_with(c, RecExitReason::kHostCall);
}

void finish_exit(Context& c) {
  show_timers(c);
  show_pmu(c);
  store_vgic(c);
  if (port::Observer* observer = c.platform().observer)
    observer->rec_exit({.rec = c.rec.granule.pa(),
                        .pe = c.pe.id(),
                        .reason = exit_name(static_cast<RecExitReason>(c.exit.exit_reason)),
                        .exit = &c.exit});
}

}  // namespace rmm::run
