// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_ATTESTATION_TOKEN_CONTINUE (B5.3.1, A7.2.2). On a platform without attestation service the call is not supported.
#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/core/attestation.h"
#include "rmm/run/exit.h"
#include "rmm/run/loop.h"
#include "rmm/run/realm_memory.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"addr", 1}, {"offset", 2}, {"size", 3}};
constexpr call::Parameter kOut[] = {{"len", 1}};
constexpr call::Condition kConditions[] = {
    {"addr_align", kErrorInput, "addr is not aligned to a granule", "addr"},
    {"addr_bound", kErrorInput, "addr is not a Protected IPA", "addr realm.ipa_width"},
    {"offset_bound", kErrorInput, "the offset is outside the granule", "offset"},
    {"size_overflow", kErrorInput, "offset + size overflows", "offset size"},
    {"size_bound", kErrorInput, "the buffer ends outside the granule", "offset size"},
    {"state", kErrorState, "no token operation is in progress", "rec.attest_state"},
    {"_addr_empty", kErrorInput, "the RIPAS of addr is EMPTY (D10)", "addr"},
    {"unknown", kErrorUnknown, "firmware could not make the token", "rec.attest_state"},
};

constexpr std::uint64_t kIncomplete = raw(abi::v1_0::RsiStatus::kIncomplete);

// What is behind `addr` now: other actors run while the token is made.
Reach look(const Context& c, abi::Ipa addr, int& level) {
  const RealmGranule granule(c, addr, "attestation_token_continue");
  level = granule.level();
  return granule.reach();
}

enum class Made : std::uint8_t { kYes, kInterrupted, kFailed };

// Works on the token until it is made or the host has an interrupt to take. The other actors run between the steps.
Made make(Context& c, port::Attestation& service) {
  for (;;) {
    c.sync().step({"attestation_token_continue", c.rec_pa(), port::Access::kWrite});
    if (interrupt_pending(c)) return Made::kInterrupted;
    const core::TokenProgress progress = core::make_token(c.rec.attestation, service);
    if (progress == core::TokenProgress::kFailed) return Made::kFailed;
    if (progress == core::TokenProgress::kMade) return Made::kYes;
  }
}

}  // namespace

constexpr call::Command kAttestationTokenContinue{
    .interface = port::Interface::kRsi,
    .name = "RSI_ATTESTATION_TOKEN_CONTINUE",
    .fid = abi::v1_0::kRsiAttestationTokenContinue,
    .in = kIn,
    .out = kOut,
    .conditions = kConditions,
    .effect = "The next bytes of the token are at addr + offset; RSI_INCOMPLETE while there are more."};

Next attestation_token_continue(Context& c, const abi::SmcRegs& regs) {
  call::Call<kAttestationTokenContinue> call(c.environment, c.pe, regs, c.rec_pa());
  port::Attestation* service = c.platform().attestation;
  if (service == nullptr) return answer(c, call, call.done_as(abi::kSmcNotSupported));
  core::AttestationState& attestation = c.rec.attestation;
  const abi::Ipa addr{call.in<"addr">()};
  const std::uint64_t offset = call.in<"offset">(), size = call.in<"size">();
  if (call.fails<"addr_align">(!abi::is_granule_aligned(addr))) return answer(c, call, call.failed());
  if (call.fails<"addr_bound">(!c.realm.is_protected(addr))) return answer(c, call, call.failed());
  if (call.fails<"offset_bound">(offset >= abi::kGranuleSize)) return answer(c, call, call.failed());
  if (call.fails<"size_overflow">(offset + size < offset)) return answer(c, call, call.failed());
  if (call.fails<"size_bound">(offset + size > abi::kGranuleSize)) return answer(c, call, call.failed());
  if (call.fails<"state">(!attestation.in_progress)) return answer(c, call, call.failed());
  int level = 0;
  // Before anything is made: a call that fails has no effect (I23).
  Reach reach = look(c, addr, level);
  if (reach == Reach::kMissing) return exit_rsi_data_abort(c, addr, level);
  if (call.fails<"_addr_empty">(reach == Reach::kEmpty)) return answer(c, call, call.failed());
  const Made made = make(c, *service);
  // The interrupt makes the loop leave; the realm finds this answer after the next entry (A7.2.2).
  if (made == Made::kInterrupted) return answer(c, call, call.done_as(kIncomplete, 0));
  if (call.fails<"unknown">(made == Made::kFailed)) return answer(c, call, call.failed());

  const auto hunk = core::next_hunk(attestation, size);
  {
    const RealmGranule granule(c, addr, "attestation_token_continue");
    reach = granule.reach();
    level = granule.level();
    if (reach == Reach::kMapped) c.platform().memory.write(granule.pa() + offset, std::as_bytes(hunk));
  }
  if (reach == Reach::kMissing) return exit_rsi_data_abort(c, addr, level);
  // The RIPAS has changed meanwhile: PC stays, and the call that the realm makes again is refused.
  if (reach == Reach::kEmpty) return Next::kResume;
  const std::uint64_t length = hunk.size();
  const bool complete = core::hand_out(attestation, length);
  return answer(c, call, complete ? call.done(length) : call.done_as(kIncomplete, length));
}

}  // namespace rmm::run::rsi
