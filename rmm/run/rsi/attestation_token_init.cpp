// SPDX-License-Identifier: GPL-2.0-or-later
// RSI_ATTESTATION_TOKEN_INIT (B5.3.2). On a platform without attestation service the call is not supported.
#include <cstring>

#include "rmm/abi/v1_0/function_ids.h"
#include "rmm/core/attestation.h"
#include "rmm/core/granule_locks.h"
#include "rmm/run/realm_memory.h"
#include "rmm/run/rsi/rsi.h"

namespace rmm::run::rsi {
namespace {

constexpr call::Parameter kIn[] = {{"challenge_0", 1}, {"challenge_1", 2}, {"challenge_2", 3}, {"challenge_3", 4},
                                   {"challenge_4", 5}, {"challenge_5", 6}, {"challenge_6", 7}, {"challenge_7", 8}};
constexpr unsigned kFirstDoubleword = 1;  // X1
constexpr call::Parameter kOut[] = {{"size", 1}};

// Doublewords in registers are the challenge's bytes in little endian order.
core::Challenge challenge_of(const abi::SmcRegs& regs) {
  core::Challenge challenge;
  std::memcpy(challenge.data(), &regs.x[kFirstDoubleword], challenge.size());
  return challenge;
}

}  // namespace

constexpr call::Command kAttestationTokenInit{
    .interface = port::Interface::kRsi,
    .name = "RSI_ATTESTATION_TOKEN_INIT",
    .fid = abi::v1_0::kRsiAttestationTokenInit,
    .in = kIn,
    .out = kOut,
    .effect = "A token operation begins with the realm's claims as they are now; one in progress ends."};

Next attestation_token_init(Context& c, const abi::SmcRegs& regs) {
  call::Call<kAttestationTokenInit> call(c.environment, c.pe, regs, c.rec_pa());
  const port::Attestation* service = c.platform().attestation;
  if (service == nullptr) return answer(c, call, call.done_as(abi::kSmcNotSupported));
  std::uint64_t bound = 0;
  {
    const core::GranuleLocks rd(core_context(c), {{c.rec.owner, core::GranuleState::kRd}}, "attestation_token_init");
    bound = core::begin_token(c.rec.attestation, *service, c.realm, challenge_of(regs));
  }
  return answer(c, call, call.done(bound));
}

}  // namespace rmm::run::rsi
