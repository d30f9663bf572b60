// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmm/check/object_images.h"

namespace rmm::check {
namespace {

auto attributes(const core::Realm& r) {
  return std::tie(r.rd, r.hash_algo, r.ipa_width, r.lpa2, r.rtt_base, r.rtt_level_start, r.rtt_num_start, r.vmid,
                  r.num_bps, r.num_wps, r.rpv, r.measures_ripas);
}

auto identity(const RecImage& r) { return std::tie(r.granule, r.owner, r.realm, r.cpu, r.mpidr, r.aux, r.num_aux); }
auto fields(const core::PsciRequest& r) { return std::tie(r.pending, r.fid, r.args); }
auto fields(const core::RipasRequest& r) {
  return std::tie(r.base, r.addr, r.top, r.value, r.change_destroyed, r.awaits_entry);
}
auto host_call(const RecImage& r) { return std::tie(r.host_call_pending, r.host_call_ipa); }
auto token(const RecImage& r) {
  return std::tie(r.token_in_progress, r.token_claims, r.token_platform, r.token_size, r.token_handed_out);
}
auto exit_record(const RecImage& r) {
  const core::LastExit& e = r.last_exit;
  return std::tie(e.emulatable_abort, e.unprotected_data_abort, e.esr, e.far, e.sysreg_read, e.sysreg_rt, e.psci_fid,
                  r.vmcr, r.ap0r, r.ap1r, r.vtimer_shown, r.ptimer_shown);
}

}  // namespace

void compare(const core::Realm& before, const core::Realm& after, Effects& effects) {
  const std::uint64_t rd = before.rd.pa().value;
  if (attributes(before) != attributes(after)) effects.add(Kind::kRealmAttribute, rd);
  if (before.rec_index != after.rec_index) effects.add(Kind::kRecIndex, rd);
  if (before.measurements == after.measurements) return;
  if (before.measurements[0] != after.measurements[0]) effects.add(Kind::kRim, rd);
  for (unsigned i = 1; i <= core::kNumRem; ++i)
    if (before.measurements[i] != after.measurements[i]) effects.add(Kind::kRem, rd);
}

RecImage::RecImage(const core::Rec& rec)
    : granule(rec.granule),
      owner(rec.owner),
      realm(rec.realm),
      cpu(rec.cpu.value),
      mpidr(rec.mpidr),
      aux(rec.aux),
      num_aux(rec.num_aux),
      running(rec.state.peek() == core::RecState::kRunning),
      psci(rec.psci),
      ripas(rec.ripas),
      host_call_pending(rec.host_call_pending),
      host_call_ipa(rec.host_call_ipa),
      last_exit(rec.last_exit),
      vmcr(rec.vmcr),
      ap0r(rec.ap0r),
      ap1r(rec.ap1r),
      vtimer_shown(rec.vtimer_shown),
      ptimer_shown(rec.ptimer_shown),
      token_in_progress(rec.attestation.in_progress),
      token_claims(rec.attestation.realm_claims.size()),
      token_platform(rec.attestation.platform_token.size()),
      token_size(rec.attestation.token.size()),
      token_handed_out(rec.attestation.handed_out) {}

void compare(const RecImage& before, const RecImage& after, Effects& effects) {
  const std::uint64_t rec = before.granule.pa().value;
  if (identity(before) != identity(after)) effects.add(Kind::kRecIdentity, rec);
  if (fields(before.psci) != fields(after.psci)) effects.add(Kind::kPsciRequest, rec);
  if (fields(before.ripas) != fields(after.ripas)) effects.add(Kind::kRipasWindow, rec);
  if (host_call(before) != host_call(after)) effects.add(Kind::kHostCall, rec);
  if (token(before) != token(after)) effects.add(Kind::kAttestation, rec);
  if (exit_record(before) != exit_record(after)) effects.add(Kind::kExitRecord, rec);
}

}  // namespace rmm::check
